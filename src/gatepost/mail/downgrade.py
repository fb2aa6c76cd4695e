"""8-bit MIME content for a server that takes 7 bits only (RFC 6152 section 3), converted as it streams by.

The rules:

1. Only what its header declares 8bit or binary is touched; undeclared 8-bit text has no charset to be read by, and
   goes out as it is.
2. A leaf becomes quoted-printable (RFC 2045 section 6.7); a multipart or message/rfc822 becomes 7bit, and its parts
   are converted (RFC 2045 section 6.4 forbids any other encoding there).
3. The Content-Transfer-Encoding field is taken out of where it stood and put at the end of the part's header.
4. Nesting deeper than the limit is passed through.
"""

from __future__ import annotations

import re
from email.message import Message
from enum import Enum, auto

NESTING_LIMIT = 100
"""Depth of multiparts that are looked into (Postfix's `mime_nesting_limit`)."""

FIELD_LIMIT = 102_400
"""Bytes of one header field that are looked at (Postfix's `header_size_limit`)."""

_WIDTH = 72
"""Encoded lines are broken behind this column; RFC 2045 allows 76."""

_SPECIAL = re.compile(rb"[^\t\x20-\x3c\x3e-\x7e]")
_TRAILING = re.compile(rb"[\t ]$")


class _Reading(Enum):
    HEADER = auto()
    BODY = auto()  # passed through, between boundaries
    ENCODED = auto()  # turned into quoted-printable


class Downgrade:
    """Takes a message's stored content in pieces, and gives the 7-bit form."""

    def __init__(self) -> None:
        self._rest = b""
        self._reading = _Reading.HEADER
        self._field: list[bytes] = []
        self._encoding: list[bytes] = []  # the field that is held back
        self._type = ""
        self._boundaries: list[bytes] = []

    def feed(self, data: bytes) -> bytes:
        """What is ready now that these bytes have come."""
        lines = (self._rest + data).split(b"\r\n")
        self._rest = lines.pop()
        return b"".join(map(self._line, lines))

    def end(self) -> bytes:
        """What is left."""
        last = self._line(self._rest) if self._rest else b""
        self._rest = b""
        return last + self._end_of_field()

    def _line(self, line: bytes) -> bytes:
        if line.startswith(b"--") and self._is_boundary(line):
            return self._end_of_field() + line + b"\r\n"
        match self._reading:
            case _Reading.HEADER:
                return self._header_line(line)
            case _Reading.ENCODED:
                return quoted_printable(line)
            case _Reading.BODY:
                return line + b"\r\n"

    def _is_boundary(self, line: bytes) -> bool:
        """Whether the line begins or ends a part, of whatever multipart is open; sets what follows."""
        text = line[2:].rstrip(b" \t")
        for depth in range(len(self._boundaries) - 1, -1, -1):
            mark = self._boundaries[depth]
            if text == mark:
                del self._boundaries[depth + 1 :]
                self._reading, self._type, self._encoding = _Reading.HEADER, "", []
                return True
            if text == mark + b"--":
                del self._boundaries[depth:]
                self._reading = _Reading.BODY
                return True
        return False

    def _header_line(self, line: bytes) -> bytes:
        if line[:1] in (b" ", b"\t") and self._field:
            if sum(map(len, self._field)) > FIELD_LIMIT:
                return line + b"\r\n"
            self._field.append(line)
            return b""
        before = self._end_of_field()
        if line:
            self._field = [line]
            return before
        return before + self._end_of_header() + b"\r\n"

    def _end_of_field(self) -> bytes:
        """Let go of the field that is complete, unless it is the one to be replaced."""
        lines, self._field = self._field, []
        name, _, value = b"\r\n".join(lines).partition(b":")
        match name.strip().lower():
            case b"content-type":
                self._type = value.decode("ascii", "replace")
            case b"content-transfer-encoding":
                self._encoding = lines
                return b""
        return b"".join(line + b"\r\n" for line in lines)

    def _end_of_header(self) -> bytes:
        """The encoding field that suits, and the way the body is to be read."""
        declared = b"".join(self._encoding).partition(b":")[2].strip().lower()
        kind, boundary = _content_type(self._type)
        composite = kind.startswith("multipart/") or kind == "message/rfc822"
        if boundary and len(self._boundaries) < NESTING_LIMIT:
            self._boundaries.append(boundary)
        self._reading = _Reading.BODY
        kept, self._encoding, self._type = self._encoding, [], ""
        if kind == "message/rfc822":
            self._reading = _Reading.HEADER
        if declared not in (b"8bit", b"binary"):
            return b"".join(line + b"\r\n" for line in kept)
        if composite:
            return b"Content-Transfer-Encoding: 7bit\r\n"
        self._reading = _Reading.ENCODED
        return b"Content-Transfer-Encoding: quoted-printable\r\n"


def quoted_printable(line: bytes) -> bytes:
    """One line, without its end, in quoted-printable, with its end."""
    text = _SPECIAL.sub(lambda found: b"=%02X" % found[0][0], line)
    text = _TRAILING.sub(lambda found: b"=%02X" % found[0][0], text)
    pieces: list[bytes] = []
    while (cut := _soft_break(text)) < len(text):
        pieces.append(text[:cut] + b"=\r\n")
        text = text[cut:]
    return b"".join(pieces) + text + b"\r\n"


def _soft_break(text: bytes) -> int:
    """Behind the first octet or escape that reaches beyond the column; no escape is torn apart."""
    if text[_WIDTH : _WIDTH + 1] == b"=":
        return _WIDTH + 3
    if text[_WIDTH - 1 : _WIDTH] == b"=":
        return _WIDTH + 2
    return _WIDTH + 1


def _content_type(value: str) -> tuple[str, bytes]:
    """The media type in small letters, and the boundary of a multipart."""
    message = Message()
    message["Content-Type"] = " ".join(value.split())
    kind = message.get_content_type() if value else "text/plain"
    boundary = message.get_boundary("") if kind.startswith("multipart/") else ""
    return kind, str(boundary).encode("ascii", "replace")
