"""HELO and EHLO (RFC 5321 section 4.1.1.1): who the client says it is, and what it is offered."""

from __future__ import annotations

import re

from gatepost.mail import replies
from gatepost.mail.events.smtpd import KeywordsDiscarded
from gatepost.policy.facts import Stage
from gatepost.server.session import Answer, Session
from gatepost.smtp.commands import Command, Verb

XCLIENT_ATTRIBUTES = "NAME ADDR PROTO HELO REVERSE_NAME PORT LOGIN DESTADDR DESTPORT"

_UNSAFE = re.compile(r'[ <>()\\";@]')
"""Characters that would let a HELO name forge parts of a Received header."""

_LOGGED_AS = {"SMTPUTF8": "EHLO_MASK_SMTPUTF8"}
_MASK_ORDER = (
    "8BITMIME",
    "AUTH",
    "ETRN",
    "PIPELINING",
    "SIZE",
    "VERP",
    "VRFY",
    "XCLIENT",
    "XFORWARD",
    "STARTTLS",
    "ENHANCEDSTATUSCODES",
    "DSN",
    "SMTPUTF8",
    "CHUNKING",
)
KEYWORDS = frozenset(_MASK_ORDER)
"""EHLO keywords that configuration can hide."""

SILENT = "SILENT-DISCARD"
"""The word that keeps the log quiet about it."""


async def hello(session: Session, command: Command) -> Answer:
    """Take the client's name, and tell EHLO's what it may use."""
    extended = command.verb is Verb.EHLO
    name = command.argument
    if not name:
        return Answer(replies.helo_syntax(command.verb.name))
    if Stage.HELO in session.snapshot.due:
        verdict = await session.decide(Stage.HELO, session.facts(command.verb.name)._replace(helo=name))
        if verdict.reply:
            return Answer(verdict.reply)
    session.helo = neutral(name)
    session.announced_size = 0
    session.transcript.reset(session.settings.smtpd_history_flush_threshold)
    if not extended:
        return Answer(replies.hello(session.host))
    session.protocol = "ESMTP"
    lines = await keywords(session)
    discarded = session.discarded_keywords
    if discarded and SILENT not in discarded:
        session.emit(KeywordsDiscarded(" ".join(_LOGGED_AS.get(k, k) for k in _MASK_ORDER if k in discarded)))
    return Answer(replies.extended_hello((session.host, *lines)))


def neutral(name: str) -> str:
    """The name without what would forge headers or log lines."""
    if not name.isprintable():
        name = "".join(char if char.isprintable() else "?" for char in name)
    return _UNSAFE.sub("?", name)


async def keywords(session: Session) -> list[str]:
    """The keyword lines of the EHLO reply, in Postfix's order; each only while its duties are done."""
    settings = session.settings
    limit = settings.message_size_limit
    offered = [("PIPELINING", "PIPELINING"), ("SIZE", f"SIZE {limit}" if limit else "SIZE")]
    if not settings.disable_vrfy_command:
        offered.append(("VRFY", "VRFY"))
    offered.append(("ETRN", "ETRN"))
    if session.snapshot.mode.offered and session.connection.channel is None:
        offered.append(("STARTTLS", "STARTTLS"))
    offered += [("AUTH", line) for line in await _auth_lines(session)]
    if session.may_xclient:
        offered.append(("XCLIENT", f"XCLIENT {XCLIENT_ATTRIBUTES}"))
    offered += [(word, word) for word in ("ENHANCEDSTATUSCODES", "8BITMIME", "DSN")]
    if settings.smtputf8_enable:
        offered.append(("SMTPUTF8", "SMTPUTF8"))
    offered.append(("CHUNKING", "CHUNKING"))
    return [line for keyword, line in offered if keyword not in session.discarded_keywords]


async def _auth_lines(session: Session) -> list[str]:
    """AUTH, and the form that some old clients look for (`broken_sasl_auth_clients`)."""
    sasl = session.snapshot.sasl
    if sasl is None or not session.sasl_active:
        return []
    peer = session.peer
    if await session.matches(session.snapshot.lists.sasl_exceptions_networks, name=peer.name, address=peer.address):
        return []
    mechanisms = " ".join(sasl.mechanisms(tls=session.tls is not None))
    if not mechanisms:
        return []
    lines = [f"AUTH {mechanisms}"]
    if session.settings.broken_sasl_auth_clients:
        lines.append(f"AUTH={mechanisms}")
    return lines
