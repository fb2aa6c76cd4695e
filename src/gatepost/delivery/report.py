"""Reports on a message's fate, as RFC 3464 has them: failure, delay, success, and copies for the postmaster. Pure.

The rules:

1. A report is a multipart/report (RFC 6522) of three parts: words for people, fields for programs, and what came of
   the message: all of it up to `bounce_size_limit`, or its header only (RFC 3461 section 4.3).
2. Its own sender is nobody, so that a report on a report cannot be asked for; a copy for the postmaster comes from the
   double-bounce address, whose failures are told to no one.
3. What other servers said is quoted, and folded so that no line becomes too long.
4. What is returned is bytes of a stranger's; it is bounded by a boundary that does not occur in it.

A report has the fields from Date on; Received and Message-Id are added when it enters the queue, as for all mail.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from gatepost.mail.address import external
from gatepost.mail.dates import mail_date
from gatepost.mail.envelope import Envelope, Recipient, Ret
from gatepost.smtp.client_commands import original_recipient

_WIDTH = 79
"""Columns of the part for people."""

_MESSAGE_ID = re.compile(rb"^message-id:[ \t]*(?:\r\n[ \t]+)?(<[!-;=?-~]+>)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)


class ReportKind(Enum):
    """What a report is about: the word of its `Action` fields, and whether the postmaster gets it."""

    FAILURE = ("failed", False)
    POSTMASTER = ("failed", True)
    DELAY = ("delayed", False)
    POSTMASTER_DELAY = ("delayed", True)
    SUCCESS = ("delivered", False)

    def __init__(self, action: str, copy: bool) -> None:  # noqa: FBT001 - the columns of the table above
        self.action = action
        self.is_copy = copy
        """Whether it is the postmaster's copy of one that the sender gets."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a report's template makes of it: headers, and the text of the part for people, in `charset`."""

    sender: str
    subject: str
    charset: str = "utf-8"
    text: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """Who reports. `product` is `mail_name`; `size_limit` is in bytes; `notices` is where copies go to.

    `threaded`: a report is a reply to its message for mail programs.
    """

    host: str
    product: str
    double_bounce: str
    words: Words
    size_limit: int = 50_000
    notices: str = "postmaster"
    threaded: bool = False


@dataclass(frozen=True, slots=True)
class Reported:
    """One recipient, and what is said of it.

    `relayed`: the mail went on to a server that sends no reports. `expanded`: others got it in the recipient's place.
    """

    recipient: Recipient
    dsn: str
    text: str
    relay: str = "none"
    remote_reply: str = ""
    remote_host: str = ""
    relayed: bool = False
    expanded: bool = False


@dataclass(frozen=True, slots=True)
class Returned:
    """The message that a report is on.

    `content` is its beginning, header first, `size` the length of all of it. Times are seconds since the epoch;
    `expires` is when delivery is given up (delay reports only).
    """

    queue_id: str
    envelope: Envelope
    content: bytes
    size: int
    arrived: float
    expires: float = 0.0


def report_envelope(kind: ReportKind, message: Returned, site: Site) -> Envelope:
    """From whom, and to whom, a report goes."""
    if kind.is_copy:
        to, sender = site.notices, site.double_bounce
    else:
        to, sender = message.envelope.sender, ""
    asked = "" if to.isascii() else f"utf-8;{external(to)}"
    return Envelope(sender, (Recipient(to, to, orcpt=asked),), body_8bit=True, smtputf8=message.envelope.smtputf8)


def write_report(kind: ReportKind, message: Returned, recipients: Iterable[Reported], site: Site, now: float) -> bytes:
    """The report's content: header first, every line ended by CRLF."""
    recipients = tuple(recipients)
    returned, headers_only = _what_returns(kind, message, site)
    boundary = _boundary(message, site, now, returned)
    delimiter = f"--{boundary}"
    lines = [
        *_header(kind, message, site, now, boundary),
        "",
        "This is a MIME-encapsulated message.",
        "",
        delimiter,
        *_part("Notification", f"text/plain; charset={site.words.charset}", transfer=True),
        *_words(kind, site, recipients),
        "",
        delimiter,
        *_part("Delivery report", f"message/{_flavour(message)}delivery-status", transfer=bool(_flavour(message))),
        *_message_fields(message, site),
    ]
    for recipient in recipients:
        lines += ["", *_recipient_fields(kind, message, site, recipient)]
    lines += ["", delimiter, *_returned_header(kind, message, headers_only=headers_only)]
    end = f"\r\n{delimiter}--\r\n"
    return _wire(lines) + returned + end.encode("ascii")


