"""How many messages a second the embedded queue takes in and lets go, durably, and what each costs the processor.

    python bench/ledger.py [FOLDER] [--messages N] [--producers N] [--size BYTES]

A message's whole life: identity, draft, commit, settled. The producers do one after the other, as sessions would.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import tempfile
import time
from pathlib import Path

import uvloop

from gatepost.mail.envelope import Envelope, Recipient
from gatepost.queue.embedded import EmbeddedStore, open_store
from gatepost.queue.record import Fate, Row, Settlement, StoredMessage
from gatepost.queue.spool import Spool

ENVELOPE = Envelope("sender@example.com", ())
RECIPIENT = Recipient("recipient@example.net", "recipient@example.net")


async def live(store: EmbeddedStore, content: bytes) -> None:
    """One message's life."""
    now = time.time()
    identity = store.identify(now)
    draft = store.draft(identity)
    draft.write(content)
    body = await draft.seal(b"Subject: bench\r\n\r\n")
    message = StoredMessage(identity, ENVELOPE, (Row(1, RECIPIENT),), body, now, now, now)
    await store.commit(message)
    await store.settle(Settlement(message, Fate.REMOVE))


async def measure(folder: Path, messages: int, producers: int, size: int) -> None:
    """Run it and say what came of it."""
    spool = Spool(folder)
    spool.create()
    spool.slot(0).create()
    store = open_store(spool.slot(0))
    numbers = itertools.count()
    content = b"x" * size

    async def produce() -> None:
        while next(numbers) < messages:
            await live(store, content)

    wall, processor = time.perf_counter(), time.process_time()
    await asyncio.gather(*(produce() for _ in range(producers)))
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    await store.close()
    print(f"{messages / wall:,.0f} messages a second, {processor / messages * 1e6:.0f} µs of processor time each")


def main() -> None:
    """Read the words and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", help="where to put the queue (default: the folder for temporary files)")
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--producers", type=int, default=50)
    parser.add_argument("--size", type=int, default=4096)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        uvloop.run(measure(Path(folder), given.messages, given.producers, given.size))


if __name__ == "__main__":
    main()
