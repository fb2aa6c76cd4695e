"""The embedded store: SQLite, one database file for each slot. docs/decisions/0006 has the reasons and the numbers."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import apsw

from gatepost.queue import damage, schema
from gatepost.queue.body import MEMORY_LIMIT, FileBody, FileDraft, LedgerBody, MemoryBody
from gatepost.queue.body import store_error as os_store_error
from gatepost.queue.database import Database
from gatepost.queue.ledger import Alter, Commit, Erase
from gatepost.queue.reader import Reader
from gatepost.queue.record import Change, Damaged, Identity, MessageState, Selection, Settlement, StoredMessage
from gatepost.queue.spool import Slot, SlotLock, sync_folder
from gatepost.queue.store import StoreDamaged, StoreError, StoreFailed
from gatepost.queue.writer import SPARE_ROOM, Writer, store_error

SYNC_THREADS = 4
"""Large bodies that wait for the disk at the same time."""

ORPHANS = 500
"""Body files that the database is asked about at a time."""

_T = TypeVar("_T")


class EmbeddedStore:
    """The owner of one slot. Made by `open_store`; `QueueStore` says what the methods do.

    `finding` is what was wrong with the database that the slot had before, which has been set aside.
    `damaged`, where set, is told (in any thread) that the database is damaged, and this owner is to end.
    """

    def __init__(self, slot: Slot, lock: SlotLock, database: Database, *, body_limit: int) -> None:
        self.slot = slot
        self.finding = database.finding
        self.damaged: Callable[[str], None] | None = None
        self._bodies = slot.bodies
        self._lock = lock
        self._body_limit = body_limit
        self._identities = database.identities
        self._writer = Writer(
            database.writing, database.ledger, database.identities, slot.bodies, self.free_space, self._store_error
        )
        self._reading = database.reading
        self._reader = Reader(database.reading, slot, self.content)
        self._reads = ThreadPoolExecutor(1, thread_name_prefix="queue reader")
        self._syncs = ThreadPoolExecutor(SYNC_THREADS, thread_name_prefix="queue bodies")
        self._closed = False
        self._remove_orphans()
        self._writer.start()

    def identify(self, now: float) -> Identity:
        """A new identity."""
        return self._identities.next(now)

    def draft(self, identity: Identity) -> FileDraft:
        """Begin a new message's content."""
        return FileDraft(self._bodies, identity.queue_id, self._syncs, self._body_limit, self._has_room)

    def free_space(self) -> int:
        """Bytes that an unprivileged process may still write to the queue's file system."""
        found = os.statvfs(self.slot.folder)
        return found.f_bavail * found.f_frsize

    def _has_room(self, octets: int) -> bool:
        """Whether a body file may take so many bytes more."""
        return self.free_space() >= SPARE_ROOM + octets

    def commit(self, message: StoredMessage) -> asyncio.Future[None]:
        """Take a message in."""
        return self._writer.write(Commit(message))

    async def adopt(self, message: StoredMessage, origin: str) -> bool:
        """Take a message in, unless one of that origin was taken in before."""
        if await self.adopted([origin]):
            return False
        await self._writer.write(Commit(message, origin))
        return True

    async def adopted(self, origins: Sequence[str]) -> set[str]:
        """Those origins from which a message was taken in."""
        return await self._read(lambda: self._reader.adopted(origins))

    async def origin(self, number: int) -> str:
        """Where a message was taken from; empty where it came in here."""
        return await self._read(lambda: self._reader.origin(number))

    def settle(self, settlement: Settlement) -> asyncio.Future[None]:
        """Write what an attempt came to."""
        return self._writer.write(settlement)

    async def change(self, numbers: Sequence[int], change: Change, now: float, note: str = "") -> None:
        """Change messages as an administrator asks."""
        await self._writer.write(Alter(tuple(numbers), change, now, note))

    async def erase(self, numbers: Sequence[int]) -> None:
        """Delete messages."""
        await self._writer.write(Erase(tuple(numbers)))

    async def due(self, until: float, limit: int) -> list[int]:
        """What is due by then."""
        return await self._read(lambda: self._reader.due(until, limit))

    async def load(self, numbers: Iterable[int]) -> list[StoredMessage | Damaged]:
        """Those messages, checked."""
        wanted = list(numbers)
        return await self._read(lambda: self._reader.load(wanted))

    async def browse(self, selection: Selection, after: int, limit: int) -> list[StoredMessage]:
        """A page for listings."""
        return await self._read(lambda: self._reader.browse(selection, after, limit))

    async def find(self, queue_ids: Iterable[str]) -> Mapping[str, int]:
        """Numbers by queue id."""
        wanted = list(queue_ids)
        return await self._read(lambda: self._reader.find(wanted))

    async def counts(self) -> Mapping[MessageState, int]:
        """How many messages stand where."""
        return await self._read(self._reader.counts)

    async def content(self, identity: Identity) -> MemoryBody | FileBody:
        """A message's content, not checked."""
        return await self._read(lambda: self._reader.body(identity))

    def leave_in_ledger(self, message: StoredMessage) -> LedgerBody:
        """A body for the message that takes no memory."""
        return LedgerBody(message.identity, message.body.size, self.content)

    async def close(self) -> None:
        """Finish what was begun, and give up the slot."""
        if self._closed:
            return
        self._closed = True
        # The reader first: the last connection to close is the one that folds the log into the database.
        await asyncio.get_running_loop().run_in_executor(self._reads, self._reading.close)
        await self._writer.close(self._syncs)
        self._reads.shutdown()
        self._syncs.shutdown()
        self._lock.release()

    async def _read(self, query: Callable[[], _T]) -> _T:
        if self._closed:
            raise StoreFailed("the queue is closed")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._reads, query)
        except (apsw.Error, schema.Mismatch) as error:
            raise self._store_error(error) from error

    def _store_error(self, error: Exception) -> StoreError:
        """What an error means; the damage that it may be is noted for the next owner."""
        meaning = store_error(error)
        if isinstance(meaning, StoreDamaged):
            damage.mark(self.slot, str(meaning))
            if self.damaged is not None:
                self.damaged(str(meaning))
        return meaning

    def _remove_orphans(self) -> None:
        """Body files whose message was never committed, or is gone. No draft can be open yet."""
        found = iter(list(self.slot.bodies.iterdir()))
        while entries := list(itertools.islice(found, ORPHANS)):
            wanted = self._reader.body_files([entry.name for entry in entries])
            for entry in entries:
                if entry.name not in wanted:
                    with suppress(OSError):
                        entry.unlink()


