"""An SMTP reply as a value: code, enhanced status code, lines (RFC 5321 section 4.2, RFC 2034)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

HANG_UP = frozenset({421, 521})
"""Codes after which the server closes the connection, whatever produced them."""

_PARSE = re.compile(r"([2-5]\d\d)(?:[ -]|$)(?:([245]\.\d{1,3}\.\d{1,3})(?: |$))?(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply, of one or several lines.

    `dsn` is the enhanced status code, empty where the reply has none; it is repeated on every line.
    `lines` are the texts without code and status code; never empty.
    """

    code: int
    dsn: str
    lines: tuple[str, ...]
    _wire: bytes = field(default=b"", init=False, repr=False, compare=False)  # what `render` has made

    @classmethod
    def of(cls, code: int, dsn: str, text: str) -> Reply:
        """Make a reply of one line."""
        return cls(code, dsn, (text,))

    @classmethod
    def parse(cls, text: str) -> Reply:
        """Read `CODE [DSN] TEXT`, as it stands in tables and templates; raises ValueError where it is none."""
        found = _PARSE.fullmatch(text)
        if not found:
            raise ValueError(f"not an SMTP reply: {text!r}")
        return cls(int(found[1]), found[2] or "", (found[3],))

    @property
    def hangs_up(self) -> bool:
        """Whether the connection ends with this reply."""
        return self.code in HANG_UP

    @property
    def text(self) -> str:
        """The reply on one line, as log lines show it."""
        return " ".join(part for part in (str(self.code), self.dsn, *self.lines) if part)

    def softened(self) -> Reply:
        """The same refusal as a temporary one (`soft_bounce`)."""
        if self.code < 500:  # noqa: PLR2004 - the class of permanent errors, RFC 5321 section 4.2.1
            return self
        return replace(self, code=self.code - 100, dsn=f"4{self.dsn[1:]}" if self.dsn else "")

    def render(self) -> bytes:
        """The bytes on the wire, each line ended by CRLF; made once, because most replies are constants."""
        if not self._wire:
            status = f"{self.dsn} " if self.dsn else ""
            *others, last = self.lines
            rows = [f"{self.code}-{status}{line}\r\n" for line in others]
            text = "".join((*rows, f"{self.code} {status}{last}\r\n"))
            object.__setattr__(self, "_wire", text.encode("utf-8", "surrogateescape"))
        return self._wire
