"""The thread that writes the ledger. What is asked for while a commit waits for the disk shares the next one.

One thread, one connection: no two writers ever wait for one another, and a busy event loop loses no time to the disk.
A message costs one hop there, and a share of one hop back for the whole batch.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import apsw

from gatepost.queue.body import MemoryBody
from gatepost.queue.ids import RESERVE, Identities
from gatepost.queue.ledger import Commit, Ledger, Operation
from gatepost.queue.store import OwnerLost, StoreError, StoreFailed, StoreFull

BATCH_OPERATIONS = 1000
"""Operations of one transaction at most, so that the first of them does not wait for too long."""

BATCH_BYTES = 16 * 1024 * 1024
"""Content in one transaction at most, for the same reason."""

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

    def __init__(self, connection: apsw.Connection, ledger: Ledger, identities: Identities, bodies: Path) -> None:
        self._connection = connection
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
            if self._log_pages >= CHECKPOINT_PAGES:
                self._checkpoint()
        self._checkpoint()
        self._connection.close()

    def _collect(self) -> tuple[list[_Request], bool]:
        """All requests that are waiting, up to the limits; False where the last of all has been seen."""
        request = self._requests.get()
        batch: list[_Request] = []
        octets = 0
        while request is not None:
            batch.append(request)
            operation = request.operation
            if isinstance(operation, Commit) and isinstance(operation.message.body, MemoryBody):
                octets += operation.message.body.size
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
        reserve = self._identities.count + RESERVE if self._identities.count + RESERVE // 2 > self._reserved else None
        files = self._ledger.apply(operations, reserve)
        if reserve is not None:
            self._reserved = reserve
        for file in files:
            with suppress(OSError):  # the next start tries again
                (self._bodies / file.name).unlink()

    def _note_log_pages(self, _connection: apsw.Connection, _database: str, pages: int) -> int:
        self._log_pages = pages
        return apsw.SQLITE_OK

    def _checkpoint(self) -> None:
        with suppress(apsw.Error):  # a full disk: the log stays, and is as good
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        self._log_pages = 0


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
