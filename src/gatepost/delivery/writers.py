"""The way to what needs a user's rights: in this process where it has no power over others', or by the helper.

Messages go over as open files: in memory for small ones, in a nameless file for large ones. A request to the helper is
one connection; closing it breaks the request off.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import tempfile
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from gatepost.delivery import requests
from gatepost.delivery.command import Command, execute
from gatepost.delivery.exits import TEMPORARY_FAILURE, Ending
from gatepost.delivery.mailbox import MailboxError, Target, write
from gatepost.delivery.mailformat import MessageForm, MessageText
from gatepost.delivery.requests import Failure, Request
from gatepost.delivery.userfile import Found, UserFile, look
from gatepost.mail.delivery import Body

MEMORY_LIMIT = 1_048_576
"""Bytes of a message that are handed over in memory."""

ANSWER_TIMEOUT = 600.0
"""Seconds, beyond those that a command may take, after which the helper is taken to be dead."""

MAILBOXES = 20
"""Mailboxes and files that a worker has under way at a time."""

COMMANDS = 50
"""Commands that all workers together run at a time."""

REPLACEMENT = 3.0
"""Seconds in which a helper that has died must have been replaced; mail waits in the queue for what takes longer."""

_CROWDED = 0.05
"""Seconds until the helper is asked again where too many wait for it."""


class MailboxWriter(Protocol):
    """Adds messages to mailboxes."""

    async def deliver(self, target: Target, content: int) -> Failure | None:
        """Add the message in the file descriptor, as the mailbox's owner; None once it is durable."""
        ...


class UserRights(MailboxWriter, Protocol):
    """Does what needs a user's rights. Nothing raises for what a user has made."""

    async def run(self, command: Command, content: int) -> Ending:
        """Run a command with the message in the file descriptor; it is killed where nobody waits any more."""
        ...

    async def read(self, file: UserFile) -> Found:
        """Read a file."""
        ...


@dataclass(frozen=True, slots=True)
class DirectWriter:
    """Acts as the user that this process runs as (a server that was not started by root)."""

    mailboxes: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(MAILBOXES, "mailbox"))
    commands: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(COMMANDS, "command"))

    async def deliver(self, target: Target, content: int) -> Failure | None:
        """Write in a thread; a mailbox that others lock delays no one else."""
        ours = replace(target, uid=os.geteuid(), gid=os.getegid())
        try:
            await asyncio.get_running_loop().run_in_executor(self.mailboxes, write, ours, content)
        except MailboxError as error:
            return Failure(str(error), error.code)
        return None

    async def run(self, command: Command, content: int) -> Ending:
        """Wait for the command in a thread, which has a descriptor of its own for the message."""
        if command.root:
            return Ending(TEMPORARY_FAILURE, output=b"chroot needs a server that root has started\n")
        ours, theirs = socket.socketpair()
        copy = os.dup(content)

        def carry_out() -> Ending:
            try:
                return execute(command, copy, theirs.fileno())
            finally:
                theirs.close()
                os.close(copy)

        with ours:
            return await asyncio.get_running_loop().run_in_executor(self.commands, carry_out)

    async def read(self, file: UserFile) -> Found:
        """Read in a thread."""
        ours = replace(file, uid=os.geteuid())
        return await asyncio.get_running_loop().run_in_executor(self.mailboxes, look, ours)


@dataclass(frozen=True, slots=True)
class HelperWriter:
    """Has the privileged helper act, which becomes the user for it. `path` is the helper's socket."""

    path: str
    commands: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(COMMANDS))
    mailboxes: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAILBOXES))

    async def deliver(self, target: Target, content: int) -> Failure | None:
        """Have a message written."""
        async with self.mailboxes:
            try:
                answer, _ = await self._ask(target, ANSWER_TIMEOUT, content)
            except OSError as error:
                return Failure(f"delivery helper: {error.strerror or error}", errno.EAGAIN)
        return requests.read_failure(answer)

    async def run(self, command: Command, content: int) -> Ending:
        """Have a command run."""
        async with self.commands:
            try:
                answer, _ = await self._ask(command, command.time_limit + ANSWER_TIMEOUT, content)
            except OSError as error:
                return Ending(TEMPORARY_FAILURE, output=f"delivery helper: {error.strerror or error}".encode())
        return requests.read_ending(answer)

    async def read(self, file: UserFile) -> Found:
        """Have a file read."""
        async with self.mailboxes:
            try:
                answer, content = await self._ask(file, ANSWER_TIMEOUT)
            except OSError as error:
                return Found(trouble=f"{file.path}: delivery helper: {error.strerror or error}", passing=True)
        return requests.read_found(answer, content)

    async def _ask(self, request: Request, limit: float, *files: int) -> tuple[bytes, bytes | None]:
        """The helper's answer, and the content that came with it. Raises OSError."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
            connection.setblocking(False)
            await self._connect(connection)
            written = requests.packed(request)
            try:
                socket.send_fds(connection, [requests.HELLO], [written, *files])
            finally:
                os.close(written)
            try:
                await asyncio.wait_for(_readable(connection), limit)
            except TimeoutError:
                raise OSError(errno.ETIMEDOUT, "no answer") from None
            answer, got, _, _ = socket.recv_fds(connection, requests.ANSWER_LIMIT, 1)
        try:
            if not answer:
                raise OSError(errno.ECONNRESET, "no answer")
            return answer, requests.unpacked(got[0]) if got else None
        finally:
            for file in got:
                os.close(file)

    async def _connect(self, connection: socket.socket) -> None:
        """Connect; while too many others wait for the helper, wait too. One that has died is replaced at once."""
        loop = asyncio.get_running_loop()
        latest = loop.time() + REPLACEMENT
        while True:
            try:
                connection.connect(self.path)
            except BlockingIOError:
                await asyncio.sleep(_CROWDED)
            except (ConnectionRefusedError, FileNotFoundError):
                if loop.time() > latest:
                    raise
                await asyncio.sleep(_CROWDED)
            else:
                return


async def _readable(connection: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(connection, wake)
    try:
        await ready
    finally:
        loop.remove_reader(connection)


@asynccontextmanager
async def spooled(body: Body, head: bytes, form: MessageForm, folder: str = "") -> AsyncIterator[int]:
    """A file descriptor with the message in the form that is wanted; raises OSError.

    `folder` is where large messages are put, without a name.
    """
    text = MessageText(form)
    if body.size <= MEMORY_LIMIT:
        file = os.memfd_create("message", os.MFD_CLOEXEC)
    else:
        file = os.open(folder or tempfile.gettempdir(), os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        with open(file, "wb", closefd=False) as stream:  # noqa: ASYNC230 - memory, or a file's page cache
            stream.write(head)
            async for chunk in body.chunks():
                stream.write(text.feed(chunk))
            stream.write(text.end())
        yield file
    finally:
        os.close(file)


def helper_socket(folder: Path) -> str:
    """Where the helper listens, below the queue's directory."""
    return str(folder / "deliver")
