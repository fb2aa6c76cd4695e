"""The control socket of a slot's owner: `gatepost queue` asks there as long as somebody runs.

A client sends one line of JSON, a request, and gets lines of JSON: the answers, then `{"end": true}`, or
`{"error": "..."}`. Who may connect is decided by the mode of the slot's folder: root and the mail owner.

The socket is reached through a descriptor of its folder, because its own path may be longer than the 107 bytes that
the kernel allows.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import cast

from gatepost.queue.administration import Administration, Answer, Request
from gatepost.queue.store import StoreError

LINE_LIMIT = 1024 * 1024
"""Bytes of a request, which may name many queue ids."""


class ControlServer:
    """Listens while the slot is owned."""

    def __init__(self, path: Path, administration: Administration) -> None:
        self._path = path
        self._administration = administration
        self._server: asyncio.AbstractServer | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to listen; what a dead owner left there is replaced. Raises OSError."""
        self._path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with _within(self._path.parent) as folder:
            listener.bind(f"{folder}/{self._path.name}")
        self._path.chmod(0o600)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(self._connection, sock=listener)

    async def close(self) -> None:
        """Stop listening, and break off what is being answered."""
        if self._server is not None:
            self._server.close()
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _connection(self) -> _Connection:
        return _Connection(self._administration, self._tasks)


class _Connection(asyncio.Protocol):
    """One client: a line in, lines out."""

    def __init__(self, administration: Administration, tasks: set[asyncio.Task[None]]) -> None:
        self._administration = administration
        self._tasks = tasks
        self._line = bytearray()
        self._asked = False
        self._may_write = asyncio.Event()
        self._may_write.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none by inheritance

    def data_received(self, data: bytes) -> None:
        if self._asked:
            return
        self._line += data
        line, end, _ = self._line.partition(b"\n")
        if end:
            self._asked = True
            task = asyncio.get_running_loop().create_task(self._serve(bytes(line)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif len(self._line) > LINE_LIMIT:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._may_write.set()

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    async def _serve(self, line: bytes) -> None:
        try:
            async for answer in self._administration.answer(Request.read(json.loads(line))):
                await self._say(answer)
                if self._transport.is_closing():
                    return
            await self._say({"end": True})
        except (ValueError, StoreError, OSError) as error:
            await self._say({"error": str(error)})
        finally:
            self._transport.close()

    async def _say(self, answer: Answer) -> None:
        await self._may_write.wait()
        if not self._transport.is_closing():
            self._transport.write(json.dumps(answer).encode("ascii") + b"\n")


def ask(path: Path, request: Request) -> Iterator[Answer]:
    """Ask the owner whose socket that is; blocks.

    Raises ConnectionRefusedError or FileNotFoundError where nobody listens, StoreError for an error answer or none.
    """
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as connection:
        with _within(path.parent) as folder:
            connection.connect(f"{folder}/{path.name}")
        connection.sendall(json.dumps(request.as_json()).encode("ascii") + b"\n")
        with connection.makefile("rb") as lines:
            for line in lines:
                answer: Answer = json.loads(line)
                if "error" in answer:
                    raise StoreError(str(answer["error"]))
                if answer.get("end"):
                    return
                yield answer
    raise StoreError("the server ended while it answered")


@contextmanager
def _within(folder: Path) -> Iterator[str]:
    """A folder under a short name, for as long as the block lasts."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
