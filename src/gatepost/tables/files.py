"""Where tables find their files, and the time."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

LOOK = 0.1
"""Seconds from one look at a file to the next: every mail transaction asks for every table that it uses."""


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

    def __init__(self, directory: Path | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._directory = directory or Path()
        self._clock = clock
        self._seen: dict[str, tuple[float, Signature]] = {}  # until when it need not be looked at again

    def signature(self, path: str) -> Signature:
        """By stat(2), at most every `LOOK`. Raises OSError."""
        now = self._clock()
        until, known = self._seen.get(path, (0.0, None))
        if known is not None and now < until:
            return known
        self._seen.pop(path, None)
        found = Signature.of((self._directory / path).stat())
        self._seen[path] = now + LOOK, found
        return found

    def read(self, path: str) -> tuple[bytes, Signature]:
        """In one go."""
        with (self._directory / path).open("rb") as stream:
            data = stream.read()
            return data, Signature.of(os.fstat(stream.fileno()))

    def now(self) -> float:
        """The system clock."""
        return time.time()
