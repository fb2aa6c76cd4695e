"""An event loop whose time passes only when nothing is left to do, and then at once."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Impatient(selectors.DefaultSelector):
    """A selector that never waits; what it was to wait for is passed on."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000_000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if not events:
            if timeout is None:
                raise RuntimeError("everybody waits, and nothing will ever happen")
            self.now += max(timeout, 0)
        return events


class FakeClockLoop(asyncio.SelectorEventLoop):
    """Timers run in their order, without delay."""

    def __init__(self) -> None:
        self._impatient = _Impatient()
        super().__init__(self._impatient)

    def time(self) -> float:
        return self._impatient.now


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Like asyncio.run, on a loop whose clock jumps."""
    with asyncio.Runner(loop_factory=FakeClockLoop) as runner:
        return runner.run(coroutine)


async def settle() -> None:
    """Let everything happen that can happen without time passing (well, a millisecond)."""
    await asyncio.sleep(0.001)
