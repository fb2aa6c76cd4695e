"""Writing to mailboxes: Maildir directories and mbox files. Blocking code, run by whoever owns the mailbox.

The rules:

1. A message is in the mailbox, whole and synced to the disk, or it is not there: a Maildir gets it by a name that
   appears after the content is durable; an mbox file that could not take all of it is cut back.
2. A Maildir gets a delivery once: its file is named after message and recipient, and one that is there already, new or
   seen, is the same delivery, which was not recorded. An mbox file cannot tell.
3. A mailbox file is never reached through a symbolic link, and has one name only; with `strict_mailbox_ownership` it
   belongs to the recipient. Otherwise whoever can write to its directory could have mail written anywhere.
4. Mailbox files are locked as configured: fcntl, flock and dotlock.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

COPY = 262_144
"""Bytes copied at a time."""

CLOCK_SLACK = 5.0
"""Seconds by which the clock of a file system may be behind ours."""

_TRY_AGAIN = frozenset({errno.EAGAIN, errno.ESTALE, errno.EDEADLK})
_SYSTEM = frozenset({errno.ENOSPC, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM})
_FULL = frozenset({errno.EDQUOT, errno.EFBIG})


class MailboxKind(Enum):
    """How a mailbox is built."""

    MAILDIR = "maildir"
    MBOX = "mailbox"


@dataclass(frozen=True, slots=True)
class Target:
    """A mailbox, whose it is, and how it is to be written.

    `size_limit` is in bytes, 0 for none. `stale_lock` is the age in seconds at which a lock file's owner is taken to be
    dead; with `dotlock_optional` a lock file that cannot be made is done without. `name` tells this delivery from all
    others, for the file's name in a Maildir; `accepted` is when the message came, in seconds since the epoch.
    """

    kind: MailboxKind
    path: str
    uid: int
    gid: int
    size_limit: int = 0
    locks: tuple[str, ...] = ("fcntl", "dotlock")
    lock_attempts: int = 20
    lock_delay: float = 1.0
    strict_ownership: bool = True
    stale_lock: float = 500.0
    dotlock_optional: bool = False
    name: str = ""
    accepted: float = 0.0


class MailboxError(Exception):
    """A mailbox could not be written to. `code` is the system's error number, `doing` what was tried.

    `told`: the text says what the number means.
    """

    def __init__(self, doing: str, code: int, *, told: bool = True) -> None:
        super().__init__(f"{doing}: {os.strerror(code)}" if told else doing)
        self.doing = doing
        self.code = code


def status_code(code: int, usual: str) -> str:
    """The status code (RFC 3463) for a system error; `usual` is for those that tell nothing special."""
    if code in _TRY_AGAIN:
        return "4.2.0"
    if code in _SYSTEM:
        return "4.3.0"
    return "5.2.2" if code in _FULL else usual


def write(target: Target, content: int) -> None:
    """Add the message in the file descriptor `content`, read from its beginning. Raises MailboxError."""
    if "\0" in target.path:
        raise MailboxError("file name with a zero byte", errno.EINVAL, told=False)
    os.lseek(content, 0, os.SEEK_SET)
    size = os.fstat(content).st_size
    if target.kind is MailboxKind.MAILDIR:
        _write_maildir(target, content, size)
    else:
        _write_mbox(target, content, size)


@contextmanager
def _while(doing: str) -> Iterator[None]:
    """Name what was being done when the system refused."""
    try:
        yield
    except OSError as error:
        raise MailboxError(doing, error.errno or errno.EIO) from error


# Maildir


def _write_maildir(target: Target, content: int, size: int) -> None:
    root = Path(target.path)
    if target.size_limit and size > target.size_limit:
        raise MailboxError("error writing message", errno.EFBIG)
    host = socket.gethostname().replace("/", "\\057").replace(":", "\\072")
    name = f"{target.name}.{host}"
    final = root / "new" / name
    temporary = root / "tmp" / f"{int(time.time())}.P{os.getpid()}Q{time.monotonic_ns()}.{host}"
    with _while(f"create maildir file {temporary}"):
        for folder in ("tmp", "new", "cur"):
            (root / folder).mkdir(0o700, parents=True, exist_ok=True)
        if _is_delivered(target, root, name):
            return
        file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with _while("error writing message"):
            try:
                _copy(content, file)
                os.fsync(file)
            finally:
                os.close(file)
        with _while(f"create maildir file {final}"):
            with suppress(FileExistsError):  # by ourselves, a moment ago (rule 2)
                os.link(temporary, final)
            _sync_folder(root / "new")
    finally:
        with suppress(OSError):
            temporary.unlink()


def _is_delivered(target: Target, root: Path, name: str) -> bool:
    """Whether the delivery is there from an attempt that was not recorded (rule 2).

    A mail reader has moved it to `cur` if that was changed since the message came; else nobody looks there.
    """
    if (root / "new" / name).exists():
        _sync_folder(root / "new")
        return True
    seen = root / "cur"
    if seen.stat().st_mtime < target.accepted - CLOCK_SLACK:
        return False
    with os.scandir(seen) as entries:
        return any(entry.name.startswith(name) and entry.name[len(name) :][:1] in ("", ":", ",") for entry in entries)


def _sync_folder(path: Path) -> None:
    """Make the names in a directory durable."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


