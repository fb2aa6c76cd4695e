"""A delivery agent that does as it is told, and remembers what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gatepost.mail.delivery import Job, Result, Status

Answer = Callable[[Job], Sequence[Result]]


def sent(job: Job) -> list[Result]:
    """Everything was taken."""
    return [Result(row, Status.SENT, "2.0.0", "250 2.0.0 Ok", "mx[192.0.2.9]:25") for row, _ in job.recipients]


def deferred(job: Job) -> list[Result]:
    """Not now."""
    return [Result(row, Status.DEFERRED, "4.2.0", "later", "mx[192.0.2.9]:25") for row, _ in job.recipients]


def bounced(job: Job) -> list[Result]:
    """Never."""
    return [Result(row, Status.BOUNCED, "5.1.1", "no such user", "mx[192.0.2.9]:25") for row, _ in job.recipients]


def unreachable(job: Job) -> list[Result]:
    """The next hop is down."""
    text = "connect to mx[192.0.2.9]:25: Connection refused"
    return [Result(row, Status.DEFERRED, "4.4.1", text, destination_failed=True) for row, _ in job.recipients]


@dataclass
class FakeTransport:
    """`answer` makes the results. `gate`, where there is one, is waited for before each."""

    answer: Answer = sent
    gate: asyncio.Event | None = None
    jobs: list[Job] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    running: int = 0
    most: int = 0

    async def deliver(self, job: Job) -> Sequence[Result]:
        self.jobs.append(job)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            if self.gate is not None:
                await self.gate.wait()
            self.contents.append(b"".join([piece async for piece in job.body.chunks()]))
            return self.answer(job)
        finally:
            self.running -= 1

    @property
    def addresses(self) -> list[str]:
        """Every recipient that was tried, in order."""
        return [recipient.address for job in self.jobs for _, recipient in job.recipients]
