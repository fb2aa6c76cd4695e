"""The processes that the supervisor keeps running: when one that died is started again, and whether it still answers.

The rules:

1. A child that dies is started again at once. If it dies soon after that, again and again, the pauses double.
2. A worker's event loop is asked at every beat whether it is there. It is held to be hung by the number of beats
   without an answer, not by the clock: a machine that stood still as a whole has had no beats meanwhile.
3. The service manager's watchdog is fed only while every worker that serves answers.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass

from gatepost.server import control
from gatepost.server.control import Message, Word
from gatepost.server.notify import Notifier

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
"""Seconds before a child that soon died again is started: doubled each time, up to Postfix's throttle time."""

HEALTHY = 10.0
"""Seconds of life after which a child was in order, and its successor starts at once again."""

BEATS = 3
"""Beats without an answer after which a worker is hung."""

HELPER = -1
"""The number of the helper, which is no worker."""


@dataclass(slots=True)
class Child:
    """A process that is kept running. `number` is the worker's, and its slot's; times are of the monotonic clock."""

    number: int
    pid: int = 0
    end: socket.socket | None = None
    started: float = 0.0
    pause: float = 0.0
    due: float = 0.0
    ready: bool = False
    reloads: int = 0  # that it has not answered yet
    unanswered: int = 0  # beats

    @property
    def name(self) -> str:
        """For people."""
        return "mailbox helper" if self.number == HELPER else f"worker {self.number}"

    def begin(self, pid: int, end: socket.socket, now: float) -> None:
        """It was started."""
        self.pid, self.end, self.started = pid, end, now
        self.ready, self.reloads, self.unanswered = self.number == HELPER, 0, 0

    def died(self, now: float) -> float:
        """It is gone; after how many seconds it is started again."""
        self.pid, self.ready, self.reloads = 0, False, 0
        wait = 0.0 if now - self.started > HEALTHY else self.pause
        self.pause = min(max(FIRST_PAUSE, wait * 2), LONGEST_PAUSE)
        self.due = now + wait
        return wait


class Pulse:
    """Asks workers whether they are there. `limit`: seconds that a worker may not answer, 0 for any number."""

    def __init__(self, notifier: Notifier, limit: float) -> None:
        self._notifier = notifier
        self.due = 0.0
        """When the next beat is, on the monotonic clock."""
        self.adopt(limit)

    def adopt(self, limit: float) -> None:
        """Go on with another limit."""
        self.limit = limit
        wanted = [seconds / BEATS for seconds in (limit, self._notifier.watchdog) if seconds]
        self.interval = min(wanted, default=0.0)
        """Seconds between beats; 0 where nobody wants to know."""

    def beat(self, workers: Iterable[Child], now: float) -> list[Child]:
        """Ask, where it is time; gives those that are hung."""
        if not self.interval or now < self.due:
            return []
        self.due = now + self.interval
        serving = [worker for worker in workers if worker.ready]
        if serving and not any(worker.unanswered for worker in serving):
            self._notifier.alive()
        hung = []
        for worker in serving:
            if self.limit and worker.unanswered * self.interval >= self.limit:
                hung.append(worker)
            if not worker.unanswered and worker.end is not None:
                control.send(worker.end, Message(Word.PING))
            worker.unanswered += 1
        return hung
