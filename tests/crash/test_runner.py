"""The whole way, with a process that dies: what was accepted is delivered, by whoever comes next.

A transport that writes down what it delivered stands for the other servers. A message may be delivered twice only where
the process died between the delivery and its record.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gatepost.mail.delivery import Agent, Forwarding, Job, Result, Status
from gatepost.mail.envelope import Envelope, Recipient
from gatepost.mail.reply import Reply
from gatepost.maillog import Logger
from gatepost.queue.body import MemoryBody
from gatepost.queue.embedded import EmbeddedStore, open_store
from gatepost.queue.plan import Plan
from gatepost.queue.record import ReportOrder, Row, StoredMessage
from gatepost.queue.rules import QueueRules
from gatepost.queue.runner import Runner
from tests.crash.faults import FaultyDisk, Trap, die
from tests.crash.test_queue import make_slot

MESSAGES = 8
PEOPLE = ("sent@x.example", "alias@x.example", "failed@x.example", "list@x.example")


@dataclass
class Where:
    """Everybody goes the same way."""

    recipient: str
    transport: str = "smtp"
    nexthop: str = "x.example"


class Journal:
    """A transport that notes each delivery in a file before it says so.

    `alias` becomes `new`, `failed` fails, `list` is sent on.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def deliver(self, job: Job) -> Sequence[Result]:
        return [self._one(job, row, recipient) for row, recipient in job.recipients]

    def _one(self, job: Job, row: int, recipient: Recipient) -> Result:
        local = recipient.address.partition("@")[0]
        if local == "alias":
            new = (Recipient("new@x.example", recipient.original),)
            return Result(row, Status.SENT, "2.0.0", "expanded", new_recipients=new)
        if local == "list":
            far = Recipient(f"far-{job.queue_id}@x.example", recipient.original)
            return Result(row, Status.SENT, "2.0.0", "", forwards=(Forwarding("owner@x.example", (far,)),))
        if local == "failed":
            return Result(row, Status.BOUNCED, "5.1.1", "no such user")
        os.write(self._file, f"{job.queue_id} {recipient.address}\n".encode())
        return Result(row, Status.SENT, "2.0.0", "ok")

    def close(self) -> None:
        os.close(self._file)


async def deliver(store: EmbeddedStore, journal: Journal, accepted: list[StoredMessage]) -> None:
    """Run until nothing is left to do."""

    async def resolve(address: str, _sender: str) -> Where:
        return Where(address)

    async def expand(envelope: Envelope) -> Sequence[Recipient]:
        return envelope.recipients

    async def report(order: ReportOrder) -> StoredMessage | None:
        identity = store.identify(2.0)
        to = Recipient(f"report-{order.message.queue_id}@x.example", "s@x.example")
        return StoredMessage(identity, Envelope("", ()), (Row(1, to),), MemoryBody(b"\r\n"), 2.0, 2.0, 2.0)

    async def forward(message: StoredMessage, forwarding: Forwarding) -> StoredMessage | Reply:
        identity = store.identify(2.0)
        rows = tuple(Row(n, one) for n, one in enumerate(forwarding.recipients, 1))
        return StoredMessage(identity, Envelope(forwarding.sender, ()), rows, message.body, 2.0, 2.0, 2.0)

    plan = Plan({"smtp": Agent(journal, "smtp")}, QueueRules(), resolve, expand, report, forward)
    runner = Runner(store, plan, Logger(lambda *_: None))
    running = asyncio.create_task(runner.run())
    for message in accepted:
        runner.submit(message)
    while runner.active or await store.due(10.0, 1):  # noqa: ASYNC110 - nobody is told when a runner is idle
        await asyncio.sleep(0)
    await runner.stop(5.0)
    await running


async def accept(store: EmbeddedStore, number: int) -> StoredMessage:
    identity = store.identify(1.0)
    rows = tuple(Row(n, Recipient(address, address)) for n, address in enumerate(PEOPLE, 1))
    body = MemoryBody(b"Subject: %d\r\n\r\n" % number)
    message = StoredMessage(identity, Envelope("s@x.example", ()), rows, body, 1.0, 1.0, 1.0)
    await store.commit(message)
    return message


def dies(folder: Path, at: int, accepted: list[str]) -> bool:
    """Accept and deliver in a process that dies at a point; `accepted` gets the queue ids that it confirmed."""
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(ours)
            asyncio.run(_child(folder, at, theirs))
        finally:
            os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "r", encoding="ascii") as heard:
        accepted += heard.read().split()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


async def _child(folder: Path, at: int, end: int) -> None:
    disk = FaultyDisk(Trap(at, die))
    store = open_store(make_slot(folder), vfs=disk.NAME)
    messages = []
    for number in range(MESSAGES):
        messages.append(await accept(store, number))
        os.write(end, f"{messages[-1].queue_id}\n".encode())
    await deliver(store, Journal(folder / "journal"), messages)
    await store.close()


def test_everything_accepted_is_delivered(folder: Path) -> None:
    at = 0
    for at in range(1, 2000, 3):
        accepted: list[str] = []
        place = folder / str(at)
        died = dies(place, at, accepted)

        async def next_owner(place: Path = place) -> None:
            store = open_store(make_slot(place))
            journal = Journal(place / "journal")
            await deliver(store, journal, [])
            journal.close()
            assert await store.counts() == {}
            await store.close()

        asyncio.run(next_owner())
        delivered = [tuple(line.split()) for line in (place / "journal").read_text("ascii").splitlines()]
        to = {address for _, address in delivered}
        for queue_id in accepted:
            assert (queue_id, "sent@x.example") in delivered
            assert (queue_id, "new@x.example") in delivered
            assert f"report-{queue_id}@x.example" in to
            assert f"far-{queue_id}@x.example" in to
        if not died:
            assert len(delivered) == len(set(delivered)) == 4 * MESSAGES
            break
    assert 20 < at < 1999
