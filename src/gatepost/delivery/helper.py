"""The privileged helper: it becomes a user to write one message to a mailbox, run one command, or read one file.

The rules:

1. It reads nothing from the network. Only the server's own user (or root) may ask: the kernel says who does.
2. One connection is one request. A child is forked for it, and gives up root before it looks at anything but the
   request's form.
3. It does nothing as root: a request for user 0 or group 0 is refused.
4. The number of children is bounded; further requests wait.
"""

from __future__ import annotations

import errno
import os
import pwd
import signal
import socket
import stat
import struct
from contextlib import suppress
from pathlib import Path

from gatepost.delivery import requests
from gatepost.delivery.command import Command, execute
from gatepost.delivery.exits import TEMPORARY_FAILURE, Ending
from gatepost.delivery.mailbox import MailboxError, MailboxKind, Target, write
from gatepost.delivery.requests import HELLO, Failure, Request
from gatepost.delivery.userfile import Found, UserFile, look

CHILDREN = 150
"""Requests at a time: more than all workers' commands together, so that these do not keep mailboxes waiting."""

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
    _, files, _, _ = socket.recv_fds(connection, len(HELLO), 2)
    try:
        request = requests.read_request(requests.unpacked(files[0], requests.REQUEST_LIMIT))
        said, content = _carry_out(request, files[1:], connection)
    except (ValueError, TypeError, KeyError, IndexError, OSError) as error:
        said, content = requests.write_failure(Failure(f"delivery helper: bad request: {error}", errno.EINVAL)), None
    finally:
        for file in files:
            os.close(file)
    if content is None:
        connection.send(said)
        return
    file = requests.filled(content)
    socket.send_fds(connection, [said], [file])
    os.close(file)


def _carry_out(request: Request, files: list[int], connection: socket.socket) -> tuple[bytes, bytes | None]:
    """The answer to a request, and the content that goes with it."""
    match request:
        case Target():
            return requests.write_failure(_deliver(request, files[0])), None
        case Command():
            return requests.write_ending(_run(request, files[0], connection)), None
        case UserFile():
            found = _read(request)
            return requests.write_found(found), found.content


def _deliver(target: Target, content: int) -> Failure | None:
    try:
        become(target.uid, _spool_group(target) or target.gid)
        write(target, content)
    except MailboxError as error:
        return Failure(str(error), error.code)
    except OSError as error:
        return Failure(f"delivery helper: {error.strerror or error}", error.errno or errno.EIO)
    return None


def _run(command: Command, content: int, connection: socket.socket) -> Ending:
    try:
        if command.root:
            os.chroot(command.root)
            os.chdir("/")
        become(command.uid, command.gid)
    except OSError as error:
        text = f"{error.filename or 'delivery helper'}: {error.strerror or error}\n"
        return Ending(TEMPORARY_FAILURE, output=text.encode("utf-8", "surrogateescape"))
    return execute(command, content, connection.fileno())


def _read(file: UserFile) -> Found:
    """Read as the user, or as the file's owner (who is never root)."""
    uid, gid = file.uid, file.gid
    try:
        if file.by_owner and (owner := Path(file.path).stat().st_uid) != 0:
            uid, gid = owner, _group_of(owner, gid)
        become(uid, gid)
    except FileNotFoundError:
        return Found()
    except (OSError, ValueError) as error:
        return Found(trouble=f"{file.path}: {error}")
    return look(file)


def _group_of(uid: int, otherwise: int) -> int:
    """The group of a user."""
    try:
        return pwd.getpwuid(uid).pw_gid
    except KeyError:
        return otherwise


def become(uid: int, gid: int) -> None:
    """Give up root for a user, for good. Raises PermissionError for root itself, OSError."""
    if os.geteuid() != 0:
        return
    if uid == 0 or gid == 0:
        raise PermissionError(errno.EPERM, "delivery as root is refused")
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    os.umask(0o077)
    if os.getuid() == 0 or os.geteuid() == 0:  # never reached where the kernel keeps its word
        raise PermissionError(errno.EPERM, "root could not be given up")


def _spool_group(target: Target) -> int:
    """The group of a spool directory that its group may write to, and others may not; 0 where there is none.

    In such a directory (`/var/mail`, group mail), lock files are made with that group.
    """
    if target.kind is not MailboxKind.MBOX:
        return 0
    try:
        found = Path(target.path).parent.stat()
    except (OSError, ValueError):
        return 0
    if found.st_uid == target.uid or not found.st_mode & stat.S_IWGRP or found.st_mode & stat.S_IWOTH:
        return 0
    return found.st_gid
