"""Logins that a server has refused, so that they are not tried again and again (`smtp_sasl_auth_cache_name`).

A server may lock an account after some attempts. What it said is kept for the same server, name and secret; another
secret, or the end of the time, makes a new attempt. It is kept in the memory of a worker, whatever table is named.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

REMEMBERED = 1000
"""Refusals that are kept; beyond that the oldest goes."""

Key = tuple[str, str, str]
"""Server, name and secret."""


class Refusals:
    """What servers said. `lifetime` is in seconds, `clock` gives them."""

    def __init__(self, lifetime: float, clock: Callable[[], float]) -> None:
        self._lifetime = lifetime
        self._clock = clock
        self._known: OrderedDict[Key, tuple[str, float]] = OrderedDict()

    def find(self, key: Key) -> str:
        """What the server said to this login; empty where nothing is known, or its time is over."""
        said, until = self._known.get(key, ("", 0.0))
        return said if self._clock() < until else ""

    def add(self, key: Key, said: str) -> None:
        """Remember a refusal."""
        self._known[key] = said, self._clock() + self._lifetime
        self._known.move_to_end(key)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
