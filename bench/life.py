"""What a message costs between its commit and its removal: store and runner, with an agent that delivers at once.

    python bench/life.py [FOLDER] [--messages N] [--producers N] [--size BYTES] [--delay SECONDS]

Each producer commits one message after the other, as a session would, and hands it to the runner. The agent says that
each was sent, after `--delay`. Prints the processor time a message of the event loop and of the writer's thread.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import uvloop

from gatepost.mail.delivery import Agent, Forwarding, Job, Result, Status
from gatepost.mail.envelope import Envelope, Recipient
from gatepost.mail.events import Event
from gatepost.maillog import Logger
from gatepost.queue.embedded import EmbeddedStore, open_store
from gatepost.queue.plan import Plan
from gatepost.queue.record import ReportOrder, Row, StoredMessage
from gatepost.queue.rules import QueueRules
from gatepost.queue.runner import Runner
from gatepost.queue.spool import Slot, Spool
from gatepost.server.logsink import ClassicShape, FileTarget, LogSink

ENVELOPE = Envelope("sender@example.com", ())
RECIPIENT = Recipient("recipient@example.net", "recipient@example.net")


class Where:
    """The only route."""

    transport = "smtp"
    nexthop = "[127.0.0.1]:25"
    recipient = "recipient@example.net"


class Sender:
    """An agent that has delivered after a while."""

    def __init__(self, delay: float) -> None:
        self._delay = delay

    async def deliver(self, job: Job) -> Sequence[Result]:
        """Deliver."""
        if self._delay:
            await asyncio.sleep(self._delay)
        return [
            Result(row, Status.SENT, "2.0.0", "250 2.0.0 Ok", "127.0.0.1[127.0.0.1]:25", remote_reply="250 2.0.0 Ok")
            for row, _ in job.recipients
        ]


async def resolve(_address: str, _sender: str) -> Where:
    """Where everything goes."""
    return Where()


async def expand(envelope: Envelope) -> tuple[Recipient, ...]:
    """Nothing is requeued here."""
    return envelope.recipients


async def report(_order: ReportOrder) -> StoredMessage | None:
    """Nothing is reported here."""
    return None


async def forward(message: StoredMessage, _forwarding: Forwarding) -> StoredMessage:
    """Nothing is sent on here."""
    return message


async def accept(store: EmbeddedStore, runner: Runner, content: bytes) -> None:
    """One message comes in."""
    now = time.time()
    identity = store.identify(now)
    draft = store.draft(identity)
    draft.write(content)
    body = await draft.seal(b"Subject: bench\r\n\r\n")
    message = StoredMessage(identity, ENVELOPE, (Row(1, RECIPIENT),), body, now, now, now)
    await store.commit(message)
    runner.submit(message)


async def pass_through(slot: Slot, *, messages: int, producers: int, size: int, delay: float) -> None:
    """Let messages come and go, and say what that cost."""
    store = open_store(slot)
    numbers = itertools.count()
    content = b"x" * size
    sink = LogSink(FileTarget(str(slot.folder / "log")), ClassicShape("bench"))
    left = messages
    finished = asyncio.Event()

    def log(tag: str, number: int, event: Event) -> None:
        nonlocal left
        sink(tag, number, event)
        if type(event).__name__ == "Removed":
            left -= 1
            if not left:
                finished.set()

    agents = {"smtp": Agent(Sender(delay), "smtp")}
    runner = Runner(store, Plan(agents, QueueRules(), resolve, expand, report, forward), Logger(log))
    running = asyncio.create_task(runner.run())
    await asyncio.sleep(0)

    async def produce() -> None:
        while next(numbers) < messages:
            await accept(store, runner, content)

    wall, process, loop = time.perf_counter(), time.process_time(), time.thread_time()
    await asyncio.gather(*(produce() for _ in range(producers)))
    await finished.wait()
    wall, process, loop = (
        time.perf_counter() - wall,
        time.process_time() - process,
        time.thread_time() - loop,
    )
    await runner.stop(1.0)
    await running
    await store.close()
    each = 1e6 / messages
    print(
        f"{messages / wall:,.0f} messages a second; processor time each: {process * each:.0f} µs, "
        f"{loop * each:.0f} of them the loop's"
    )


def main() -> None:
    """Read the words and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", help="where to put the queue (default: the folder for temporary files)")
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--producers", type=int, default=20)
    parser.add_argument("--size", type=int, default=4096)
    parser.add_argument("--delay", type=float, default=0.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        spool = Spool(Path(folder))
        spool.create()
        spool.slot(0).create()
        uvloop.run(
            pass_through(
                spool.slot(0),
                messages=given.messages,
                producers=given.producers,
                size=given.size,
                delay=given.delay,
            )
        )


if __name__ == "__main__":
    main()
