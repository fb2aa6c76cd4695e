"""A message as mailboxes have it: lines end in LF, delivery headers in front, and in mbox files `From ` lines.

The rules:

1. In front stand Return-Path (RFC 5321 section 4.4), X-Original-To and Delivered-To, in this order.
2. An mbox message begins with `From sender  date`, a line of it that begins with `From ` gets a `>`, and it ends with
   an empty line (RFC 4155, in the form that Postfix writes).
"""

from __future__ import annotations

from datetime import datetime

from gatepost.mail.address import external
from gatepost.mail.envelope import Recipient

_FROM = b"\nFrom "


class MailboxText:
    """Turns stored content, given in pieces, into what a mailbox has."""

    def __init__(self, *, mbox: bool) -> None:
        self._mbox = mbox
        self._rest = b""  # a CR whose LF may come, or the beginning of what may be a `From ` line
        self._last = b""

    def feed(self, data: bytes) -> bytes:
        """What is ready now that these bytes have come."""
        data = self._rest + data
        cut = len(data) - 1 if data.endswith(b"\r") else len(data)
        if self._mbox and (line := data.rfind(b"\n", max(0, cut - len(_FROM) + 1), cut)) >= 0:
            cut = line - 1 if data[line - 1 : line] == b"\r" else line
        self._rest = data[cut:]
        return self._convert(data[:cut])

    def end(self) -> bytes:
        """What is left, the last line's end if it is missing, and mbox's empty line."""
        text = self._convert(self._rest)
        self._rest = b""
        return text + (b"" if self._last == b"\n" else b"\n") + (b"\n" if self._mbox else b"")

    def _convert(self, data: bytes) -> bytes:
        text = data.replace(b"\r\n", b"\n")
        self._last = text[-1:] or self._last
        return text.replace(_FROM, b"\n>From ") if self._mbox else text


def delivery_head(sender: str, recipient: Recipient, when: float, *, mbox: bool, marked: bool = True) -> bytes:
    """The lines in front of the content; `when` is in seconds since the epoch, `marked` asks for Delivered-To."""
    date = datetime.fromtimestamp(when).astimezone()
    separator = f"From {external(sender) or 'MAILER-DAEMON'}  {date:%a %b %e %H:%M:%S %Y}\n"
    fields = f"Return-Path: <{external(sender)}>\nX-Original-To: {external(recipient.original)}\n"
    mark = f"Delivered-To: {external(recipient.address)}\n" if marked else ""
    return ((separator if mbox else "") + fields + mark).encode("utf-8", "surrogateescape")
