"""The way to mailboxes: in this process where it has no power over others' files, or by the helper where it has.

The content goes over as an open file: in memory for small messages, in a nameless file for large ones.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import socket
import tempfile
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from gatepost.delivery.mailbox import MailboxError, MailboxKind, Target, write
from gatepost.delivery.mailformat import MailboxText
from gatepost.mail.delivery import Body

MEMORY_LIMIT = 1_048_576
"""Bytes of a message that are handed over in memory."""

REQUEST_LIMIT = 16_384
"""Bytes of a request to the helper, and of its answer."""

ANSWER_TIMEOUT = 600.0
"""Seconds after which the helper is taken to be dead."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a mailbox was not written to: the text for the log and the system's error number."""

    text: str
    code: int


class MailboxWriter(Protocol):
    """Adds messages to mailboxes."""

    async def deliver(self, target: Target, content: int) -> Failure | None:
        """Add the message in the file descriptor, as the mailbox's owner; None once it is durable."""
        ...


@dataclass(frozen=True, slots=True)
class DirectWriter:
    """Writes as the user that this process runs as (a server that was not started by root)."""

    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(20, "mailbox"))

    async def deliver(self, target: Target, content: int) -> Failure | None:
        """Write in a thread; a mailbox that others lock delays no one else."""
        ours = replace(target, uid=os.geteuid(), gid=os.getegid())
        try:
            await asyncio.get_running_loop().run_in_executor(self.threads, write, ours, content)
        except MailboxError as error:
            return Failure(str(error), error.code)
        return None


@dataclass(frozen=True, slots=True)
class HelperWriter:
    """Has the privileged helper write, which becomes the mailbox's owner for it. `path` is the helper's socket."""

    path: str
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(20, "mailbox"))

    async def deliver(self, target: Target, content: int) -> Failure | None:
        """Ask in a thread: one connection, one request, one answer."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, self._ask, target, content)

    def _ask(self, target: Target, content: int) -> Failure | None:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
                connection.settimeout(ANSWER_TIMEOUT)
                connection.connect(self.path)
                socket.send_fds(connection, [encode_target(target)], [content])
                answer = connection.recv(REQUEST_LIMIT)
        except OSError as error:
            return Failure(f"delivery helper: {error.strerror or error}", errno.EAGAIN)
        return decode_answer(answer)


def encode_target(target: Target) -> bytes:
    """A request to the helper."""
    return json.dumps({**asdict(target), "kind": target.kind.value}).encode("utf-8", "surrogateescape")


def decode_target(request: bytes) -> Target:
    """The target of a request; raises ValueError, TypeError or KeyError where it is none."""
    fields: dict[str, Any] = json.loads(request)
    return Target(**{**fields, "kind": MailboxKind(fields["kind"]), "locks": tuple(fields["locks"])})


def encode_answer(failure: Failure | None) -> bytes:
    """The helper's answer."""
    return json.dumps(asdict(failure) if failure else {}).encode("utf-8", "surrogateescape")


def decode_answer(answer: bytes) -> Failure | None:
    """What the helper answered; silence is a failure that may pass."""
    if not answer:
        return Failure("delivery helper: no answer", errno.EAGAIN)
    fields: dict[str, Any] = json.loads(answer)
    return Failure(str(fields["text"]), int(fields["code"])) if fields else None


@asynccontextmanager
async def spooled(body: Body, head: bytes, *, mbox: bool, folder: str = "") -> AsyncIterator[int]:
    """A file descriptor with the message as the mailbox will have it; raises OSError.

    `folder` is where large messages are put, without a name.
    """
    text = MailboxText(mbox=mbox)
    if body.size <= MEMORY_LIMIT:
        file = os.memfd_create("message", os.MFD_CLOEXEC)
    else:
        file = os.open(folder or tempfile.gettempdir(), os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        with open(file, "wb", closefd=False) as stream:  # noqa: ASYNC230 - memory, or a file's page cache
            stream.write(text.feed(head))
            async for chunk in body.chunks():
                stream.write(text.feed(chunk))
            stream.write(text.end())
        yield file
    finally:
        os.close(file)


def helper_socket(folder: Path) -> str:
    """Where the helper listens, below the queue's directory."""
    return str(folder / "deliver")
