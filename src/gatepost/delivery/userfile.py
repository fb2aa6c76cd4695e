"""Reading a file that a user, or the administrator, has put into the way of mail: .forward, and what is included.

The rules:

1. The file is read with the rights of its user, and only if it is a regular file: nothing waits for a pipe.
2. A .forward file that belongs to somebody else than its user (or root), that everybody may write to, or that is
   reached through a symbolic link, does not count.
3. A file that is larger than the limit is not read in part.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path

_PASSING = frozenset({errno.EAGAIN, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ESTALE, errno.ETIMEDOUT})


@dataclass(frozen=True, slots=True)
class UserFile:
    """A file to be read. `private`: it counts only where rule 2 is kept. `limit` is in bytes.

    `uid` and `gid` say whose rights are used; `by_owner`: those of the file's owner, where that is not root.
    """

    path: str
    uid: int
    gid: int
    private: bool
    limit: int
    by_owner: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What reading came to.

    `content` is None where the file does not count. `trouble` is why, for the log; empty where there just is no file.
    `passing`: the reason may go away. `owner` is the file's, as far as known.
    """

    content: bytes | None = None
    trouble: str = ""
    passing: bool = False
    owner: int = 0


def look(file: UserFile) -> Found:
    """Read a file with the rights that this process has. Never raises for what the file is."""
    try:
        found = Path(file.path).stat(follow_symlinks=not file.private)
        if not stat.S_ISREG(found.st_mode):
            return Found(trouble=f"{file.path} is not a regular file")
        descriptor = os.open(file.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (os.O_NOFOLLOW * file.private))
    except ValueError:
        return Found(trouble="the path has a zero byte")
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return Found()
        return Found(trouble=f"{file.path}: {error.strerror}", passing=error.errno in _PASSING)
    try:
        return _read(file, descriptor)
    except OSError as error:
        return Found(trouble=f"{file.path}: {error.strerror}", passing=True)
    finally:
        os.close(descriptor)


def _read(file: UserFile, descriptor: int) -> Found:
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        return Found(trouble=f"{file.path} is not a regular file")
    if file.private and found.st_uid not in (0, file.uid):
        return Found(trouble=f"{file.path} has the wrong owner")
    if file.private and found.st_mode & stat.S_IWOTH:
        return Found(trouble=f"{file.path} can be written by everybody")
    parts: list[bytes] = []
    left = file.limit + 1
    while left and (piece := os.read(descriptor, left)):
        parts.append(piece)
        left -= len(piece)
    if not left:
        return Found(trouble=f"{file.path} has more than {file.limit} bytes", owner=found.st_uid)
    return Found(b"".join(parts), owner=found.st_uid)
