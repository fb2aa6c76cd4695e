"""Fills a queue with deferred messages, through the store's own protocol, for a server that is to start with them."""

from __future__ import annotations

import asyncio
import itertools
import os
import pwd
import time
from pathlib import Path

import uvloop

from gatepost.mail.envelope import Envelope, Recipient
from gatepost.queue.embedded import open_store
from gatepost.queue.record import MessageState, Row, StoredMessage
from gatepost.queue.spool import Spool

OWNER = "postfix"
DOMAINS = 1000
TOGETHER = 1000
"""Messages of one commit."""

FIRST_DUE, LAST_DUE = 3600.0, 5 * 3600.0
"""Seconds from now on between which they are due, so that none is tried while something is measured."""

CONTENT = b"Received: from mail.client.example\r\nSubject: bench\r\n\r\n" + b"x" * 1024 + b"\r\n"


def fill(queue_directory: Path, messages: int, slots: int) -> None:
    """Put so many messages into so many slots. Raises StoreError, OSError."""
    spool = Spool(queue_directory)
    spool.create()
    for slot in range(slots):
        uvloop.run(_fill_slot(spool, slot, messages // slots + (slot < messages % slots)))
    owner = pwd.getpwnam(OWNER)
    for path in (spool.folder, *spool.folder.rglob("*")):
        os.chown(path, owner.pw_uid, owner.pw_gid)


async def _fill_slot(spool: Spool, number: int, messages: int) -> None:
    spool.slot(number).create()
    store = open_store(spool.slot(number))
    now = time.time()

    async def one(index: int) -> None:
        identity = store.identify(now)
        draft = store.draft(identity)
        body = await draft.seal(CONTENT)
        address = f"user{index}@down{index % DOMAINS}.example"
        due = now + FIRST_DUE + (LAST_DUE - FIRST_DUE) * index / messages
        await store.commit(
            StoredMessage(
                identity,
                Envelope("a@client.example", ()),
                (Row(1, Recipient(address, address)),),
                body,
                now,
                now,
                due,
                state=MessageState.DEFERRED,
                attempts=1,
                reason="connect to down.example[192.0.2.9]:25: Connection timed out",
            )
        )

    indices = iter(range(messages))
    while batch := list(itertools.islice(indices, TOGETHER)):
        await asyncio.gather(*map(one, batch))
    await store.close()
