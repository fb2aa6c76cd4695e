"""XCLIENT: a trusted proxy, or a tester, tells who the client really is (Postfix's XCLIENT_README).

The attributes are taken one by one; those before one that is refused stay as they were set.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import replace

from gatepost.mail import replies, xtext
from gatepost.mail.address import is_hostname
from gatepost.mail.peer import UNKNOWN, Login, NameStatus
from gatepost.server.commands.hello import neutral
from gatepost.server.session import Answer, Session
from gatepost.server.welcome import authorize, greeting
from gatepost.smtp.commands import Command, Refused, Verb
from gatepost.smtp.grammar import Word

VALUE_LIMIT = 255
"""Characters of an attribute's value."""

PORT_LIMIT = 5
"""Digits of a port."""

UNAVAILABLE = "[UNAVAILABLE]"
TEMPORARILY_UNAVAILABLE = "[TEMPUNAVAIL]"


async def xclient(session: Session, command: Command) -> Answer:
    """Take another identity for the client, and begin the dialogue again."""
    if session.in_transaction:
        raise Refused(replies.IN_TRANSACTION)
    if not command.words:
        raise Refused(replies.XCLIENT_SYNTAX)
    if not session.may_xclient:
        raise Refused(replies.XCLIENT_DENIED)
    kept: set[str] = set()
    for word in command.words:
        kept.add(_take(session, word))
    _forget(session, kept)
    await authorize(session)
    session.transcript.reset()
    reply = await greeting(session, "XCLIENT")
    # Postfix's statistics count an XCLIENT as failed even where it worked, and log tools expect no better
    return Answer(reply, error=False, done=False)


def _take(session: Session, word: Word) -> str:
    """Set one attribute; its name. Raises Refused."""
    name, equals, encoded = word.text.partition("=")
    if not (equals and encoded):
        raise Refused(replies.ATTRIBUTE_EXPECTED)
    name = name.upper()
    if name not in _ATTRIBUTES:
        raise Refused(replies.unknown_attribute(name))
    if len(encoded) > VALUE_LIMIT:
        raise Refused(replies.ATTRIBUTE_TOO_LONG)
    value = _decoded(encoded)
    if not _ATTRIBUTES[name](session, value):
        raise Refused(replies.bad_attribute(name, value))
    return name


def _decoded(encoded: str) -> str:
    try:
        value = xtext.decode(encoded)
    except ValueError:
        value = encoded
    return "".join(char if char.isprintable() else "?" for char in value)


def _forget(session: Session, kept: set[str]) -> None:
    """What the old client said is not the new one's."""
    helo, protocol, login = session.helo, session.protocol, session.login
    session.forget_names()
    session.protocol = protocol if "PROTO" in kept else "SMTP"
    if "HELO" in kept:
        session.helo = helo
    if "LOGIN" in kept:
        session.login = login


def _is_unavailable(value: str) -> bool:
    return value.upper() == UNAVAILABLE


def _name_status(value: str) -> NameStatus:
    return {UNAVAILABLE: NameStatus.PERMANENT, TEMPORARILY_UNAVAILABLE: NameStatus.TEMPORARY}.get(
        value.upper(), NameStatus.OK
    )


def _set_name(session: Session, value: str) -> bool:
    status = _name_status(value)
    if status is not NameStatus.OK:
        session.peer = replace(session.peer, name=UNKNOWN, name_status=status)
        return True
    if not is_hostname(value):
        return False
    session.peer = replace(session.peer, name=value, name_status=status, reverse_name=value, reverse_status=status)
    return True


def _set_reverse_name(session: Session, value: str) -> bool:
    status = _name_status(value)
    if status is NameStatus.OK and not is_hostname(value):
        return False
    name = value if status is NameStatus.OK else UNKNOWN
    session.peer = replace(session.peer, reverse_name=name, reverse_status=status)
    return True


def _parsed_address(session: Session, value: str) -> str | None:
    """The address in canonical form, None where it is none that this server speaks."""
    if _is_unavailable(value):
        return UNKNOWN
    prefixed = value[:5].upper() == "IPV6:"
    try:
        address = ipaddress.ip_address(value[5:] if prefixed else value)
    except ValueError:
        return None
    if prefixed != (address.version == 6) or "%" in value:  # noqa: PLR2004 - IPv6
        return None
    protocols = {str(word).lower() for word in session.settings.inet_protocols}
    if prefixed and not protocols & {"all", "ipv6"}:
        return None
    return str(address)


def _set_address(session: Session, value: str) -> bool:
    address = _parsed_address(session, value)
    if address is None:
        return False
    session.peer = replace(session.peer, address=address)
    return True


def _is_port(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= PORT_LIMIT


def _set_port(session: Session, value: str) -> bool:
    if not _is_unavailable(value) and not _is_port(value):
        return False
    session.peer = replace(session.peer, port=UNKNOWN if _is_unavailable(value) else value)
    return True


def _set_server_address(session: Session, value: str) -> bool:
    address = _parsed_address(session, value)
    session.server_address = address or session.server_address
    return address is not None


def _set_server_port(session: Session, value: str) -> bool:
    if not _is_unavailable(value) and not _is_port(value):
        return False
    session.server_port = UNKNOWN if _is_unavailable(value) else value
    return True


def _set_helo(session: Session, value: str) -> bool:
    session.helo = None if _is_unavailable(value) else neutral(value)
    return True


def _set_protocol(session: Session, value: str) -> bool:
    if value.upper() not in ("SMTP", "ESMTP"):
        return False
    session.protocol = value.upper()
    return True


def _set_login(session: Session, value: str) -> bool:
    session.login = None if _is_unavailable(value) else Login(Verb.XCLIENT.name, value)
    return True


_ATTRIBUTES: dict[str, Callable[[Session, str], bool]] = {
    "NAME": _set_name,
    "REVERSE_NAME": _set_reverse_name,
    "ADDR": _set_address,
    "PORT": _set_port,
    "HELO": _set_helo,
    "PROTO": _set_protocol,
    "LOGIN": _set_login,
    "DESTADDR": _set_server_address,
    "DESTPORT": _set_server_port,
}
