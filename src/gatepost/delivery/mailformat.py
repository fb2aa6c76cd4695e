"""A message as mailboxes and commands have it: other line ends, delivery headers in front, `From ` lines.

The rules:

1. In front stand Return-Path (RFC 5321 section 4.4), X-Original-To and Delivered-To, in this order.
2. An mbox message begins with `From sender  date`, a line of it that begins with `From ` gets a `>`, and it ends with
   an empty line (RFC 4155, in the form that Postfix writes).
3. Commands get what their transport asks for (pipe(8) flags), in front of it or not a `From ` line.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gatepost.mail.address import external
from gatepost.mail.envelope import Recipient

_FROM = b"\nFrom "
_DOT = b"\n."


@dataclass(frozen=True, slots=True)
class MessageForm:
    """How a content is to be written.

    `eol` ends each line. `quotes_from` puts `>` before lines that begin with `From `, `stuffs_dots` a dot before those
    that begin with one, `blank_line` an empty line at the end.
    """

    eol: bytes = b"\n"
    quotes_from: bool = False
    stuffs_dots: bool = False
    blank_line: bool = False


MAILDIR = MessageForm()
"""A file with one message."""

MBOX = MessageForm(quotes_from=True, blank_line=True)
"""A file with many."""


class MessageText:
    """Turns stored content, given in pieces, into what is wanted. The delivery headers are in front already."""

    def __init__(self, form: MessageForm) -> None:
        self._form = form
        self._rest = b""  # a CR whose LF may come, or the beginning of what may be a line to be changed
        self._last = b"\n"

    def feed(self, data: bytes) -> bytes:
        """What is ready now that these bytes have come."""
        data = self._rest + data
        cut = len(data) - 1 if data.endswith(b"\r") else len(data)
        if self._form.quotes_from or self._form.stuffs_dots:
            line = data.rfind(b"\n", max(0, cut - len(_FROM) + 1), cut)
            if line >= 0:
                cut = line - 1 if data[line - 1 : line] == b"\r" else line
            elif self._last == b"\n" and cut < len(_FROM):
                cut = 0
        self._rest = data[cut:]
        return self._convert(data[:cut])

    def end(self) -> bytes:
        """What is left, the last line's end if it is missing, and mbox's empty line."""
        text = self._convert(self._rest)
        self._rest = b""
        missing = b"" if self._last == b"\n" else self._form.eol
        return text + missing + (self._form.eol if self._form.blank_line else b"")

    def _convert(self, data: bytes) -> bytes:
        if not data:
            return b""
        # The last byte that was given stands in front, so that a line that begins here is seen as one.
        text = self._last + data.replace(b"\r\n", b"\n")
        self._last = text[-1:]
        if self._form.quotes_from:
            text = text.replace(_FROM, b"\n>From ")
        if self._form.stuffs_dots:
            text = text.replace(_DOT, b"\n..")
        text = text[1:]
        return text if self._form.eol == b"\n" else text.replace(b"\n", self._form.eol)


@dataclass(frozen=True, slots=True)
class Head:
    """The lines in front of a content. Addresses are in internal form; what is None is left out.

    `when`, in seconds since the epoch, is in the `From ` line. `nobody` stands for no sender there, `no_path` in
    Return-Path.
    """

    sender: str
    from_line: bool = False
    return_path: bool = True
    original: str | None = None
    delivered: str | None = None
    when: float = 0.0
    nobody: str = "MAILER-DAEMON"
    no_path: str = ""

    def text(self, eol: bytes = b"\n") -> bytes:
        """The lines."""
        lines: list[str] = []
        if self.from_line:
            date = datetime.fromtimestamp(self.when).astimezone()
            lines.append(f"From {external(self.sender) or self.nobody}  {date:%a %b %e %H:%M:%S %Y}")
        if self.return_path:
            lines.append(f"Return-Path: <{external(self.sender) or self.no_path}>")
        if self.original:
            lines.append(f"X-Original-To: {external(self.original)}")
        if self.delivered is not None:
            lines.append(f"Delivered-To: {external(self.delivered)}")
        return b"".join(line.encode("utf-8", "surrogateescape") + eol for line in lines)


def mailbox_head(sender: str, recipient: Recipient, when: float, *, mbox: bool, marked: bool = True) -> Head:
    """What stands in front of a message in a mailbox; `marked` asks for Delivered-To."""
    delivered = recipient.via or recipient.address
    return Head(sender, mbox, original=recipient.original, delivered=delivered if marked else None, when=when)
