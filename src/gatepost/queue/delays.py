"""The `delay=` and `delays=` fields of delivery lines: two significant digits, no finer than a set resolution."""

from __future__ import annotations

import math
from dataclasses import dataclass

SIGNIFICANT_DIGITS = 2

NOTHING = 0.005
"""Seconds below which nothing is left of a span in as many decimals as there are significant digits."""


def shown(seconds: float, resolution: int) -> str:
    """A time span in the log's notation: `0.05`, `1.3`, `12`, `3600`, `0`.

    `resolution` is the greatest number of decimals (`delay_logging_resolution_limit`). A negative span is a clock that
    was set back, and shows as 0.
    """
    if seconds <= 0 or (seconds < NOTHING and resolution <= SIGNIFICANT_DIGITS):
        return "0"
    if seconds < 1 and resolution <= SIGNIFICANT_DIGITS:  # nearly every span: it has as many decimals as are shown
        decimals = resolution
    else:
        digits = 0 if seconds >= 10 else 1 if seconds >= 1 else SIGNIFICANT_DIGITS - 1 - math.floor(math.log10(seconds))  # noqa: PLR2004 - what the logarithm would say
        decimals = min(digits, resolution)
    text = f"{seconds:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text


@dataclass(frozen=True, slots=True)
class Delays:
    """The four parts of a delivery's time, in seconds."""

    before_queue: float  # until the queue manager took it up, reception included
    in_queue: float  # until a delivery agent got it
    connection_setup: float
    transmission: float

    def shown(self, resolution: int) -> str:
        """The `delays=` field."""
        parts = (self.before_queue, self.in_queue, self.connection_setup, self.transmission)
        return "/".join(shown(part, resolution) for part in parts)

    def total(self, resolution: int) -> str:
        """The `delay=` field."""
        whole = self.before_queue + self.in_queue + self.connection_setup + self.transmission
        return shown(whole, resolution)
