"""Message content: while it arrives, in memory, in a file of its own, in the ledger.

A content has a head (the header section as it is stored, and for small messages everything else too), and for large
messages a file with the rest. The commit order: the file is written and synced, its name is synced, and only then does
the row that refers to it enter the ledger. A crash before that leaves a file without a row, which the next start
removes; a crash after it leaves a whole message. A file is removed after its row.
"""

from __future__ import annotations

import asyncio
import errno
import os
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gatepost.queue.record import Identity
from gatepost.queue.spool import sync_folder
from gatepost.queue.store import StoreFailed, StoreFull

PIECE = 64 * 1024
"""Bytes that are handed out at a time."""

MEMORY_LIMIT = 256 * 1024
"""Bytes of one message that are kept in memory, and in the ledger; what is larger gets a file."""

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True, slots=True)
class MemoryBody:
    """Content in memory; stored in the ledger itself."""

    head: bytes

    @property
    def size(self) -> int:
        """Length in bytes."""
        return len(self.head)

    @property
    def whole(self) -> bytes:
        """The content."""
        return self.head

    async def chunks(self) -> AsyncIterator[bytes]:
        """The content, in pieces."""
        for start in range(0, len(self.head), PIECE):
            yield self.head[start : start + PIECE]


@dataclass(frozen=True, slots=True)
class FileBody:
    """A large content: its head, and the file with the rest; `checksum` is the CRC-32 of that rest."""

    head: bytes
    path: Path
    file_size: int
    checksum: int

    @property
    def size(self) -> int:
        """Length in bytes."""
        return len(self.head) + self.file_size

    @property
    def whole(self) -> None:
        """It is not in memory."""
        return

    async def chunks(self) -> AsyncIterator[bytes]:
        """The content, in pieces; the disk is waited for in another thread. Raises OSError."""
        for start in range(0, len(self.head), PIECE):
            yield self.head[start : start + PIECE]
        source = await asyncio.to_thread(self.path.open, "rb", 0)
        try:
            while piece := await asyncio.to_thread(source.read, PIECE):
                yield piece
        finally:
            source.close()

    def verify(self) -> str:
        """What is wrong with the file, empty where nothing is. Reads all of it."""
        found, size = 0, 0
        try:
            with self.path.open("rb", 0) as source:
                while piece := source.read(16 * PIECE):
                    found = zlib.crc32(piece, found)
                    size += len(piece)
        except OSError as error:
            return f"body file: {error.strerror}"
        if size != self.file_size:
            return f"body file has {size} bytes, not {self.file_size}"
        return "" if found == self.checksum else "body file does not match its checksum"


@dataclass(frozen=True, slots=True)
class LedgerBody:
    """Content that is in the ledger and not in memory; `fetch` gives it in a form that is."""

    identity: Identity
    size: int
    fetch: Callable[[Identity], Awaitable[MemoryBody | FileBody]]

    @property
    def whole(self) -> None:
        """It is not in memory."""
        return

    async def chunks(self) -> AsyncIterator[bytes]:
        """The content, in pieces. Raises StoreError."""
        body = await self.fetch(self.identity)
        async for piece in body.chunks():
            yield piece


StoredBody = MemoryBody | FileBody
"""Content as a store takes it in."""


def store_error(error: OSError) -> StoreFull | StoreFailed:
    """What an operating system's error means for the queue."""
    kind = StoreFull if error.errno in _NO_ROOM else StoreFailed
    return kind(error.strerror or str(error))


class FileDraft:
    """A content that arrives: in memory up to a limit, then in a file, which `seal` makes durable.

    `has_room` tells whether so many bytes more may be written. Writes to the file go to the kernel's memory and do not
    wait for the disk; what they fail with is kept for `seal`. The file is `name` in `folder`.
    """

    __slots__ = (
        "_abandoned",
        "_checksum",
        "_created",
        "_descriptor",
        "_error",
        "_executor",
        "_folder",
        "_has_room",
        "_held",
        "_limit",
        "_name",
        "_pieces",
        "_syncing",
        "_written",
    )

    def __init__(
        self,
        folder: Path,
        name: str,
        executor: Executor,
        limit: int = MEMORY_LIMIT,
        has_room: Callable[[int], bool] = lambda _: True,
    ) -> None:
        self._has_room = has_room
        self._folder = folder
        self._name = name
        self._executor = executor
        self._limit = limit
        self._pieces: list[bytes] = []
        self._held = 0
        self._descriptor = -1
        self._created = False
        self._written = 0
        self._checksum = 0
        self._error: OSError | None = None
        self._syncing = False
        self._abandoned = False  # while another thread was busy with the file

    @property
    def _path(self) -> Path:
        return self._folder / self._name

    def write(self, data: bytes) -> None:
        """Add to the content."""
        self._pieces.append(data)
        self._held += len(data)
        if self._held > (self._limit if self._descriptor < 0 else PIECE):
            self._spill()

    async def seal(self, head: bytes) -> StoredBody:
        """The content with `head` in front. Raises StoreFull or StoreFailed."""
        if self._descriptor < 0 and self._error is None and len(head) + self._held > self._limit and self._held:
            self._spill()
        if self._descriptor < 0 and self._error is None:
            return MemoryBody(b"".join((head, *self._pieces)))
        if self._held:
            self._spill()
        try:
            if self._error is not None:
                raise self._error
            self._syncing = True
            await asyncio.get_running_loop().run_in_executor(self._executor, self._sync)
        except OSError as error:
            self.discard()
            raise store_error(error) from error
        return FileBody(head, self._path, self._written, self._checksum)

    def discard(self) -> None:
        """Drop it all."""
        self._pieces.clear()
        self._held = 0
        if self._syncing:  # the descriptor is in use; that thread drops the file when it is done
            self._abandoned = True
            return
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        if self._created:
            self._created = False
            with suppress(OSError):
                self._path.unlink()

    def _spill(self) -> None:
        if self._error is not None:
            self._pieces.clear()  # it is lost already; the client hears of it at the end
            self._held = 0
            return
        data = b"".join(self._pieces)
        self._pieces.clear()
        self._held = 0
        try:
            self._append(data)
        except OSError as error:
            self._error = error
            return
        self._written += len(data)
        self._checksum = zlib.crc32(data, self._checksum)

    def _append(self, data: bytes) -> None:
        if not self._has_room(len(data)):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if self._descriptor < 0:
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            self._created = True
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]

    def _sync(self) -> None:
        try:
            os.fsync(self._descriptor)
            sync_folder(self._folder)
        finally:
            os.close(self._descriptor)
            self._descriptor = -1
            self._syncing = False
            if self._abandoned:
                self.discard()
