"""The header section of a message while it comes in (RFC 5322 section 2.2).

The rules:

1. Content comes in pieces of any size, with CRLF as its only line end.
2. A header is a name of printable characters, blanks perhaps, a colon, and its continuation lines.
3. Lines like `From someone` at the very beginning, left by mailbox formats, become `X-Mailbox-Line` headers.
4. The section ends with the first empty line, or before the first line that is no header: then an empty line is put
   before it, and before a first line that begins with a blank.
5. A NUL ends a header's line: what follows would be seen by some programs and not by others.
6. A header is kept up to a limit and no further; no more than one header is in memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

NAME_LIMIT = 2048
"""A line without a colon in its first so many bytes is no header (Postfix's line_length_limit)."""

_WHOLE = re.compile(rb"([!-9;-~]+)[ \t]*:([^\r\n\0]*(?:\r\n[ \t][^\r\n\0]*)*)\r\n(?=[^ \t])")
_NAME = re.compile(rb"([!-9;-~]+)[ \t]*:")
_MAILBOX_LINE = re.compile(rb">*From ")
_CRLF = b"\r\n"


class Header(NamedTuple):
    """One header. `value` is everything behind the colon, folded as it was, without the last CRLF."""

    name: str
    value: bytes

    @property
    def key(self) -> str:
        """The name for comparisons."""
        return self.name.lower()

    @property
    def text(self) -> str:
        """The value without blanks in front."""
        return self.value.decode("utf-8", "surrogateescape").lstrip()

    def render(self) -> bytes:
        """The header's lines."""
        return self.name.encode("ascii") + b":" + self.value + _CRLF


class HeaderScanner:
    """Finds the headers of one message. `limit` is in bytes for one header (`header_size_limit`)."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._pending = b""  # input that is not decided upon yet
        self._header = bytearray()  # the current header, up to the limit
        self._size = 0  # of the current header, line ends counted as one
        self._inside = False  # within a line of the current header
        self._cut = False  # at a NUL in that line
        self._first = True
        self._rest: bytes | None = None

    @property
    def ended(self) -> bool:
        """Whether the end of the section was found."""
        return self._rest is not None

    def feed(self, data: bytes) -> Iterator[Header]:
        """Take content; give the headers that are complete. Not to be called after the end."""
        text, at = self._pending + data, 0
        while self._rest is None:
            end = text.find(_CRLF, at)
            if self._inside:
                # The line's end may be cut in two.
                stop = end if end >= 0 else len(text) - text.endswith(b"\r", at)
                self._append_text(text[at:stop])
                at = stop
                if end < 0:
                    break
                self._inside, self._cut, at = False, False, end + len(_CRLF)
            elif end < 0 and len(text) - at < NAME_LIMIT:
                break  # too little to tell what the line is
            elif self._header and text.startswith((b" ", b"\t"), at):
                self._append(_CRLF)
                self._inside = True
            else:
                yield from self._current()
                # A header that is there whole, as nearly all are, comes to the same as piece by piece.
                whole = None if self._first else _WHOLE.match(text, at, at + min(self._limit, NAME_LIMIT))
                if whole:
                    yield Header(whole[1].decode("ascii"), whole[2])
                    at = whole.end()
                    continue
                at = self._begin(text, at)
        self._pending = text[at:]

    def close(self) -> Iterator[Header]:
        """Tell that the content has ended within the section; give what is left of it."""
        if self._inside or self._pending:  # a last line without an end gets one
            yield from self.feed(_CRLF)
        yield from self._current()

    def take_rest(self) -> bytes:
        """What came behind the headers, the empty line included."""
        rest, self._rest = self._rest or b"", b""
        return rest

    def _begin(self, text: bytes, at: int) -> int:
        """Begin a header with the line at a place, or end the section before it; the place to go on at."""
        if self._first and _MAILBOX_LINE.match(text, at):
            self._append(b"X-Mailbox-Line: ")
            self._inside = True
            return at
        self._first = False
        name = _NAME.match(text, at, at + NAME_LIMIT)
        if name:
            self._append(name[1] + b":")
            self._inside = True
            return name.end()
        self._rest = text[at:] if text.startswith(_CRLF, at) else _CRLF + text[at:]
        return len(text)

    def _append_text(self, part: bytes) -> None:
        """Add a piece of a line to the current header, up to a NUL."""
        before, nul, _ = part.partition(b"\0")
        if not self._cut:
            self._append(before)
        self._cut = self._cut or bool(nul)

    def _append(self, part: bytes) -> None:
        """Add to the current header as much as fits. A line end counts as one byte."""
        room = self._limit - self._size
        if part == _CRLF:
            self._header += part if room > 0 else b""
            self._size += 1
        else:
            self._header += part[: max(room, 0)]
            self._size += len(part)

    def _current(self) -> Iterator[Header]:
        """The header that has been gathered, if any."""
        if self._header:
            name, _, value = bytes(self._header).partition(b":")
            yield Header(name.decode("ascii"), value)
        self._header.clear()
        self._size = 0
