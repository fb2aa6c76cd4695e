"""A bounded memory of answers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Cache(Generic[K, V]):
    """Values that are good until a time; those unused for longest make room. `size` is what all may weigh together."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._weight = 0
        self._kept: OrderedDict[K, tuple[float, V, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: K, now: float) -> V | None:
        """The value, if it is still good."""
        entry = self._kept.get(key)
        if entry is None:
            return None
        until, value, _ = entry
        if until <= now:
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return value

    def put(self, key: K, value: V, until: float, weight: int = 1) -> None:
        """Keep a value."""
        self._drop(key)
        self._kept[key] = (until, value, weight)
        self._weight += weight
        while self._weight > self._size:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: K) -> None:
        gone = self._kept.pop(key, None)
        self._weight -= gone[2] if gone else 0
