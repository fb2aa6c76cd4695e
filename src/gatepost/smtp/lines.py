r"""Bytes of one connection, cut into command lines and message content (RFC 5321 sections 2.3.8 and 4.5.2).

The rules:

1. A connection has one buffer. What was not consumed when TLS begins is dropped with it.
2. A line ends in CRLF; a bare LF ends one as well, and is noted. How content ends is another matter: *strictly* only by
   CRLF.CRLF; *leniently* (`smtpd_forbid_bare_newline = no`) also by LF.LF, as in Postfix before 3.9.
3. Strictly, a line that is a lone dot but does not end the content is dropped, so that no server behind us can take
   it for the end of the message (SMTP smuggling).
4. Content comes out canonical: every line ends in CRLF, no dot is stuffed, a stray CR is a space (where
   `cleanup_replace_stray_cr_lf` says so). Lines of any length pass; they are never held whole.
5. Where the bytes were cut on their way changes where the pieces of content end, never their concatenation.
6. No work is done per byte or per line: `find`, `replace`, `count` and regular expressions take whole blocks.
"""

from __future__ import annotations

import re
from typing import NamedTuple

FRAGMENT = 4096
"""Bytes of an unfinished content line that are held before they are passed on."""

_BARE_LF = re.compile(rb"(?<!\r)\n")
_STRAY_CR = re.compile(rb"\r(?!\n)")
_CRS_AND_LF = re.compile(rb"\r*\n")
_LENIENT_END = re.compile(rb"(?:\A|(?<=\n))\.\r*\n")
_LENIENT_END_LATER = re.compile(rb"(?<=\n)\.\r*\n")
_DOT_OR_DOT_LINE = re.compile(rb"(?:\A|(?<=\n))\.(?:\r?\n)?")


class Line(NamedTuple):
    """A line without its end; `bare`: it ended in LF alone; `overlong`: cut to the limit."""

    content: bytes
    bare: bool = False
    overlong: bool = False


class Input:
    """What a peer has sent and nobody has consumed yet."""

    __slots__ = ("_head", "_scanned", "data")

    def __init__(self) -> None:
        self.data = bytearray()
        self._scanned = 0  # bytes at the front that are known to hold no LF
        self._head: bytes | None = None  # what is kept of a line above the limit while its end is awaited

    def __len__(self) -> int:
        return len(self.data)

    def feed(self, data: bytes) -> None:
        """Add what came from the peer."""
        self.data += data

    def peek(self, count: int) -> bytes:
        """The first bytes that wait."""
        return bytes(self.data[:count])

    def clear(self) -> None:
        """Forget all of it."""
        self.data.clear()
        self._scanned = 0
        self._head = None

    def line(self, limit: int) -> Line | None:
        """The next line, None where it is not complete; of one above `limit` bytes (its end included) the front."""
        end = self.data.find(b"\n", self._scanned)
        if end < 0:
            if self._head is None and len(self.data) > limit:
                self._head = bytes(self.data[:limit])
            if self._head is not None:
                del self.data[:-1]  # the last byte may be the CR of the line's end
            self._scanned = len(self.data)
            return None
        data = bytes(self.data[: end + 1])
        del self.data[: end + 1]
        self._scanned = 0
        head, self._head = self._head, None
        if head is None and end >= limit:
            head = data[:limit]
        bare = not data.endswith(b"\r\n")
        return Line(data[:-1].rstrip(b"\r"), bare) if head is None else Line(head, bare, overlong=True)


