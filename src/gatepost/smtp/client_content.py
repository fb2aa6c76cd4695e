"""Message content on its way out: dot-stuffing, and the two rules that no line of ours ever breaks.

The rules:

1. Only CRLF ends a line (RFC 5321 section 2.3.8). Content at rest has no other line ends; should a stray CR or LF be
   in it all the same, it becomes a blank, so that nobody can smuggle a second message past the next server.
2. A line longer than the limit is folded with CRLF and a blank, as Postfix does (`smtp_line_length_limit`).
3. A line that begins with a dot gets another one (RFC 5321 section 4.5.2).

Content comes in large pieces that are cut anywhere; what is usual is done with a few searches over the whole piece.
"""

from __future__ import annotations

import re

DOT = b".\r\n"
"""The line that ends a message."""

_STRAY = re.compile(rb"\r(?!\n)|(?<!\r)\n")


class ContentWriter:
    """Turns stored content into what DATA sends. `limit` is in bytes without the line end; 0 means no limit.

    A limit of 1 counts as 2: the blank in front of what is folded would fill each line.
    """

    def __init__(self, limit: int) -> None:
        self._limit = max(limit, 2) if limit else 0
        self._rest = b""  # the beginning of a line whose end has not come yet
        self.folded = False
        """Whether a line had to be folded."""

    def feed(self, data: bytes) -> bytes:
        """What can be sent now that these bytes have come."""
        data = self._rest + data
        cut = data.rfind(b"\r\n") + 2
        if cut == 1:
            cut = 0
        whole, self._rest = data[:cut], data[cut:]
        sent = self._lines(whole) if whole else b""
        if self._limit and len(self._rest) > 2 * self._limit:
            sent += self._overlong_rest()
        return sent

    def end(self) -> bytes:
        """What is left."""
        sent = self._lines(self._rest + b"\r\n") if self._rest else b""
        self._rest = b""
        return sent

    def _lines(self, whole: bytes) -> bytes:
        """Whole lines, made fit to send."""
        if b"\r\n".join([*whole.splitlines(), b""]) != whole:  # it splits at a CR or LF alone, too
            whole = _STRAY.sub(b" ", whole)
        if self._limit and self._is_overlong(whole):
            whole = self._fold(whole)
        if b"\r\n." in whole:
            whole = whole.replace(b"\r\n.", b"\r\n..")
        return b"." + whole if whole.startswith(b".") else whole

    def _is_overlong(self, whole: bytes) -> bool:
        """Whether a line is longer than the limit: then no line end is as near to its beginning as that."""
        start, reach = 0, self._limit + 2
        while len(whole) - start > reach:
            end = whole.rfind(b"\n", start, start + reach)
            if end < 0:
                return True
            start = end + 1
        return False

    def _fold(self, whole: bytes) -> bytes:
        lines: list[bytes] = []
        for line in whole.removesuffix(b"\r\n").split(b"\r\n"):
            while len(line) > self._limit:
                self.folded = True
                lines.append(line[: self._limit])
                line = b" " + line[self._limit :]  # noqa: PLW2901 - what is left of it is the line
            lines.append(line)
        return b"\r\n".join(lines) + b"\r\n"

    def _overlong_rest(self) -> bytes:
        """Send the beginning of a line that does not end, so that it need not be kept in memory."""
        pieces: list[bytes] = []
        while len(self._rest) > 2 * self._limit:
            pieces.append(self._rest[: self._limit] + b"\r\n")
            self._rest = b" " + self._rest[self._limit :]
        self.folded = True
        return self._lines(b"".join(pieces))