def open_store(
    slot: Slot, *, long_ids: bool = False, body_limit: int = MEMORY_LIMIT, vfs: str | None = None
) -> EmbeddedStore:
    """Become the owner of a slot whose folders exist.

    `long_ids`: `enable_long_queue_ids`. `body_limit`: bytes above which a message has a file of its own. `vfs` names a
    SQLite file system (for tests). Raises SlotBusy, StoreFull or StoreFailed.
    """
    try:
        lock = slot.lock()
    except OSError as error:
        raise os_store_error(error) from error
    try:
        database = Database(slot, long_ids=long_ids, vfs=vfs)
        _sync_way(slot)
        return EmbeddedStore(slot, lock, database, body_limit=body_limit)
    except (apsw.Error, StoreError, OSError) as error:
        lock.release()
        raise _opening_error(slot.database, error) from error


def _sync_way(slot: Slot) -> None:
    """Make the slot's own name, and those of the folders that it is in, durable, whoever made them."""
    for folder in (slot.folder, *slot.folder.parents[:3]):
        with suppress(PermissionError):  # those further up may be closed to us, and are older than the queue
            sync_folder(folder)


def _opening_error(database: Path, error: Exception) -> StoreError:
    meaning = os_store_error(error) if isinstance(error, OSError) else store_error(error)
    return type(meaning)(f"{database}: {meaning}")
