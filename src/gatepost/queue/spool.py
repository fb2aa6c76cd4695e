"""The queue directory: `$queue_directory/gatepost` with a folder for each slot, and the lock that makes a slot's owner.

```
gatepost/            0700, mail_owner
└── slot-0/
    ├── lock         flock by the owner; the kernel releases it when the owner dies
    ├── queue.db     with queue.db-wal and queue.db-shm
    ├── bodies/      one file for each large body, named by queue id
    └── control      the owner's socket for `gatepost queue`
```

The lock is on a file of its own: SQLite's locks on the database file would vanish when any other descriptor of that
file is closed in the same process.
"""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from gatepost.queue.store import SlotBusy

_SLOT = re.compile(r"slot-(\d{1,3})")

FOLDER_MODE = 0o700
"""Mail is nobody's business but the mail owner's."""


PATIENCE = 1.0
"""Seconds to wait for a lock. A program that a dead owner had begun to start may hold it for a moment longer."""


@dataclass(frozen=True, slots=True)
class Spool:
    """The queue directory of one instance. `queue_directory` is the main.cf parameter."""

    queue_directory: Path

    @property
    def folder(self) -> Path:
        """Our part of it; a Postfix queue beside it is never touched."""
        return self.queue_directory / "gatepost"

    def create(self, owner: tuple[int, int] | None = None) -> None:
        """Make the folder, owned by `owner` (uid, gid) where that is given. Raises OSError."""
        self.queue_directory.mkdir(parents=True, exist_ok=True)
        _make_folder(self.folder, owner)

    def slots(self) -> Iterator[int]:
        """The slots that exist, in order; those beyond the number of workers are to be drained."""
        found = (_SLOT.fullmatch(entry.name) for entry in self.folder.iterdir()) if self.folder.is_dir() else iter(())
        yield from sorted(int(match[1]) for match in found if match)

    def slot(self, number: int) -> Slot:
        """The folder of one slot."""
        return Slot(self.folder / f"slot-{number}", number)


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot's folder."""

    folder: Path
    number: int

    @property
    def database(self) -> Path:
        """The ledger."""
        return self.folder / "queue.db"

    @property
    def bodies(self) -> Path:
        """The folder of large bodies."""
        return self.folder / "bodies"

    @property
    def control(self) -> Path:
        """The owner's socket."""
        return self.folder / "control"

    def create(self, owner: tuple[int, int] | None = None) -> None:
        """Make the folders. Raises OSError."""
        _make_folder(self.folder, owner)
        _make_folder(self.bodies, owner)

    def lock(self, patience: float = PATIENCE) -> SlotLock:
        """Become the owner; waits for up to `patience` seconds, then raises SlotBusy where somebody else is."""
        end = time.monotonic() + patience
        while True:
            try:
                return SlotLock(self.folder / "lock")
            except SlotBusy:
                if time.monotonic() >= end:
                    raise
                time.sleep(0.01)


class SlotLock:
    """The ownership of a slot, for as long as this object is not released and the process lives."""

    def __init__(self, path: Path) -> None:
        # Not inheritable (Python's default), or a delivery program would keep the lock of a dead worker.
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if not os.geteuid():  # root came first (`gatepost queue`); the owner of the folder must be able to lock, too
            folder = path.parent.stat()
            os.fchown(self._descriptor, folder.st_uid, folder.st_gid)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._descriptor, 20, 0).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            raise SlotBusy(f"{path} is locked" + (f" by process {holder}" if holder else "")) from error
        os.ftruncate(self._descriptor, 0)
        # Only for people to read; on a full disk the lock holds all the same.
        with suppress(OSError):
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Give the slot up; once is enough."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make_folder(folder: Path, owner: tuple[int, int] | None) -> None:
    try:
        folder.mkdir(FOLDER_MODE)
    except FileExistsError:
        return
    folder.chmod(FOLDER_MODE)  # whatever the umask is
    if owner is not None:
        os.chown(folder, *owner)
    sync_folder(folder.parent)