def _wire(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape")


def _flavour(message: Returned) -> str:
    """Mail that was sent with SMTPUTF8 is reported on in UTF-8 (RFC 6533)."""
    return "global-" if message.envelope.smtputf8 else ""


def _header(kind: ReportKind, message: Returned, site: Site, now: float, boundary: str) -> list[str]:
    to = external(site.notices if kind.is_copy else message.envelope.sender)
    generated = "auto-generated" if kind.is_copy else "auto-replied"
    return [
        f"Date: {_date(now)}",
        f"From: {site.words.sender}",
        f"Subject: {site.words.subject}",
        f"To: {to}",
        *(_thread(message) if site.threaded else ()),
        f"Auto-Submitted: {generated}",
        "MIME-Version: 1.0",
        "Content-Type: multipart/report; report-type=delivery-status;",
        f'\tboundary="{boundary}"',
        "Content-Transfer-Encoding: 8bit",
    ]


def _thread(message: Returned) -> list[str]:
    """What makes the report a reply to its message (RFC 5322 section 3.6.4)."""
    found = _MESSAGE_ID.search(message.content.partition(b"\r\n\r\n")[0])
    if found is None:
        return []
    name = found[1].decode("ascii")
    return [f"References: {name}", f"In-Reply-To: {name}"]


def _part(description: str, content_type: str, *, transfer: bool) -> list[str]:
    encoding = ["Content-Transfer-Encoding: 8bit"] if transfer else []
    return [f"Content-Description: {description}", f"Content-Type: {content_type}", *encoding, ""]


# The part for people


def _words(kind: ReportKind, site: Site, recipients: tuple[Reported, ...]) -> list[str]:
    lines = [] if kind.is_copy else site.words.text.splitlines()
    for recipient in recipients:
        lines += ["", *_fold(_story(kind, recipient))]
    return lines


def _story(kind: ReportKind, recipient: Reported) -> str:
    address, original = external(recipient.recipient.address), external(recipient.recipient.original)
    who = f"<{address}>" if address == original else f"<{address}> (expanded from <{original}>)"
    return f"{who}: {_reason(kind, recipient)}"


def _reason(kind: ReportKind, recipient: Reported) -> str:
    if kind is ReportKind.SUCCESS and not recipient.expanded:
        return f"delivery via {recipient.relay}: {recipient.text}"
    return recipient.text


def _action(kind: ReportKind, recipient: Reported) -> str:
    if recipient.expanded:
        return "expanded"
    return "relayed" if kind is ReportKind.SUCCESS and recipient.relayed else kind.action


def _fold(text: str) -> list[str]:
    """One text as lines for people; a word that is too long for a line has one of its own."""
    return textwrap.wrap(text, _WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False) or [""]


# The part for programs


def _message_fields(message: Returned, site: Site) -> list[str]:
    """RFC 3464 section 2.2."""
    sender = message.envelope.sender or f"MAILER-DAEMON@{site.host}"
    fields = [f"Reporting-MTA: dns; {site.host}"]
    if message.envelope.envid:
        fields.append(f"Original-Envelope-Id: {message.envelope.envid}")
    return [
        *fields,
        f"X-{site.product}-Queue-ID: {message.queue_id}",
        f"X-{site.product}-Sender: {_address_type(sender)}; {external(sender)}",
        f"Arrival-Date: {_date(message.arrived)}",
    ]


def _recipient_fields(kind: ReportKind, message: Returned, site: Site, recipient: Reported) -> list[str]:
    """RFC 3464 section 2.3."""
    address = external(recipient.recipient.address)
    fields = [
        f"Final-Recipient: {_address_type(address)}; {address}",
        f"Original-Recipient: {original_recipient(recipient.recipient)}",
        f"Action: {_action(kind, recipient)}",
        f"Status: {recipient.dsn}",
    ]
    if recipient.remote_host:
        fields.append(f"Remote-MTA: dns; {recipient.remote_host}")
    if recipient.remote_reply:
        said = f"smtp; {recipient.remote_reply}"
    else:
        said = f"X-{site.product}; {_reason(kind, recipient)}"
    fields += _fold(f"Diagnostic-Code: {said}")
    if kind.action == "delayed":
        fields.append(f"Will-Retry-Until: {_date(message.expires)}")
    return fields


def _address_type(address: str) -> str:
    return "rfc822" if address.isascii() else "utf-8"


# The part that was sent


def _what_returns(kind: ReportKind, message: Returned, site: Site) -> tuple[bytes, bool]:
    """The bytes to return, with the envelope sender in front, and whether they are the header only."""
    sender = external(message.envelope.sender) or f"MAILER-DAEMON@{site.host}"
    first = f"Return-Path: <{sender}>\r\n".encode("utf-8", "surrogateescape")
    header, _, _ = message.content.partition(b"\r\n\r\n")
    header = header.removesuffix(b"\r\n") + b"\r\n"
    whole = kind is ReportKind.FAILURE and message.envelope.ret is not Ret.HDRS
    if kind is ReportKind.POSTMASTER:
        whole = not message.envelope.sender
    if not whole or message.size > min(site.size_limit, len(message.content)):
        return first + header[: site.size_limit], True
    return first + message.content, False


def _returned_header(kind: ReportKind, message: Returned, *, headers_only: bool) -> list[str]:
    name = "Message" if kind is ReportKind.SUCCESS else "Undelivered Message"
    if headers_only:
        form = "message/global-headers" if _flavour(message) else "text/rfc822-headers"
        return _part(f"{name} Headers", form, transfer=True)
    return _part(name, "message/global" if _flavour(message) else "message/rfc822", transfer=True)


def _boundary(message: Returned, site: Site, now: float, returned: bytes) -> str:
    """A text that does not occur in what is returned."""
    number = int(now)
    while (boundary := f"{message.queue_id}.{number}/{site.host}").encode("ascii", "replace") in returned:
        number += 1
    return boundary


def _date(when: float) -> str:
    """The date as mail headers have it, in the time zone of this system."""
    return mail_date(datetime.fromtimestamp(when).astimezone())
