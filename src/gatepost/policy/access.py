"""access(5): what a table value, or the answer of a policy service, makes of a session.

1. The first word is the action, in any case; what follows is its text or argument.
2. A value that is no action is a restriction list. It may name classes, but no tables.
3. An action that cannot be carried out where it stands warns and counts for nothing; so does one without its argument.
4. A table that cannot answer gives `451 4.3.5 <...>: ... rejected: Server configuration error`, as an entry would.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from gatepost.mail.events import Noted
from gatepost.oracle import LookupFailed
from gatepost.policy.evaluation import Evaluation
from gatepost.policy.facts import Stage
from gatepost.policy.outcome import (
    DUNNO,
    Action,
    Bcc,
    Discard,
    Filter,
    Hold,
    Outcome,
    Prepend,
    Redirect,
    Refusal,
    Topic,
)
from gatepost.routing.search import Found

_DSN = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:[ \t]+|$)")
_REPLY_CODE = re.compile(r"[45]\d\d")
_HEADER = re.compile(r"[!-9;-~]+[ \t]*:")

LOOKUP_ERROR = "451 4.3.5 Server configuration error"


@dataclass(frozen=True, slots=True)
class Entry:
    """A table value in its context. `asked` was looked up; `word` is the value's first word, `text` the rest."""

    match: Found
    asked: str
    word: str
    text: str
    topic: Topic

    def refusal(self, code: int, dsn: str, default: str, evaluation: Evaluation) -> Refusal:
        """The refusal that the text spells: `[dsn] [text]`."""
        given = _DSN.match(self.text)
        text = self.text[given.end() :] if given else self.text
        if given:
            dsn = fitting_status(given[1], self.topic, evaluation)
        return self.topic.refuse(code, dsn, text or default)


async def apply(evaluation: Evaluation, match: Found, asked: str, topic: Topic) -> Outcome:
    """Carry out what the table says about the topic. `asked` is what was looked up, whichever key of it was found."""
    evaluation.match = match
    word, _, text = match.value.replace("\t", " ").partition(" ")
    entry = Entry(match, asked, word, text.strip(" "), topic)
    act = _ACTIONS.get(word.upper())
    if act is not None:
        return await act(evaluation, entry)
    if match.value.isdigit():
        return await _permit(evaluation, entry)
    if entry.text and _REPLY_CODE.fullmatch(word):
        return evaluation.reject(entry.refusal(int(word), f"{word[0]}.7.1", "Access denied", evaluation))
    return await _restrictions(evaluation, entry)


async def failed(evaluation: Evaluation, failure: LookupFailed, topic: Topic) -> Outcome:
    """Answer for a table that could not."""
    evaluation.warn(*failure.warnings)
    return await apply(evaluation, Found(failure.table, failure.key, LOOKUP_ERROR), failure.key, topic)


def fitting_status(status: str, topic: Topic, evaluation: Evaluation) -> str:
    """The enhanced status code as it fits the topic.

    A status about one kind of address (X.1.Y, RFC 3463 section 3.2) becomes the like one about the other kind, or
    X.0.0 where the topic is no address.
    """
    category, subject, detail = status.split(".")
    if subject != "1":
        return status
    match topic.kind:
        case "Sender address":
            fitting = f"{category}.1.{_SENDER_DETAILS.get(detail, '0')}"
        case "Recipient address":
            fitting = f"{category}.1.{_RECIPIENT_DETAILS.get(detail, '0')}"
        case _:
            fitting = f"{category}.0.0"
    if fitting != status:
        evaluation.events.append(Noted(f"mapping DSN status {status} into {topic.kind} status {fitting}"))
    return fitting


_SENDER_DETAILS = {"1": "7", "2": "8", "3": "7", "4": "7", "5": "0", "6": "7", "7": "7", "8": "8"}
_RECIPIENT_DETAILS = {"1": "1", "2": "2", "3": "3", "4": "4", "5": "5", "6": "6", "7": "3", "8": "2"}


# The actions

Act = Callable[[Evaluation, Entry], Awaitable[Outcome]]


async def _dunno(_evaluation: Evaluation, _entry: Entry) -> Outcome:
    return DUNNO


async def _permit(evaluation: Evaluation, entry: Entry) -> Outcome:
    return await evaluation.permit(entry.word, entry.topic, f"from {entry.match.table}")


async def _reject(evaluation: Evaluation, entry: Entry) -> Outcome:
    code = evaluation.settings.access_map_reject_code
    return evaluation.reject(entry.refusal(code, "5.7.1", "Access denied", evaluation))


async def _defer(evaluation: Evaluation, entry: Entry) -> Outcome:
    code = evaluation.settings.access_map_defer_code
    return evaluation.reject(entry.refusal(code, "4.7.1", "Access denied", evaluation))


async def _defer_if_permit(evaluation: Evaluation, entry: Entry) -> Outcome:
    code = evaluation.settings.access_map_defer_code
    return evaluation.defer_permit(entry.refusal(code, "4.7.1", "Service unavailable", evaluation))


async def _defer_if_reject(evaluation: Evaluation, entry: Entry) -> Outcome:
    code = evaluation.settings.access_map_defer_code
    return evaluation.defer_reject(entry.refusal(code, "4.7.1", "Service unavailable", evaluation))


async def _hang_up(evaluation: Evaluation, entry: Entry) -> Outcome:
    evaluation.log("hangup", entry.text)
    return Outcome.HANGUP


