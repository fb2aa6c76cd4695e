"""The privileged helper: it becomes the owner of a mailbox to write one message to it.

The rules:

1. It reads nothing from the network. Only the server's own user (or root) may ask: the kernel says who does.
2. One connection is one request. A child is forked for it, and gives up root before it looks at anything but the
   request's form.
3. It never writes as root: a request for user 0 or group 0 is refused.
4. The number of children is bounded; further requests wait.
"""

from __future__ import annotations

import errno
import os
import signal
import socket
import stat
import struct
from contextlib import suppress
from pathlib import Path

from gatepost.delivery.mailbox import MailboxError, MailboxKind, Target, write
from gatepost.delivery.writers import REQUEST_LIMIT, Failure, decode_target, encode_answer

CHILDREN = 50
"""Deliveries at a time."""

_REQUEST_TIME = 10.0
"""Seconds a peer may take for its request, which comes in one packet."""


def listen(path: str, owner: int) -> socket.socket:
    """The helper's socket, which only `owner` can reach. Raises OSError."""
    with suppress(FileNotFoundError):
        Path(path).unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    before = os.umask(0o177)
    try:
        listener.bind(path)
    finally:
        os.umask(before)
    if os.geteuid() == 0:
        os.chown(path, owner, -1)
    listener.listen(CHILDREN)
    return listener


def serve(listener: socket.socket, owner: int) -> None:
    """Answer requests until the listener is closed or the process is told to end."""
    children: set[int] = set()
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            _reap(children, wait=len(children) >= CHILDREN)
            if _asker(connection) not in (0, owner):
                continue
            child = os.fork()
            if child == 0:
                _answer_and_exit(listener, connection)
            children.add(child)


def _reap(children: set[int], *, wait: bool) -> None:
    """Forget children that are done; wait for one where there are too many."""
    while children:
        try:
            done, _ = os.waitpid(-1, 0 if wait else os.WNOHANG)
        except ChildProcessError:
            children.clear()
            return
        if not done:
            return
        children.discard(done)
        wait = False


def _asker(connection: socket.socket) -> int:
    """The user at the other end."""
    packed = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", packed)
    return int(uid)


def _answer_and_exit(listener: socket.socket, connection: socket.socket) -> None:
    """The whole life of a child."""
    status = 1
    try:
        listener.close()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        answer(connection)
        status = 0
    finally:
        os._exit(status)


def answer(connection: socket.socket) -> None:
    """Take one request, carry it out, and answer."""
    connection.settimeout(_REQUEST_TIME)
    request, files, _, _ = socket.recv_fds(connection, REQUEST_LIMIT, 1)
    try:
        failure = _deliver(request, files)
    finally:
        for file in files:
            os.close(file)
    connection.send(encode_answer(failure))


def _deliver(request: bytes, files: list[int]) -> Failure | None:
    try:
        target = decode_target(request)
        (content,) = files
    except (ValueError, TypeError, KeyError):
        return Failure("delivery helper: bad request", errno.EINVAL)
    try:
        become(target)
        write(target, content)
    except MailboxError as error:
        return Failure(str(error), error.code)
    except OSError as error:
        return Failure(f"delivery helper: {error.strerror or error}", error.errno or errno.EIO)
    return None


def become(target: Target) -> None:
    """Give up root for the mailbox's owner, for good. Raises MailboxError for root itself, OSError.

    In a spool directory that a group may write to (`/var/mail`, group mail), the group is that one's, because lock
    files are made there.
    """
    if os.geteuid() != 0:
        return
    if target.uid == 0 or target.gid == 0:
        raise MailboxError("delivery as root is refused", errno.EPERM)
    group = _spool_group(target) or target.gid
    os.setgroups([])
    os.setgid(group)
    os.setuid(target.uid)
    os.umask(0o077)
    if os.getuid() == 0 or os.geteuid() == 0:  # never reached where the kernel keeps its word
        raise MailboxError("root could not be given up", errno.EPERM)


def _spool_group(target: Target) -> int:
    """The group of a spool directory that its group may write to, and others may not; 0 where there is none."""
    if target.kind is not MailboxKind.MBOX:
        return 0
    try:
        found = Path(target.path).parent.stat()
    except OSError:
        return 0
    if found.st_uid == target.uid or not found.st_mode & stat.S_IWGRP or found.st_mode & stat.S_IWOTH:
        return 0
    return found.st_gid