class ContentReader:
    """Takes the content that follows DATA out of an input, up to and with the line that ends it."""

    def __init__(self, *, strict: bool, replace_stray_cr: bool = True) -> None:
        self._strict = strict
        self._replace_stray_cr = replace_stray_cr
        self._mid_line = False  # what was passed on last was the front of a line
        self._after_crlf = True  # the line before ended in CRLF; DATA itself did
        self.ended = False
        """Whether the end was seen; what follows it is still in the input."""
        self.bare_newline = False
        """Whether a line ended in LF alone."""

    def read(self, source: Input) -> bytes:
        """Take what can be taken; canonical content, possibly empty. Behind the end nothing is taken."""
        data = source.data
        taken = b"" if self.ended else self._lines(data)
        if not self.ended and len(data) > FRAGMENT:
            taken += self._fragment(data)
        return taken

    def _lines(self, data: bytearray) -> bytes:
        """The complete lines at the front of the data, up to the end of the content."""
        end = data.rfind(b"\n") + 1
        if not end:
            return b""
        stop, after = self._find_end(data)
        if stop >= 0:
            end, self.ended = stop, True
        block = bytes(data[:end])
        del data[: after if self.ended else end]
        if not block:
            return b""
        opened, after_crlf = self._mid_line, self._after_crlf
        self._mid_line, self._after_crlf = False, block.endswith(b"\r\n")
        if _is_canonical(block):
            return _unstuff(block, opened=opened, drop=self._strict and not after_crlf)
        self.bare_newline |= _has_bare_newline(block)
        drop = self._strict and not (after_crlf and not _has_bare_newline(block))
        return self._canonical(_unstuff(block, opened=opened, drop=drop))

    def _find_end(self, data: bytearray) -> tuple[int, int]:
        """Where the content ends, and where its closing line does; -1 where it does not end yet."""
        at_start = not self._mid_line
        if self._strict:
            if at_start and self._after_crlf and data.startswith(b".\r\n"):
                return 0, 3
            found = data.find(b"\r\n.\r\n")
            return (found + 2, found + 5) if found >= 0 else (-1, -1)
        match = (_LENIENT_END if at_start else _LENIENT_END_LATER).search(data)
        return match.span() if match else (-1, -1)

    def _fragment(self, data: bytearray) -> bytes:
        """The front of a long line whose end has not come yet."""
        keep = 1 if data.endswith(b"\r") else 0
        if not self._strict:
            keep = min(len(data) - len(data.rstrip(b"\r")), FRAGMENT)
        block = bytes(data[: len(data) - keep])
        del data[: len(block)]
        if not self._mid_line and block.startswith(b"."):
            block = block[1:]
        self._mid_line = True
        return self._canonical(block)

    def _canonical(self, block: bytes) -> bytes:
        return canonical(block, strict=self._strict, replace_stray_cr=self._replace_stray_cr)


class ChunkReader:
    """Takes the content that BDAT commands bring, chunk after chunk (RFC 3030); there are no dots to mind."""

    def __init__(self, *, strict: bool, replace_stray_cr: bool = True) -> None:
        self._strict = strict
        self._replace_stray_cr = replace_stray_cr
        self._held = b""  # CRs at the end, which may yet turn out to belong to a line's end
        self._mid_line = False
        self.left = 0
        """Bytes of the chunk that have not come yet."""
        self.bare_newline = False
        """Whether a line ended in LF alone."""

    def read(self, source: Input) -> bytes:
        """Take what has come of the chunk."""
        block = self._held + source.data[: self.left]
        self.left -= len(block) - len(self._held)
        del source.data[: len(block) - len(self._held)]
        kept = len(block) - len(block.rstrip(b"\r"))
        kept = min(kept, 1 if self._strict else FRAGMENT)
        self._held = block[len(block) - kept :]
        block = bytes(block[: len(block) - kept])
        if not block:
            return b""
        self.bare_newline |= block.count(b"\n") != block.count(b"\r\n")
        self._mid_line = not block.endswith(b"\n")
        return canonical(block, strict=self._strict, replace_stray_cr=self._replace_stray_cr)

    def finish(self) -> bytes:
        """What is missing to the end of the last line, after the last chunk."""
        rest, self._held = self._held, b""
        if not (rest or self._mid_line):
            return b""
        self._mid_line = False
        return canonical(rest, strict=True, replace_stray_cr=self._replace_stray_cr) + b"\r\n"


def canonical(block: bytes, *, strict: bool, replace_stray_cr: bool) -> bytes:
    """The block with CRLF at the end of each line; leniently, CRs in front of a CRLF are dropped too."""
    if _is_canonical(block):
        return block
    if not strict:
        block = _CRS_AND_LF.sub(b"\r\n", block)
    if replace_stray_cr:
        block = _STRAY_CR.sub(b" ", block)
    return _BARE_LF.sub(b"\r\n", block)


def _is_canonical(block: bytes) -> bool:
    """Whether CR and LF come in pairs only."""
    pairs = block.count(b"\r\n")
    return block.count(b"\n") == pairs == block.count(b"\r")


def _has_bare_newline(block: bytes) -> bool:
    return block.count(b"\n") != block.count(b"\r\n")


def _unstuff(block: bytes, *, opened: bool, drop: bool) -> bytes:
    """Whole lines without their stuffed dots (RFC 5321 section 4.5.2).

    `opened`: the first is the rest of a line whose front is gone. `drop`: lone dots are dropped (rule 3), of which
    there can be none unless a bare LF is near.
    """
    if not (b"\n." in block or block[:1] == b"."):
        return block
    first = block.find(b"\n") + 1 if opened else 0
    lines = block[first:]
    lines = _DOT_OR_DOT_LINE.sub(b"", lines) if drop else lines.removeprefix(b".").replace(b"\n.", b"\n")
    return block[:first] + lines
