"""Another mail server, scripted: it answers as told, and can stall or hang up at any point of the dialogue.

    async with FakePeer(replies={"RCPT": "550 5.1.1 no"}, stalls_at="DATA") as peer:
        ...connect to peer.address, peer.port...

1. Points are `CONNECT`, a verb, `.` (after the content), or `BODY` (the content is not read).
2. A reply is looked up by the whole command line, then by the point.
3. Where it is `closed`, nobody listens at its port.
4. `commands` is all it was told, `mails` the contents it took, dots unstuffed; `stalled` is set when it stalls.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from types import TracebackType
from typing import Self

OFFERS = ("PIPELINING", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES")


class FakePeer:
    """An SMTP or LMTP server on loopback (or on a UNIX-domain socket)."""

    def __init__(
        self,
        *,
        replies: Mapping[str, str] | None = None,
        offers: tuple[str, ...] = OFFERS,
        stalls_at: str = "",
        hangs_up_at: str = "",
        tls: ssl.SSLContext | None = None,
        tls_first: bool = False,
        address: str = "127.0.0.1",
        path: str = "",
        port: int = 0,
        closed: bool = False,
    ) -> None:
        self.closed = closed
        self.replies = dict(replies or {})
        self.offers = offers
        self.stalls_at = stalls_at
        self.hangs_up_at = hangs_up_at
        self.tls = tls
        self.tls_first = tls_first
        self.address = address
        self.path = path
        self.port = port
        self.connections = 0
        self.commands: list[str] = []
        self.mails: list[bytes] = []
        self._server: asyncio.Server | None = None
        self.stalled = asyncio.Event()
        self._over = asyncio.Event()
        self._farewells: dict[int, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        if self.path:
            self._server = await asyncio.start_unix_server(self._accept, self.path)
        else:
            wrapped = self.tls if self.tls_first else None
            self._server = await asyncio.start_server(self._accept, self.address, self.port, ssl=wrapped)
            self.port = self._server.sockets[0].getsockname()[1]
        if self.closed:
            self._server.close()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        assert self._server is not None
        self._server.close()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def stall(self) -> None:
        """Say nothing until the test is over."""
        self.stalled.set()
        await self._over.wait()

    def farewell(self, says: str = "") -> None:
        """End the connections that there are at their next command, with a last word if there is one."""
        self._farewells = dict.fromkeys(range(1, self.connections + 1), says)

    def last_word(self, number: int) -> str | None:
        """How the connection with this number ends; None where it does not."""
        return self._farewells.get(number)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            await _Session(self, reader, writer).run()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.transport.abort()
            self._tasks.discard(task)


class _Session:
    def __init__(self, peer: FakePeer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.peer, self.reader, self.writer = peer, reader, writer
        self.accepted = 0
        self.lmtp = False
        self.secure = peer.tls_first
        self.number = peer.connections

    async def run(self) -> None:
        await self._answer("CONNECT", "", "220 peer.example ESMTP")
        while raw := await self.reader.readline():
            line = raw.decode("utf-8", "surrogateescape").rstrip("\r\n")
            last = self.peer.last_word(self.number)
            if last is not None:
                self.writer.write(f"{last}\r\n".encode() if last else b"")
                await self.writer.drain()
                return
            self.peer.commands.append(line)
            await self._command(line)
            if line == "QUIT":
                return

    async def _command(self, line: str) -> None:
        verb = line.split(" ", maxsplit=1)[0].split(":", maxsplit=1)[0].upper()
        usual = "250 2.0.0 ok"
        match verb:
            case "EHLO" | "LHLO":
                self.lmtp = verb == "LHLO"
                offers = [*self.peer.offers, *(["STARTTLS"] if self.peer.tls and not self.secure else [])]
                rows = ["peer.example", *offers]
                usual = "\r\n".join(f"250{'-' if row is not rows[-1] else ' '}{row}" for row in rows)
            case "DATA":
                usual = "354 go"
            case "STARTTLS":
                usual = "220 go"
            case "QUIT":
                usual = "221 bye"
        said = await self._answer(verb, line, usual)
        if verb == "MAIL":
            self.accepted = 0
        elif verb == "RCPT" and said.startswith("2"):
            self.accepted += 1
        elif verb == "DATA" and said.startswith("3"):
            await self._content()
        elif verb == "STARTTLS" and said.startswith("2") and self.peer.tls:
            await self.writer.start_tls(self.peer.tls)
            self.secure = True

    async def _content(self) -> None:
        if self.peer.stalls_at == "BODY":
            await self.peer.stall()
        if self.peer.hangs_up_at == "BODY":
            raise ConnectionError
        lines: list[bytes] = []
        while (line := await self.reader.readline()) != b".\r\n":
            if not line:
                raise ConnectionError
            lines.append(line.removeprefix(b"."))
        self.peer.mails.append(b"".join(lines))
        for _ in range(self.accepted if self.lmtp else 1):
            await self._answer(".", "", "250 2.0.0 taken")

    async def _answer(self, point: str, line: str, usual: str) -> str:
        if self.peer.stalls_at == point:
            await self.peer.stall()
            raise ConnectionError
        if self.peer.hangs_up_at == point:
            raise ConnectionError
        said = self.peer.replies.get(line) or self.peer.replies.get(point) or usual
        self.writer.write(said.encode("utf-8", "surrogateescape") + b"\r\n")
        await self.writer.drain()
        return said
