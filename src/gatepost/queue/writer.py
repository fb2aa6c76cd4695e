"""The thread that writes the ledger. What is asked for while a commit waits for the disk shares the next one.

The rules:

1. One thread, one connection: no two writers ever wait for one another, and a busy event loop loses no time to the
   disk. A message costs one hop there, and a share of one hop back for the whole batch.
2. Where a batch fails, each of its operations is tried alone, and fails alone.
3. A new message is taken only if there is room to fold the log into the database afterwards, and some to spare.
   Otherwise a disk full of mail would be one that no mail can leave, as a deletion has to be written, too.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import apsw

from gatepost.queue.body import MemoryBody
from gatepost.queue.ids import RESERVE, Identities
from gatepost.queue.ledger import Commit, Ledger, Operation
from gatepost.queue.record import StoredMessage
from gatepost.queue.schema import PAGE_SIZE
from gatepost.queue.store import OwnerLost, StoreError, StoreFailed, StoreFull

BATCH_OPERATIONS = 1000
"""Operations of one transaction at most, so that the first of them does not wait for too long."""

BATCH_BYTES = 16 * 1024 * 1024
"""Content in one transaction at most, for the same reason."""

SPARE_ROOM = 4 * 1024 * 1024
"""Bytes that new mail leaves free, so that on a disk that mail has filled, mail can still leave (rule 3)."""

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
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[None]
    error: StoreError | None = None


def store_error(error: Exception) -> StoreError:
    """What SQLite's error means for the queue."""
    if isinstance(error, StoreError):
        return error
    extended = getattr(error, "extendedresult", 0)
    if isinstance(error, apsw.FullError) or extended in _NO_ROOM:
        return StoreFull("no space left on device")
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
    ) -> None:
        self._connection = connection
        self._free_space = free_space
        self._ledger = ledger
        self._identities = identities
        self._bodies = bodies
        self._reserved = 0  # so that the first commit writes a reserve
        self._log_pages = 0
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._closed = False
        connection.wal_autocheckpoint(0)  # done after the batch has been answered, not before
        connection.set_wal_hook(self._note_log_pages)
        self._thread = threading.Thread(target=self._run, name="queue writer", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    async def write(self, operation: Operation) -> None:
        """Returns when the operation is durable; raises StoreError when nothing of it has happened."""
        if self._closed:
            raise StoreFailed("the queue is closed")
        loop = asyncio.get_running_loop()
        request = _Request(operation, loop, loop.create_future())
        self._requests.put(request)
        await request.future

    async def close(self, executor: Executor) -> None:
        """Write what was asked for, and end."""
        if not self._closed:
            self._closed = True
            self._requests.put(None)
            await asyncio.get_running_loop().run_in_executor(executor, self._thread.join)

    def _run(self) -> None:
        going = True
        while going:
            batch, going = self._collect()
            if batch:
                self._write_batch(batch)
                _answer(batch)
            self._tidy()
        self._checkpoint()
        self._connection.close()

    def _collect(self) -> tuple[list[_Request], bool]:
        """All requests that are waiting, up to the limits; False where the last of all has been seen."""
        request = self._requests.get()
        batch: list[_Request] = []
        octets = 0
        while request is not None:
            batch.append(request)
            if isinstance(request.operation, Commit):
                octets += _octets(request.operation.message)
            if len(batch) >= BATCH_OPERATIONS or octets >= BATCH_BYTES:
                return batch, True
            try:
                request = self._requests.get_nowait()
            except queue.Empty:
                return batch, True
        return batch, False

    def _write_batch(self, batch: list[_Request]) -> None:
        """One transaction for all; where that fails, one for each, so that no message fails for another."""
        try:
            self._apply([request.operation for request in batch])
        except Exception as error:  # noqa: BLE001 - whatever it is, each request gets its answer
            if len(batch) == 1 or isinstance(error, OwnerLost):
                for request in batch:
                    request.error = store_error(error)
                return
            for request in batch:
                self._write_batch([request])

    def _apply(self, operations: list[Operation]) -> None:
        arriving = [operation.message for operation in operations if isinstance(operation, Commit)]
        if arriving and not self._has_room(arriving):
            self._checkpoint()
            self._shrink(keep=0)
            if not self._has_room(arriving):
                raise StoreFull("no space left on device but what is kept for mail to leave")
        reserve = self._identities.count + RESERVE if self._identities.count + RESERVE // 2 > self._reserved else None
        files = self._ledger.apply(operations, reserve)
        if reserve is not None:
            self._reserved = reserve
        for file in files:
            with suppress(OSError):  # the next start tries again
                (self._bodies / file.name).unlink()

    def _has_room(self, arriving: Sequence[StoredMessage]) -> bool:
        """Whether these messages leave room to write them into the log and the database, and some to spare."""
        octets = sum(_octets(message) + ROW_ROOM for message in arriving)
        return self._free_space() >= SPARE_ROOM + self._log_pages * PAGE_SIZE + 2 * octets

    def _tidy(self) -> None:
        """Fold the log into the database when it is long, or while there is still room for that."""
        scarce = self._free_space() < SPARE_ROOM + (self._log_pages + FREE_PAGES) * PAGE_SIZE
        if self._log_pages >= CHECKPOINT_PAGES or (scarce and self._log_pages):
            self._checkpoint()
            if scarce or self._requests.empty():
                self._shrink(keep=0 if scarce else FREE_PAGES)

    def _note_log_pages(self, _connection: apsw.Connection, _database: str, pages: int) -> int:
        self._log_pages = pages
        return apsw.SQLITE_OK

    def _checkpoint(self) -> None:
        with suppress(apsw.Error):  # a full disk: the log stays, and is as good
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        self._log_pages = 0

    def _shrink(self, *, keep: int) -> None:
        """Give some unused pages back to the file system, where there are more than `keep`."""
        with suppress(apsw.Error):
            unused = self._connection.execute("PRAGMA freelist_count").get
            if isinstance(unused, int) and unused > keep:
                pages = min(unused - keep, SHRINK_PAGES)
                self._connection.execute(f"PRAGMA incremental_vacuum({pages})").fetchall()
                self._checkpoint()


def _octets(message: StoredMessage) -> int:
    """Bytes of content that go into the database."""
    return message.body.size if isinstance(message.body, MemoryBody) else 0


def _answer(batch: list[_Request]) -> None:
    """Wake the callers: one call into each loop that they live in."""
    loops: dict[asyncio.AbstractEventLoop, list[_Request]] = {}
    for request in batch:
        loops.setdefault(request.loop, []).append(request)
    for loop, mine in loops.items():
        with suppress(RuntimeError):  # a loop that has been closed has nobody waiting
            loop.call_soon_threadsafe(_resolver(mine))


def _resolver(batch: list[_Request]) -> Callable[[], None]:
    def resolve() -> None:
        for request in batch:
            if request.future.done():
                continue
            if request.error is None:
                request.future.set_result(None)
            else:
                request.future.set_exception(request.error)

    return resolve
