"""What a configuration gives the runner: agents, rules, and the ways to routing and reports that are handed in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gatepost.mail.delivery import Agent, Forwarding
from gatepost.mail.envelope import Envelope, Recipient
from gatepost.mail.reply import Reply
from gatepost.queue.record import ReportOrder, StoredMessage
from gatepost.queue.rules import QueueRules


class Route(Protocol):
    """Where an address goes."""

    @property
    def transport(self) -> str:
        """Name of the transport."""
        ...

    @property
    def nexthop(self) -> str:
        """What the transport connects to, or its argument."""
        ...

    @property
    def recipient(self) -> str:
        """The address as the transport is to see it."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """What a configuration gives the runner.

    `resolve` takes a recipient's address and the sender's, and raises LookupFailed; `expand` works the recipients of an
    envelope out anew (a requeued message); `report` makes a report ready to be stored, or None where nobody is to get
    one, and may raise StoreError or LookupFailed; `forward` makes what a local delivery sends on ready to be stored, or
    says why that cannot be.
    """

    agents: Mapping[str, Agent]
    rules: QueueRules
    resolve: Callable[[str, str], Awaitable[Route]]
    expand: Callable[[Envelope], Awaitable[Sequence[Recipient]]]
    report: Callable[[ReportOrder], Awaitable[StoredMessage | None]]
    forward: Callable[[StoredMessage, Forwarding], Awaitable[StoredMessage | Reply]]
