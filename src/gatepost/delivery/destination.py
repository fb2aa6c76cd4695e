"""A destination: what a job's next hop says, worked out once, and how busy the traffic there is.

Postfix's queue manager tells its clients when a destination has a backlog, and only then they keep connections. Here
the agent sees the traffic itself: a destination is in traffic while more than one delivery to it runs, or one begins
within a moment of another's end.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from gatepost.delivery.nexthop import Nexthop, parse_nexthops
from gatepost.smtp.client_values import Outcome

KNOWN = 2_000
"""Destinations that are remembered; those without traffic are forgotten when there are more."""


@dataclass(slots=True, eq=False)
class Destination:
    """`hops` are tried from left to right; `fault` is set where there is none. Times are by the loop's clock."""

    hops: tuple[Nexthop, ...] = ()
    fault: Outcome | None = None
    running: int = 0
    last: float = -inf
    busy: bool = False

    def begin(self, now: float, moment: float) -> None:
        """A delivery begins; `moment` is how many seconds after the last one count as traffic."""
        self.running += 1
        self.busy = self.running > 1 or now - self.last < moment

    def end(self, now: float) -> None:
        """A delivery ends."""
        self.running -= 1
        self.last = now

    @property
    def in_traffic(self) -> bool:
        """Whether a connection there will soon be wanted again."""
        return self.busy or self.running > 1


class Destinations:
    """The destinations of one service, by next hop; `fallback` comes after each."""

    def __init__(self, fallback: str, *, by_mx: bool) -> None:
        self._fallback = fallback
        self._by_mx = by_mx
        self._known: dict[str, Destination] = {}

    def __getitem__(self, nexthop: str) -> Destination:
        found = self._known.get(nexthop)
        if found is None:
            if len(self._known) >= KNOWN:
                self._known = {text: known for text, known in self._known.items() if known.running}
            found = self._known[nexthop] = self._read(nexthop)
        return found

    def _read(self, nexthop: str) -> Destination:
        try:
            return Destination(parse_nexthops(f"{nexthop} {self._fallback}", by_mx=self._by_mx))
        except ValueError as error:
            return Destination(fault=misconfigured(error))


def misconfigured(error: ValueError) -> Outcome:
    """What it means for mail that a next hop makes no sense: it waits."""
    return Outcome("4.3.5", f"Server configuration error: {error}")
