"""Delivery jobs, for tests of agents."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from gatepost.mail.delivery import Job
from gatepost.mail.envelope import Envelope, Recipient

CONTENT = b"From: a@a.example\r\nSubject: x\r\n\r\n.dot\r\n"


@dataclass(frozen=True)
class FakeBody:
    """Content in memory, handed out in pieces of a size."""

    content: bytes = CONTENT
    piece: int = 65_536

    @property
    def size(self) -> int:
        """Length in bytes."""
        return len(self.content)

    @property
    def whole(self) -> bytes | None:
        """The content, unless it comes in pieces."""
        return self.content if len(self.content) <= self.piece else None

    async def chunks(self) -> AsyncIterator[bytes]:
        """The content in pieces."""
        for start in range(0, len(self.content), self.piece):
            yield self.content[start : start + self.piece]


def job(
    *addresses: str | Recipient,
    nexthop: str = "",
    content: bytes = CONTENT,
    envelope: Envelope | None = None,
    waited: float = 0.0,
    number: int = 0,
) -> Job:
    """A job for these recipients, in rows 1, 2, …; `waited` is how long it has been in the queue, in seconds."""
    recipients = tuple(
        address if isinstance(address, Recipient) else Recipient(address, address) for address in addresses
    )
    return Job(
        queue_id="4Xyz",
        envelope=envelope or Envelope("a@a.example", recipients),
        recipients=tuple(enumerate(recipients, 1)),
        transport="smtp",
        nexthop=nexthop,
        body=FakeBody(content),
        arrived=1_000_000.0,
        received=1_000_000.0,
        activated=1_000_000.0 + waited,
        number=number,
    )
