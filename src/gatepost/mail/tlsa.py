"""A TLSA record as a value (RFC 6698 section 2.1): which certificate or key a server may show."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tlsa:
    """A record. What its numbers mean is said in `tls/dane.py`."""

    usage: int
    selector: int
    matching: int
    data: bytes

    @property
    def text(self) -> str:
        """The record as log lines show it; of long data only the ends."""
        shown = self.data.hex().upper()
        if len(shown) > 2 * SHOWN:
            shown = f"{shown[:SHOWN]}...{shown[-SHOWN:]}"
        return f"{self.usage} {self.selector} {self.matching} {shown}"


SHOWN = 64
"""Hexadecimal digits of each end of data that is longer than two of them."""
