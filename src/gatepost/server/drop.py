"""Where programs on this machine submit mail: a socket that every user may use, and who used it is known by the kernel.

The protocol: the client sends one line of JSON (`Request`), then the message. The server answers with one line of JSON
(`Receipt`) and closes. Nothing is queued unless the answer says so.

The rules:

1. The user id comes from the socket (SO_PEERCRED), never from the request; it stands in the log and in Received.
2. Lines end in LF or CRLF, as the program likes; a lone CR becomes a space, so that it can end no line elsewhere.
3. The request says how long the message is: a program that is killed halfway must not have sent half a message.
4. The message never waits in memory as a whole: it goes to the queue's draft as it comes.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Protocol, cast

REQUEST_LIMIT = 1024 * 1024
"""Bytes of the first line; it holds all recipients."""

TIMEOUT = 300.0
"""Seconds for a program to hand over its message."""

ANSWER_TIME = 600.0
"""Seconds that a program waits for its receipt."""

_CREDENTIALS = struct.Struct("3i")


@dataclass(frozen=True, slots=True)
class Request:
    """What a program asks for; `size` is the message's, in bytes.

    `notify`, `ret` and `envid` are of RFC 3461, in SMTP's words; empty: not said.
    """

    sender: str
    recipients: tuple[str, ...]
    size: int = 0
    full_name: str = ""
    notify: str = ""
    ret: str = ""
    envid: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of it: a queue id, or the reason why not. `temporary`: trying again later may help."""

    queue_id: str = ""
    reason: str = ""
    temporary: bool = True


class Incoming(Protocol):
    """A message under way, as the drop sees it; `server/live` puts the queue behind it."""

    def write(self, data: bytes) -> None:
        """Take content with CRLF line ends."""
        ...

    async def finish(self) -> Receipt:
        """All content has come."""
        ...

    def discard(self) -> None:
        """The program went away."""
        ...


Accept = Callable[[Request, int], Incoming | Receipt]
"""Begins a message for a request and a user id, or refuses."""


class _Drop(asyncio.Protocol):
    def __init__(self, accept: Accept) -> None:
        self._accept = accept
        self._head = b""
        self._incoming: Incoming | None = None
        self._lines = LineEnds()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._uid = -1
        self._missing = 0
        self._answered = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = made = cast("asyncio.Transport", transport)  # uvloop's are none by inheritance
        peer = transport.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        self._uid = _CREDENTIALS.unpack(peer)[1]
        self._timer = asyncio.get_running_loop().call_later(TIMEOUT, made.abort)

    def data_received(self, data: bytes) -> None:
        if self._answered or self._task is not None:
            return
        if self._incoming is None:
            self._head += data
            head, newline, data = self._head.partition(b"\n")
            if not newline:
                if len(self._head) > REQUEST_LIMIT:
                    self._answer(Receipt(reason="the request is too long", temporary=False))
                return
            self._begin(head)
        if self._incoming is not None:
            piece = data[: self._missing]
            self._missing -= len(piece)
            self._incoming.write(self._lines.feed(piece))
            if not self._missing:
                self._incoming.write(self._lines.end())
                self._task = asyncio.get_running_loop().create_task(self._finish(self._incoming))

    def _begin(self, head: bytes) -> None:
        try:
            fields = json.loads(head)
            request = Request(**{**fields, "recipients": tuple(fields["recipients"])})
            self._missing = max(0, int(request.size))
        except (ValueError, TypeError, KeyError):
            self._answer(Receipt(reason="the request is malformed", temporary=False))
            return
        match self._accept(request, self._uid):
            case Receipt() as refusal:
                self._answer(refusal)
            case incoming:
                self._incoming = incoming

    def eof_received(self) -> bool:
        """Keep our side open for the answer, where one is due."""
        return self._task is not None

    async def _finish(self, incoming: Incoming) -> None:
        try:
            receipt = await incoming.finish()
        except Exception as error:  # noqa: BLE001 - whatever it is, the program must learn that nothing was queued
            receipt = Receipt(reason=f"internal error: {type(error).__name__}: {error}")
        self._answer(receipt)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._timer is not None:
            self._timer.cancel()
        if self._incoming is not None and self._task is None:
            self._incoming.discard()

    def _answer(self, receipt: Receipt) -> None:
        """Answer once. Who is refused may still be sending: to close on him would take the answer from him."""
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(json.dumps(asdict(receipt)).encode("ascii") + b"\n")
        if self._task is not None:
            self._transport.close()
        self._answered = True


class LineEnds:
    """Makes every line end CRLF, across cuts."""

    def __init__(self) -> None:
        self._held = b""
        self._last = b"\n"

    def feed(self, data: bytes) -> bytes:
        """The next piece; a CR at its end is held back until it is known what follows."""
        data = self._held + data
        self._held = b"\r" if data.endswith(b"\r") else b""
        data = data[: len(data) - len(self._held)]
        made = data.replace(b"\r\n", b"\n").replace(b"\r", b" ").replace(b"\n", b"\r\n")
        self._last = made[-1:] or self._last
        return made

    def end(self) -> bytes:
        """What completes the last line."""
        left = b" " * len(self._held)
        return left + (b"\r\n" if left or self._last != b"\n" else b"")


@contextmanager
def reachable(path: Path) -> Iterator[str]:
    """A name for a socket through its folder: its own path may be longer than the 107 bytes that the kernel takes."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def open_drop(path: Path) -> socket.socket:
    """The listening socket; one that an earlier process left behind is replaced. Raises OSError."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with reachable(path) as name:
            listener.bind(name)
        path.chmod(0o666)
    except OSError:
        listener.close()
        raise
    return listener


async def serve_drop(listener: socket.socket, accept: Accept) -> asyncio.Server:
    """Take messages until the server is closed."""
    return await asyncio.get_running_loop().create_unix_server(lambda: _Drop(accept), sock=listener)


def submit(path: Path, request: Request, message: bytes) -> Receipt:
    """Hand a message to the server and hear what became of it. Never raises."""
    answer = b""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as end:
            end.settimeout(ANSWER_TIME)
            with reachable(path) as name:
                end.connect(name)
            with suppress(BrokenPipeError):  # a refusal may come before all is sent
                end.sendall(json.dumps(asdict(replace(request, size=len(message)))).encode("ascii") + b"\n")
                end.sendall(message)
                end.shutdown(socket.SHUT_WR)
            while piece := end.recv(65536):
                answer += piece
        return Receipt(**json.loads(answer))
    except (OSError, ValueError, TypeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "the server gave no answer"
        return Receipt(reason=f"{path}: {reason}; is the server running?")
