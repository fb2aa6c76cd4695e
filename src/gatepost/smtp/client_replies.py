"""Replies of another SMTP or LMTP server, read from a stream of bytes.

The rules (RFC 5321 section 4.2, and what Postfix makes of servers that break it):

1. A line `NNN-text` is followed by more; `NNN text` or `NNN` ends the reply. Any other line is kept in `junk` for the
   log and counts as a line that is followed by more.
2. Lines end in LF, with or without a CR before it.
3. Nothing a server sends reaches a log line or a report raw: control characters and bytes that are no UTF-8 become `?`.
4. A peer cannot make us store more than a bound, nor keep us reading one reply for ever.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

LINE_LIMIT = 2048
"""Bytes kept of one line, and of a whole reply's text (Postfix's `line_length_limit`)."""

REPLY_LIMIT = 65_536
"""Bytes of one reply, all lines together; no server of good will says more (RFC 5321 section 4.5.3.1.5: 512 a line)."""

SHORT = 256
"""Bytes up to which a line is looked up among those that were read before."""

_LINE = re.compile(r"(\d{3})(?:([ -])(.*))?", re.DOTALL)
_STATUS = re.compile(r"([245])\.\d{1,3}\.\d{1,3}(?= |$)")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class ReplyTooLong(Exception):  # noqa: N818 - said as it is
    """The peer goes on and on without ending its reply."""


@dataclass(frozen=True, slots=True)
class RemoteReply:
    """A reply of another server.

    `text` is all of it on one line, codes included, as log lines quote it; `lines` are its lines without the codes.
    `dsn` is the server's enhanced status code where it fits the reply's class, else `x.0.0` of that class.
    """

    code: int
    dsn: str
    text: str
    lines: tuple[str, ...]

    @property
    def kind(self) -> int:
        """The first digit of the code."""
        return self.code // 100


class ReplyReader:
    """Cuts the peer's bytes into replies."""

    def __init__(self) -> None:
        self._buffer = b""
        self._at = 0  # what lies before has been read
        self._lines: list[str] = []
        self._taken = 0  # bytes of the reply under way that have been read
        self.junk: list[str] = []
        """Lines that are no SMTP reply, since somebody last emptied the list."""
        self.cut: list[str] = []
        """What is kept of lines that were too long, since somebody last emptied the list."""

    @property
    def size(self) -> int:
        """Bytes that wait to be read."""
        return len(self._buffer) - self._at

    @property
    def is_empty(self) -> bool:
        """Whether nothing of a reply has come yet."""
        return self._at == len(self._buffer) and not self._lines

    def receive(self, data: bytes) -> None:
        """Take what the peer sent."""
        self._buffer = self._buffer[self._at :] + data
        self._at = 0

    def next_reply(self) -> RemoteReply | None:
        """The next whole reply; None while it is incomplete. Raises ReplyTooLong."""
        while (line := self._raw_line()) is not None:
            if not self._lines and (reply := _whole(line) if len(line) < SHORT else None):
                self._taken = 0
                return reply
            reply = self.add(self._shown(line))
            if reply is not None:
                return reply
        return None

    def next_line(self) -> str | None:
        """The next line, for `add`; None while it is incomplete. Raises ReplyTooLong."""
        line = self._raw_line()
        return None if line is None else self._shown(line)

    def add(self, line: str) -> RemoteReply | None:
        """The reply that a line completes; None where more is to come."""
        self._lines.append(line)
        found = _LINE.fullmatch(line)
        if found is None:
            self.junk.append(line)
            return None
        if found[2] == "-":
            return None
        lines, self._lines, self._taken = self._lines, [], 0
        return _reply(int(found[1]), found[3] or "", lines)

    def _raw_line(self) -> bytes | None:
        end = self._buffer.find(b"\n", self._at)
        if self._taken + (self.size if end < 0 else 0) > REPLY_LIMIT:
            raise ReplyTooLong
        if end < 0:
            return None
        line = self._buffer[self._at : end]
        self._taken += end + 1 - self._at
        self._at = end + 1
        return line

    def _shown(self, line: bytes) -> str:
        text = printable(line.removesuffix(b"\r")[:LINE_LIMIT])
        if len(line) > LINE_LIMIT + 1:
            self.cut.append(text)
        return text


@lru_cache(maxsize=256)
def _whole(line: bytes) -> RemoteReply | None:
    """The reply that one line is, as most are, and most of them the same again and again."""
    text = printable(line.removesuffix(b"\r"))
    found = _LINE.fullmatch(text)
    if found is None or found[2] == "-":
        return None
    return RemoteReply(int(found[1]), _status(int(found[1]), found[3] or ""), text, (found[3] or "",))


def printable(raw: bytes) -> str:
    """The bytes as text that is safe to show."""
    return _UNPRINTABLE.sub("?", raw.decode("utf-8", "surrogateescape"))


def _reply(code: int, last: str, lines: list[str]) -> RemoteReply:
    texts = tuple(found[3] or "" if (found := _LINE.fullmatch(line)) else line for line in lines)
    return RemoteReply(code, _status(code, last), " ".join(lines)[:LINE_LIMIT], texts)


def _status(code: int, text: str) -> str:
    """The enhanced status code of a reply whose last line has this text (RFC 2034 section 4)."""
    kind = code // 100
    status = _STATUS.match(text)
    if status and int(status[1]) == kind:
        return status[0]
    return f"{kind}.0.0" if kind in (2, 4, 5) else "5.5.0"
