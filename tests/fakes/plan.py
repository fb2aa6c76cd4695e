"""What a configuration gives the runner, with routes that the address itself tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gatepost.mail.delivery import Agent, Forwarding
from gatepost.mail.envelope import Envelope, Recipient
from gatepost.mail.reply import Reply
from gatepost.queue.plan import Plan
from gatepost.queue.record import ReportOrder, StoredMessage
from gatepost.queue.rules import QueueRules


@dataclass
class Where:
    """A route: `local part @ transport.domain` goes to that transport."""

    transport: str
    nexthop: str
    recipient: str


async def resolve(address: str, _sender: str) -> Where:
    """Where it goes."""
    domain = address.rpartition("@")[2]
    return Where(domain.partition(".")[0], domain, address)


async def expand(envelope: Envelope) -> Sequence[Recipient]:
    """Nothing turns into anything else."""
    return envelope.recipients


async def report(_: ReportOrder) -> StoredMessage | None:
    """Nobody is told."""
    return None


async def forward(_: StoredMessage, __: Forwarding) -> StoredMessage | Reply:
    """Nothing is sent on."""
    return Reply.of(451, "4.3.0", "not here")


def make_plan(agents: Mapping[str, Agent] | None = None, rules: QueueRules | None = None) -> Plan:
    """A plan with these agents."""
    return Plan(agents or {}, rules or QueueRules(), resolve, expand, report, forward)
