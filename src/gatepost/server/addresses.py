"""The addresses of MAIL, RCPT and VRFY: from the word that the client sent to the internal form, or a refusal.

`utf8`: SMTPUTF8 was asked for, so that the domain need not be ASCII (RFC 6531 section 3.3).
"""

from __future__ import annotations

from gatepost.mail import replies
from gatepost.mail.address import AddressSyntaxError, has_usable_domain, parse_path
from gatepost.mail.events.smtpd import IllegalAddress
from gatepost.mail.reply import Reply
from gatepost.server.session import Session
from gatepost.smtp.commands import Refused
from gatepost.smtp.grammar import Word


def sender_of(session: Session, path: Word, *, utf8: bool) -> str:
    """The sender; empty for the null path. Raises Refused."""
    return _address(session, path, "MAIL", replies.BAD_SENDER, utf8=utf8)


def recipient_of(session: Session, path: Word, command: str = "RCPT", *, utf8: bool) -> str:
    """The recipient, who cannot be null. Raises Refused."""
    address = _address(session, path, command, replies.BAD_RECIPIENT, utf8=utf8)
    if not address:
        raise _illegal(session, path.text, command, replies.BAD_RECIPIENT)
    return address


def _address(session: Session, path: Word, command: str, refusal: Reply, *, utf8: bool) -> str:
    if path.broken:
        raise Refused(refusal)
    try:
        strict = session.settings.strict_rfc821_envelopes and command != "VRFY"  # it takes names without brackets too
        address = parse_path(path.text, strict=strict)
    except AddressSyntaxError:
        raise _illegal(session, path.text, command, refusal) from None
    if not _possible(session, address, utf8=utf8):
        raise _illegal(session, path.text, command, refusal)
    return address


def _possible(session: Session, address: str, *, utf8: bool) -> bool:
    """Whether mail could be sent to the address at all, wherever it is."""
    if address.startswith("-") and not session.settings.allow_min_user:
        return False  # a program that is given the address would take it for an option
    domain = address.rpartition("@")[2]
    if session.settings.resolve_numeric_domain and domain and not domain.strip("0123456789."):
        return True
    return has_usable_domain(address, utf8=utf8)


def _illegal(session: Session, text: str, command: str, refusal: Reply) -> Refused:
    session.emit(IllegalAddress(session.client, command, text))
    return Refused(refusal)