async def _info(evaluation: Evaluation, entry: Entry) -> Outcome:
    evaluation.log("info", entry.text)
    return DUNNO


async def _warn(evaluation: Evaluation, entry: Entry) -> Outcome:
    evaluation.log("warn", entry.text)
    return DUNNO


async def _hold(evaluation: Evaluation, entry: Entry) -> Outcome:
    if not evaluation.held and _delegable(evaluation, entry):
        _log_about(evaluation, "hold", entry, entry.text or "triggers HOLD action")
        evaluation.held = True
        evaluation.actions.append(Hold())
    return DUNNO


async def _discard(evaluation: Evaluation, entry: Entry) -> Outcome:
    if not _delegable(evaluation, entry):
        return DUNNO
    _log_about(evaluation, "discard", entry, entry.text or "triggers DISCARD action")
    evaluation.discarded = True
    evaluation.actions.append(Discard())
    return await _permit(evaluation, entry)


async def _filter(evaluation: Evaluation, entry: Entry) -> Outcome:
    if not _delegable(evaluation, entry):
        return DUNNO
    if not entry.text:
        evaluation.warn(f"{_place(entry)} has FILTER entry without value")
    elif ":" not in entry.text:
        evaluation.warn(f"{_place(entry)} requires transport:destination")
    else:
        _delegate(evaluation, "filter", entry, Filter(entry.text))
    return DUNNO


async def _redirect(evaluation: Evaluation, entry: Entry) -> Outcome:
    if _delegable(evaluation, entry) and _has_address(evaluation, entry):
        _delegate(evaluation, "redirect", entry, Redirect(entry.text))
    return DUNNO


async def _bcc(evaluation: Evaluation, entry: Entry) -> Outcome:
    if _delegable(evaluation, entry) and _has_address(evaluation, entry):
        _delegate(evaluation, "bcc", entry, Bcc(entry.text))
    return DUNNO


async def _prepend(evaluation: Evaluation, entry: Entry) -> Outcome:
    if not _in_transaction(evaluation, entry):
        return DUNNO
    if evaluation.stage is Stage.END_OF_DATA:
        evaluation.warn(
            f"access table {entry.match.table}: action PREPEND must be used before smtpd_end_of_data_restrictions"
        )
    elif not _HEADER.match(entry.text):
        evaluation.warn(f"{_place(entry)} requires header: text")
    else:
        evaluation.actions.append(Prepend(entry.text))
    return DUNNO


async def _restrictions(evaluation: Evaluation, entry: Entry) -> Outcome:
    table, value = entry.match.table, entry.match.value
    if ":" in value:
        raise evaluation.misconfigured(
            f"access table {table} has entry with lookup table: {value}",
            "do not specify lookup tables inside SMTPD access maps",
            "define a restriction class and specify its name instead.",
        )
    rules = evaluation.program.list_from_table(value)
    if not rules.rules:
        evaluation.warn(f"access table {table} entry {value} has empty value")
        return Outcome.PERMIT
    return await evaluation.run_nested(rules, entry.topic, f"access table {table} entry {value}")


_ACTIONS: dict[str, Act] = {
    "DUNNO": _dunno,
    "OK": _permit,
    "RELAY": _permit,
    "REJECT": _reject,
    "DEFER": _defer,
    "HANGUP": _hang_up,
    "INFO": _info,
    "WARN": _warn,
    "FILTER": _filter,
    "HOLD": _hold,
    "DISCARD": _discard,
    "REDIRECT": _redirect,
    "BCC": _bcc,
    "DEFER_IF_PERMIT": _defer_if_permit,
    "DEFER_IF_REJECT": _defer_if_reject,
    "PREPEND": _prepend,
}


# What some of them have in common


def _place(entry: Entry) -> str:
    return f'access table {entry.match.table} entry "{entry.asked}"'


def _log_about(evaluation: Evaluation, verb: str, entry: Entry, text: str) -> None:
    evaluation.log(verb, f"<{entry.topic.name}>: {entry.topic.kind} {text}")


def _delegate(evaluation: Evaluation, verb: str, entry: Entry, action: Action) -> None:
    _log_about(evaluation, verb, entry, f"triggers {verb.upper()} {entry.text}")
    evaluation.actions.append(action)


def _has_address(evaluation: Evaluation, entry: Entry) -> bool:
    if "@" in entry.text:
        return True
    evaluation.warn(f"{_place(entry)} requires user@domain target")
    return False


def _delegable(evaluation: Evaluation, entry: Entry) -> bool:
    """Whether there is a message here, in our own queue, that the action could be carried out on."""
    action = entry.word.upper()
    if evaluation.settings.text("smtpd_proxy_filter"):
        evaluation.warn(
            f"access table {entry.match.table}: with smtpd_proxy_filter specified, action {action} is unavailable"
        )
        return False
    if evaluation.stage is Stage.ETRN:
        evaluation.warn(f"access table {entry.match.table}: action {action} is unavailable in smtpd_etrn_restrictions")
        return False
    return _in_transaction(evaluation, entry)


def _in_transaction(evaluation: Evaluation, entry: Entry) -> bool:
    if evaluation.facts.sender is not None:
        return True
    evaluation.warn(
        f"access table {entry.match.table}: with smtpd_delay_reject=no, action {entry.word.upper()} is always skipped"
        " in Client host or Helo command restrictions"
    )
    return False
