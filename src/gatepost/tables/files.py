"""Where tables find their files, and the time."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import NamedTuple, Protocol


class Signature(NamedTuple):
    """What tells one state of a file from another."""

    device: int
    inode: int
    size: int
    modified: int  # nanoseconds
    changed: int  # nanoseconds; unlike `modified` it cannot be set back

    @classmethod
    def of(cls, status: os.stat_result) -> Signature:
        """From stat(2)."""
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


class Files(Protocol):
    """The files that tables read; a worker may get some of them from its supervisor."""

    def signature(self, path: str) -> Signature:
        """The file's present state. Raises OSError."""
        ...

    def read(self, path: str) -> tuple[bytes, Signature]:
        """The whole content, and the state after it was read. Raises OSError."""
        ...

    def now(self) -> float:
        """Seconds since the epoch, by the clock that file times come from."""
        ...


class LocalFiles:
    """The file system. Relative names are below `directory`."""

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory or Path()

    def signature(self, path: str) -> Signature:
        """By stat(2)."""
        status = os.stat(os.path.join(self._directory, path))  # noqa: PTH116, PTH118 - for each mail; Path takes twice as long
        return Signature.of(status)

    def read(self, path: str) -> tuple[bytes, Signature]:
        """In one go."""
        with (self._directory / path).open("rb") as stream:
            data = stream.read()
            return data, Signature.of(os.fstat(stream.fileno()))

    def now(self) -> float:
        """The system clock."""
        return time.time()
