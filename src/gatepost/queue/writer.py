"""The thread that writes the ledger. What is asked for while a commit waits for the disk shares the next one.

The rules:

1. One thread, one connection: no two writers ever wait for one another, and a busy event loop loses no time to the
   disk. A batch costs one hop there and one hop back, however many operations it has.
2. A transaction costs much more than what is in it. So it begins when the event loop has nothing else to do, or at
   the latest `PACE` after somebody asked; and what nobody waits for (the result of a delivery) rides with the next
   one that somebody waits for, or goes after `PATIENCE`.
3. Where a batch fails, each of its operations is tried alone, and fails alone.
4. A new message is taken only if there is room to fold the log into the database afterwards, and some to spare.
   Otherwise a disk full of mail would be one that no mail can leave, as a deletion has to be written, too.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import apsw

from gatepost.queue import damage
from gatepost.queue.body import MemoryBody
from gatepost.queue.ids import RESERVE, Identities
from gatepost.queue.ledger import Commit, Ledger, Operation, Transaction
from gatepost.queue.record import Settlement, StoredMessage
from gatepost.queue.schema import PAGE_SIZE
from gatepost.queue.store import OwnerLost, StoreDamaged, StoreError, StoreFailed, StoreFull

BATCH_OPERATIONS = 1000
"""Operations of one transaction at most, so that the first of them does not wait for too long."""

BATCH_BYTES = 16 * 1024 * 1024
"""Content in one transaction at most, for the same reason."""

PACE = 0.005
"""Seconds that a busy event loop keeps operations back at most, so that more of them share a transaction."""

IDLE = 30e-6
"""Seconds that a turn of the event loop takes at most when nothing happened in it."""

PATIENCE = 0.01
"""Seconds that a settlement waits for a transaction to ride with, at most."""

SPARE_ROOM = 4 * 1024 * 1024
"""Bytes that new mail leaves free, so that on a disk that mail has filled, mail can still leave (rule 4)."""

ROW_ROOM = 4096
"""Bytes that a message takes besides its content, at most: its rows, and a share of the pages they are in."""

FREE_PAGES = 1024
"""Unused pages that the database keeps for mail to come; what is more goes back to the file system in quiet moments."""

SHRINK_PAGES = 256
"""Pages that are given back at a time."""

CHECKPOINT_PAGES = 1000
"""Pages in the write-ahead log from which on it is copied into the database (SQLite's default)."""

_NO_ROOM = frozenset({apsw.SQLITE_FULL, apsw.SQLITE_IOERR_SHMSIZE})


@dataclass(slots=True)
class _Request:
    operation: Operation
    future: asyncio.Future[None]
    error: StoreError | None = None


@dataclass(slots=True)
class _Batch:
    """What becomes one transaction. `room` is the bytes that new messages take, `count` the counter's new reserve."""

    requests: list[_Request]
    room: int
    count: int | None
    transaction: Transaction | None = None  # None where it could not be made for all together


def store_error(error: Exception) -> StoreError:
    """What SQLite's error means for the queue."""
    if isinstance(error, StoreError):
        return error
    extended = getattr(error, "extendedresult", 0)
    if isinstance(error, apsw.FullError) or extended in _NO_ROOM:
        return StoreFull("no space left on device")
    if isinstance(error, damage.DAMAGE):
        return StoreDamaged(f"the database is damaged: {error}")
    return StoreFailed(f"{type(error).__name__}: {error}")


class Writer:
    """Takes operations from the event loop, and tells it when they are durable."""

    def __init__(
        self,
        connection: apsw.Connection,
        ledger: Ledger,
        identities: Identities,
        bodies: Path,
        free_space: Callable[[], int],
        meaning: Callable[[Exception], StoreError] = store_error,
    ) -> None:
        self._connection = connection
        self._free_space = free_space
        self._meaning = meaning
        self._ledger = ledger
        self._identities = identities
        self._bodies = bodies
        self._reserved = 0  # so that the first commit writes a reserve
        self._log_pages = 0
        self._waiting: deque[_Request] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wanted = False  # somebody waits for a transaction
        self._patient = False  # a settlement waits for one, and will not wait for ever
        self._busy = False  # the thread has a batch
        self._turned = self._asked = 0.0  # when the loop turned last, and when somebody asked first
        self._batches: queue.SimpleQueue[_Batch | None] = queue.SimpleQueue()
        self._closed = False
        connection.wal_autocheckpoint(0)  # done after the batch has been answered, not before
        connection.set_wal_hook(self._note_log_pages)
        self._thread = threading.Thread(target=self._run, name="queue writer", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def write(self, operation: Operation) -> asyncio.Future[None]:
        """What is returned is done when the operation is durable; it fails with StoreError if nothing of it happened.

        Raises StoreFailed where the queue is closed.
        """
        if self._closed:
            raise StoreFailed("the queue is closed")
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # the one before has ended, and with it what it wanted to see done
            self._loop, self._wanted, self._patient, self._busy = loop, False, False, False
        request = _Request(operation, loop.create_future())
        self._waiting.append(request)
        if not isinstance(operation, Settlement):
            self._want(loop)
        elif not self._patient:
            self._patient = True
            loop.call_later(PATIENCE, self._lose_patience, loop)
        return request.future

    async def close(self, executor: Executor) -> None:
        """Write what was asked for, and end."""
        if not self._closed:
            self._closed = True
            while self._waiting:
                self._batches.put(self._collect())
            self._batches.put(None)
            await asyncio.get_running_loop().run_in_executor(executor, self._thread.join)

    # On the event loop

    def _lose_patience(self, loop: asyncio.AbstractEventLoop) -> None:
        self._patient = False
        if self._waiting:
            self._want(loop)

    def _want(self, loop: asyncio.AbstractEventLoop) -> None:
        """Have a transaction begin as soon as the thread is free and the loop has nothing else to do (rule 2)."""
        if not self._wanted:
            self._wanted = True
            self._asked, self._turned = time.monotonic(), 0.0
            if not self._busy:
                loop.call_soon(self._turn, loop)

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        now = time.monotonic()
        if now - self._turned > IDLE and now - self._asked < PACE:
            self._turned = now
            loop.call_soon(self._turn, loop)
            return
        self._wanted = False
        if self._waiting:
            self._busy = True
            self._batches.put(self._collect())
            if self._waiting:  # it was more than one transaction takes
                self._want(loop)

    def _collect(self) -> _Batch:
        """All requests that are waiting, up to the limits."""
        requests: list[_Request] = []
        octets = arriving = 0
        while self._waiting and len(requests) < BATCH_OPERATIONS and octets < BATCH_BYTES:
            request = self._waiting.popleft()
            requests.append(request)
            if isinstance(request.operation, Commit):
                arriving += 1
                octets += _octets(request.operation.message)
        count = self._identities.count
        reserve = count + RESERVE if count + RESERVE // 2 > self._reserved else None
        batch = _Batch(requests, octets + arriving * ROW_ROOM, reserve)
        with suppress(Exception):  # the thread finds out which of them it is
            batch.transaction = self._ledger.prepare([request.operation for request in requests], reserve)
        return batch

    def _done(self, requests: list[_Request], loop: asyncio.AbstractEventLoop) -> None:
        """The thread is free again: tell those who waited."""
        self._busy = False
        if self._wanted:
            loop.call_soon(self._turn, loop)
        for request in requests:
            if request.future.done():
                continue
            if request.error is None:
                request.future.set_result(None)
            else:
                request.future.set_exception(request.error)

    # In the thread

    def _run(self) -> None:
        while batch := self._batches.get():
            self._write_batch(batch)
            loop = batch.requests[0].future.get_loop()
            with suppress(RuntimeError):  # a loop that has been closed has nobody waiting
                loop.call_soon_threadsafe(self._done, batch.requests, loop)
            self._tidy()
        self._checkpoint()
        self._connection.close()

    def _write_batch(self, batch: _Batch) -> None:
        """One transaction for all; where that fails, one for each, so that no message fails for another (rule 3)."""
        if batch.transaction is not None:
            error = self._attempt(batch.transaction, batch.room, batch.count)
            if error is None or isinstance(error, OwnerLost):
                for request in batch.requests:
                    request.error = error
                return
        for request in batch.requests:
            request.error = self._write_alone(request.operation, batch.count)

    def _write_alone(self, operation: Operation, count: int | None) -> StoreError | None:
        room = _octets(operation.message) + ROW_ROOM if isinstance(operation, Commit) else 0
        try:
            transaction = self._ledger.prepare([operation], count)
        except Exception as error:  # noqa: BLE001 - whatever it is, the request gets its answer
            return self._meaning(error)
        return self._attempt(transaction, room, count)

    def _attempt(self, transaction: Transaction, room: int, count: int | None) -> StoreError | None:
        """Write a transaction; returns what it failed with."""
        try:
            if room and not self._has_room(room):
                self._checkpoint()
                while self._shrink(keep=0) and not self._has_room(room):
                    pass
                if not self._has_room(room):
                    raise StoreFull("no space left on device but what is kept for mail to leave")  # noqa: TRY301 - one way to tell
            files = self._ledger.apply(transaction)
        except Exception as error:  # noqa: BLE001 - whatever it is, each request gets its answer
            return self._meaning(error)
        if count is not None:
            self._reserved = count
        for file in files:
            with suppress(OSError):  # the next start tries again
                (self._bodies / file.name).unlink()
        return None

    def _has_room(self, octets: int) -> bool:
        """Whether new messages leave room to write them into the log and the database, and some to spare (rule 4)."""
        return self._free_space() >= SPARE_ROOM + self._log_pages * PAGE_SIZE + 2 * octets

    def _tidy(self) -> None:
        """Fold the log into the database when it is long, or while there is still room for that."""
        scarce = self._free_space() < SPARE_ROOM + (self._log_pages + FREE_PAGES) * PAGE_SIZE
        if self._log_pages >= CHECKPOINT_PAGES or (scarce and self._log_pages):
            self._checkpoint()
            if scarce or self._batches.empty():
                self._shrink(keep=0 if scarce else FREE_PAGES)

    def _note_log_pages(self, _connection: apsw.Connection, _database: str, pages: int) -> int:
        self._log_pages = pages
        return apsw.SQLITE_OK

    def _checkpoint(self) -> None:
        with suppress(apsw.Error):  # a full disk: the log stays, and is as good
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        self._log_pages = 0

    def _shrink(self, *, keep: int) -> bool:
        """Give some unused pages back to the file system, where there are more than `keep`; whether there were."""
        with suppress(apsw.Error):
            unused = self._connection.execute("PRAGMA freelist_count").get
            if isinstance(unused, int) and unused > keep:
                pages = min(unused - keep, SHRINK_PAGES)
                self._connection.execute(f"PRAGMA incremental_vacuum({pages})").fetchall()
                self._checkpoint()
                return True
        return False


def _octets(message: StoredMessage) -> int:
    """Bytes of content that go into the database."""
    return message.body.size if isinstance(message.body, MemoryBody) else 0
