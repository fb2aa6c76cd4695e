"""What a long queue of deferred mail costs: memory, the start, the cost of new mail, looks at the queue.

    python -m bench.backlog [FOLDER] [--deferred N] [--messages N] [--size BYTES]

Fills a slot with deferred messages that are due in the hours to come, straight into its tables; then opens it, looks
for due mail, and lets messages come and go, as `life.py` does, beside an empty queue in turn (A B A B).
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import apsw
import uvloop

from bench.life import ENVELOPE, RECIPIENT, pass_through
from gatepost.mail.delivery import Result, Status
from gatepost.queue import schema
from gatepost.queue.body import MemoryBody
from gatepost.queue.embedded import open_store
from gatepost.queue.ids import FIRST, SLOTS, short_id
from gatepost.queue.record import Change, Identity, MessageState, Row, Selection, StoredMessage
from gatepost.queue.spool import Slot, Spool

PART = 50_000
"""Messages that are written at a time."""


def make_slot(folder: Path) -> Slot:
    """An empty slot."""
    spool = Spool(folder)
    spool.create()
    spool.slot(0).create()
    asyncio.run(open_store(spool.slot(0)).close())
    return spool.slot(0)


def deferred(count: int, size: int, now: float) -> Iterator[tuple[StoredMessage, MemoryBody]]:
    """Messages that were tried in vain: a thousand destinations, due from an hour hence on, over four hours."""
    body = MemoryBody(b"Subject: bench\r\n\r\n" + b"x" * size)
    for count_now in range(FIRST, FIRST + count):
        number = count_now * SLOTS
        address = f"user{count_now}@domain{count_now % 1000}.example"
        text = "connect to mx.example[192.0.2.1]:25: Connection timed out"
        recipient = replace(RECIPIENT, address=address, original=address)
        row = Row(1, recipient, result=Result(1, Status.DEFERRED, "4.4.1", text))
        due = now + 3600 + count_now * 7919 % 14400
        identity = Identity(number, short_id(count_now * 7 % 1_000_000, number))
        yield (
            StoredMessage(
                identity, ENVELOPE, (row,), body, now, now, due, MessageState.DEFERRED, attempts=3, reason=text
            ),
            body,
        )


def load(slot: Slot, count: int, size: int) -> None:
    """Fill the slot."""
    connection = apsw.Connection(str(slot.database))
    connection.execute("PRAGMA synchronous = OFF")
    names = {"message": schema.MESSAGE, "recipient": schema.RECIPIENT, "body": schema.BODY}
    columns = {name: ", ".join("?" * len(given)) for name, given in names.items()}
    messages = deferred(count, size, time.time())
    for start in range(0, count, PART):
        part = [next(messages) for _ in range(min(PART, count - start))]
        with connection:
            connection.executemany(
                f"INSERT INTO message VALUES ({columns['message']})",  # noqa: S608 - places for values
                [schema.message_values(message, body, 0) for message, body in part],
            )
            connection.executemany(
                f"INSERT INTO recipient VALUES ({columns['recipient']})",  # noqa: S608 - places for values
                [schema.recipient_values(message.identity.number, message.rows[0]) for message, _ in part],
            )
            connection.executemany(
                f"INSERT INTO body VALUES ({columns['body']})",  # noqa: S608 - places for values
                [schema.body_values(message.identity.number, body) for message, body in part],
            )
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    connection.execute("UPDATE owner SET count = ?", (FIRST + count,))
    connection.close()


def resident() -> float:
    """MB of memory that this process has now."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


async def look(slot: Slot) -> None:
    """Open the queue, and look at it."""
    began = time.perf_counter()
    store = open_store(slot)
    found = await store.due(time.time(), 20_001)
    print(f"opened, {len(found)} due: {time.perf_counter() - began:.2f} s, {resident():.0f} MB in all")
    looks: dict[str, Callable[[], Awaitable[object]]] = {
        "counts": store.counts,
        "a page of a listing": lambda: store.browse(Selection(), 0, 200),
        "a page of a domain": lambda: store.browse(Selection((MessageState.DEFERRED,), "domain7.example"), 0, 500),
        "the 20,000 that are due first": lambda: store.due(time.time() + 86_400, 20_000),
    }
    for name, act in looks.items():
        began = time.perf_counter()
        await act()
        print(f"{name}: {time.perf_counter() - began:.3f} s")
    page = [message.identity.number for message in await store.browse(Selection((MessageState.DEFERRED,)), 0, 500)]
    began = time.perf_counter()
    await store.change(page, Change.EXPEDITE, time.time() + 1e6)  # which leaves them as they are
    print(f"a change of 500: {time.perf_counter() - began:.3f} s; {resident():.0f} MB in all")
    await store.close()


def main() -> None:
    """Read the words and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", help="where to put the queues (default: the folder for temporary files)")
    parser.add_argument("--deferred", type=int, default=1_000_000)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--size", type=int, default=1024)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        empty, full = (make_slot(Path(name) / one) for one in ("empty", "full"))
        began = time.perf_counter()
        load(full, given.deferred, given.size)
        print(f"{given.deferred} messages loaded in {time.perf_counter() - began:.0f} s", flush=True)
        uvloop.run(look(full))
        for slot, word in ((empty, "empty"), (full, "full")) * 2:
            print(f"{word}: ", end="", flush=True)
            uvloop.run(pass_through(slot, messages=given.messages, producers=20, size=4096, delay=0.001))
            print(f"{resident():.0f} MB in all", flush=True)


if __name__ == "__main__":
    main()
