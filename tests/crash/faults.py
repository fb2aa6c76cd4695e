"""A disk that fails, or a process that dies, at the n-th call that would change something.

`FaultyDisk` is a file system for SQLite; `patched` does the same to the calls by which body files are written. Both
count on one counter, so that a test can go through every point of a piece of work.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw


class Trap:
    """Goes off at call number `at`, counted from 1, and at every one after it until it is disarmed."""

    def __init__(self, at: int, act: Callable[[], None], *, last: bool = True) -> None:
        self.at = at
        self.act = act
        self.last = last
        self.calls = 0
        self.armed = True

    def step(self) -> None:
        """A call that would change something."""
        if not self.armed:
            return
        self.calls += 1
        if self.calls == self.at or (self.last and self.calls > self.at):
            self.act()

    @property
    def went_off(self) -> bool:
        """Whether the point was reached."""
        return self.calls >= self.at


class _File(apsw.VFSFile):
    def __init__(self, trap: Trap, base: str, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._trap = trap
        super().__init__(base, name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        self._trap.step()
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        self._trap.step()
        super().xSync(flags)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite's name
        self._trap.step()
        super().xTruncate(newsize)


class FaultyDisk(apsw.VFS):
    """SQLite's usual file system, with a trap."""

    NAME = "faulty"

    def __init__(self, trap: Trap) -> None:
        self._trap = trap
        super().__init__(self.NAME, "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> _File:  # noqa: N802 - SQLite's name
        return _File(self._trap, "", name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 - SQLite's name
        self._trap.step()
        super().xDelete(filename, syncdir)


def full_database() -> None:
    """No room, as a file system of SQLite says it."""
    raise apsw.FullError("no room")


def broken_database() -> None:
    """A disk that does not answer, as a file system of SQLite says it."""
    raise apsw.IOError("broken")


def full_disk() -> None:
    """No room, as the operating system says it."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def broken_disk() -> None:
    """A disk that does not answer, as the operating system says it."""
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def too_many_files() -> None:
    """No more descriptors, as the operating system says it."""
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def read_only_disk() -> None:
    """A file system that was mounted anew after errors, as the operating system says it."""
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))


def forbidden() -> None:
    """A folder that is not ours any more, as the operating system says it."""
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def die() -> None:
    """The end of the process, as by kill -9: nothing is tidied up."""
    os._exit(9)


@contextmanager
def patched(trap: Trap) -> Iterator[None]:
    """The calls by which body files are written, with a trap."""
    write, fsync, opening = os.write, os.fsync, os.open

    def trapped_open(path: str | Path, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if flags & os.O_CREAT:
            trap.step()
        return opening(path, flags, mode, dir_fd=dir_fd)

    def trapped_write(descriptor: int, data: bytes) -> int:
        trap.step()
        return write(descriptor, data)

    def trapped_fsync(descriptor: int) -> None:
        trap.step()
        fsync(descriptor)

    try:
        os.write, os.fsync = trapped_write, trapped_fsync  # type: ignore[assignment]  # any buffer will do
        os.open = trapped_open  # type: ignore[assignment]  # any path will do
        yield
    finally:
        os.write, os.fsync, os.open = write, fsync, opening
