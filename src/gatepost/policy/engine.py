"""The decision: which lists are evaluated at which stage, in which order, and what their outcomes add up to.

1. The first rule that decides ends its list. A permit ends only its own list; the first refusal ends everything.
2. With `smtpd_delay_reject` the client, HELO and sender lists wait, and are evaluated at every RCPT, VRFY and ETRN.
3. At RCPT and VRFY both recipient lists always run, unless the first one refuses.
4. `defer_if_permit` is handed from list to list up to RCPT (ETRN), and counts at the end of RCPT, ETRN, DATA and end of
   data. `defer_if_reject` counts within one list, or within the two of RCPT and the test that follows them.
5. `smtpd_reject_unlisted_sender` adds a test behind the sender list, `smtpd_reject_unlisted_recipient` one behind all
   of RCPT, each unless the like restriction was evaluated already.
6. Mail to `postmaster` without a domain, and to the sender of our own address probes, passes (RFC 5321 section 4.5.1).
7. After a DISCARD nothing more is evaluated in the transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace

from gatepost.oracle import Oracle
from gatepost.policy.evaluation import Evaluation
from gatepost.policy.facts import Facts, Stage, Subject
from gatepost.policy.outcome import DUNNO, Carry, Outcome, Refusal, Topic, Verdict
from gatepost.policy.program import Program, RuleList

CLIENT = "smtpd_client_restrictions"
HELO = "smtpd_helo_restrictions"
SENDER = "smtpd_sender_restrictions"
ETRN = "smtpd_etrn_restrictions"
DATA = "smtpd_data_restrictions"
END_OF_DATA = "smtpd_end_of_data_restrictions"


async def decide(
    program: Program,
    stage: Stage,
    facts: Facts,
    oracle: Oracle,
    carry: Carry = Carry(),  # noqa: B008 - immutable
) -> Verdict:
    """Evaluate the lists that are due at this stage.

    `carry` is that of the verdict before, in this session. The program's tables and the DNS are asked through the
    oracle only; without an event loop the coroutine can be stepped by hand. Never raises for what they answer.
    """
    if stage in _CONTENT_STAGES:
        only = facts.first_recipient if facts.recipient_count == 1 else None
        facts = facts._replace(recipient=only)
    elif stage is Stage.HELO:  # in the midst of a transaction
        facts = facts._replace(recipient=facts.first_recipient)
    evaluation = Evaluation(program, stage, facts, oracle)
    outcome, carry = await _CHAINS[stage](evaluation, carry)
    return Verdict(
        outcome,
        evaluation.reply if outcome is Outcome.REJECT else None,
        tuple(evaluation.events),
        tuple(evaluation.actions),
        tuple(evaluation.trace),
        carry,
        evaluation.fault,
    )


_CONTENT_STAGES = (Stage.DATA, Stage.END_OF_DATA)
_FINAL = (Outcome.REJECT, Outcome.HANGUP)


# The stages


async def _at_connect(evaluation: Evaluation, carry: Carry) -> tuple[Outcome, Carry]:
    if evaluation.program.delay_reject:
        return DUNNO, carry
    outcome = await _client(evaluation)
    return outcome, Carry(client=evaluation.defer_if_permit)


async def _at_helo(evaluation: Evaluation, carry: Carry) -> tuple[Outcome, Carry]:
    if evaluation.program.delay_reject:
        return DUNNO, carry
    evaluation.defer_if_permit = carry.client
    outcome = await _helo(evaluation)
    return outcome, Carry(carry.client, evaluation.defer_if_permit)


async def _at_mail(evaluation: Evaluation, carry: Carry) -> tuple[Outcome, Carry]:
    if evaluation.program.delay_reject:
        return DUNNO, carry
    evaluation.defer_if_permit = _from_greeting(evaluation, carry)
    outcome = await _sender(evaluation)
    return outcome, replace(carry, sender=evaluation.defer_if_permit)


async def _at_recipient(evaluation: Evaluation, carry: Carry) -> tuple[Outcome, Carry]:
    if _passes_always(evaluation):
        return Outcome.PERMIT, carry
    outcome = DUNNO
    if evaluation.program.delay_reject:
        outcome = await _delayed(evaluation, (_client, _helo, _sender))
        if evaluation.facts.sender is None:
            evaluation.defer_if_permit = None
    else:
        evaluation.defer_if_permit = carry.sender if evaluation.facts.sender is not None else None
    if outcome not in _FINAL:
        outcome = await _recipient(evaluation)
    return outcome, carry


async def _at_etrn(evaluation: Evaluation, carry: Carry) -> tuple[Outcome, Carry]:
    outcome = DUNNO
    if evaluation.program.delay_reject:
        outcome = await _delayed(evaluation, (_client, _helo))
    else:
        evaluation.defer_if_permit = _from_greeting(evaluation, carry)
    if outcome not in _FINAL:
        outcome = await _list(evaluation, ETRN, Subject.ETRN, "check_etrn_access")
        outcome = _settled(evaluation, outcome)
    return outcome, carry


async def _at_data(evaluation: Evaluation, carry: Carry) -> tuple[Outcome, Carry]:
    outcome = await _list(evaluation, DATA, Topic("DATA", "Data command"), "")
    return _settled(evaluation, outcome), carry


async def _at_end_of_data(evaluation: Evaluation, carry: Carry) -> tuple[Outcome, Carry]:
    outcome = await _list(evaluation, END_OF_DATA, Topic("END-OF-MESSAGE", "End-of-data"), "")
    return _settled(evaluation, outcome), carry


_CHAINS: dict[Stage, Callable[[Evaluation, Carry], Coroutine[object, object, tuple[Outcome, Carry]]]] = {
    Stage.CONNECT: _at_connect,
    Stage.HELO: _at_helo,
    Stage.MAIL: _at_mail,
    Stage.RCPT: _at_recipient,
    Stage.VRFY: _at_recipient,
    Stage.ETRN: _at_etrn,
    Stage.DATA: _at_data,
    Stage.END_OF_DATA: _at_end_of_data,
}


# The lists

Part = Callable[[Evaluation], Coroutine[object, object, Outcome]]


async def _delayed(evaluation: Evaluation, parts: tuple[Part, ...]) -> Outcome:
    for part in parts:
        outcome = await part(evaluation)
        if outcome in _FINAL:
            return outcome
    return DUNNO


async def _client(evaluation: Evaluation) -> Outcome:
    return await _list(evaluation, CLIENT, Subject.CLIENT, "check_client_access")


async def _helo(evaluation: Evaluation) -> Outcome:
    if evaluation.facts.helo is None:
        return DUNNO
    return await _list(evaluation, HELO, Subject.HELO, "check_helo_access")


async def _sender(evaluation: Evaluation) -> Outcome:
    if evaluation.facts.sender is None:
        return DUNNO
    outcome = await _list(evaluation, SENDER, Subject.SENDER, "check_sender_access")
    return await _implied(evaluation, evaluation.program.unlisted_sender, outcome)


async def _recipient(evaluation: Evaluation) -> Outcome:
    program = evaluation.program
    evaluation.defer_if_reject = None
    outcome = DUNNO
    for rules in program.recipient_lists:
        evaluation.about, evaluation.bare = Subject.RECIPIENT, "check_recipient_access"
        outcome = await evaluation.run(rules)
        if outcome in _FINAL:
            return outcome
    outcome = _settled(evaluation, outcome)
    return await _implied(evaluation, program.unlisted_recipient, outcome)


async def _list(evaluation: Evaluation, name: str, about: Subject | Topic, bare: str) -> Outcome:
    evaluation.about, evaluation.bare = about, bare
    evaluation.defer_if_reject = None
    return await evaluation.run(evaluation.program.lists[name])


async def _implied(evaluation: Evaluation, rules: RuleList, outcome: Outcome) -> Outcome:
    """Add the test for unlisted addresses to a list that did not refuse."""
    if outcome in _FINAL or not rules.rules:
        return outcome
    tested = await evaluation.run(rules)
    return tested if tested in _FINAL else outcome


def _settled(evaluation: Evaluation, outcome: Outcome) -> Outcome:
    """Refuse with what `defer_if_permit` kept, where nothing else did."""
    if outcome in _FINAL or evaluation.defer_if_permit is None:
        return outcome
    return evaluation.reject(evaluation.defer_if_permit)


def _from_greeting(evaluation: Evaluation, carry: Carry) -> Refusal | None:
    return carry.client or (carry.helo if evaluation.facts.helo is not None else None)


def _passes_always(evaluation: Evaluation) -> bool:
    recipient = (evaluation.facts.recipient or "").casefold()
    return recipient in ("postmaster", evaluation.program.probe_sender)