# mbox


def _write_mbox(target: Target, content: int, size: int) -> None:
    with ExitStack() as held:
        if "dotlock" in target.locks:
            held.enter_context(_dotlock(target))
        file = _open_mbox(target)
        held.callback(os.close, file)
        _check_file(target, file)
        _lock_file(target, file)
        before = os.fstat(file).st_size
        if target.size_limit and before + size > target.size_limit:
            raise MailboxError("error writing message", errno.EFBIG)
        with _while("error writing message"):
            try:
                _copy(content, file)
                os.fsync(file)
            except OSError:
                with suppress(OSError):
                    os.ftruncate(file, before)
                raise


def _open_mbox(target: Target) -> int:
    """The mailbox file, made where there is none (rule 3)."""
    flags = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        return os.open(target.path, flags)
    except FileNotFoundError:
        with _while("cannot create file exclusively"):
            return os.open(target.path, flags | os.O_CREAT, 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise MailboxError("file is a symbolic link", errno.EPERM, told=False) from error
        raise MailboxError("cannot open file", error.errno or errno.EIO) from error


def _check_file(target: Target, file: int) -> None:
    """See to it that this is a mailbox, and the recipient's (rule 2)."""
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        raise MailboxError(f"destination {target.path} is not a regular file with one name", errno.EPERM, told=False)
    if target.strict_ownership and found.st_uid != target.uid:
        raise MailboxError(f"destination {target.path} is not owned by recipient", errno.EAGAIN, told=False)


def _lock_file(target: Target, file: int) -> None:
    for name, lock in (("fcntl", fcntl.lockf), ("flock", fcntl.flock)):
        if name not in target.locks:
            continue
        for attempt in range(target.lock_attempts):
            try:
                lock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if attempt + 1 == target.lock_attempts:
                    raise MailboxError(f"unable to lock for exclusive access {target.path}", errno.EAGAIN) from error
                time.sleep(target.lock_delay)


@contextmanager
def _dotlock(target: Target) -> Iterator[None]:
    """Hold the lock file beside the mailbox; a stale one is taken away."""
    path = f"{target.path}.lock"
    doing = f"unable to create lock file {path}"
    for attempt in range(target.lock_attempts):
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400))
            break
        except FileExistsError as error:
            if _take_stale(path, target.stale_lock):
                continue
            if attempt + 1 == target.lock_attempts:
                raise MailboxError(doing, errno.EAGAIN) from error
            time.sleep(target.lock_delay)
        except OSError as error:
            if not target.dotlock_optional:
                raise MailboxError(doing, error.errno or errno.EIO) from error
            yield
            return
    else:
        raise MailboxError(doing, errno.EAGAIN)
    try:
        yield
    finally:
        with suppress(OSError):
            os.unlink(path)  # noqa: PTH108 - a path text, as everywhere here


def _take_stale(path: str, age: float) -> bool:
    """Remove a lock file that nobody has renewed for long; whether it is gone."""
    try:
        if time.time() - os.stat(path).st_mtime < age:  # noqa: PTH116 - as above
            return False
        os.unlink(path)  # noqa: PTH108 - as above
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _copy(source: int, file: int) -> None:
    while data := os.read(source, COPY):
        view = memoryview(data)
        while view:
            view = view[os.write(file, view) :]
