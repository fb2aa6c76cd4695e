"""A client at the other end of a connection, without a socket."""

from __future__ import annotations

import asyncio

from tests.fakes.clock import settle


class FakeTransport(asyncio.Transport):
    """What a server writes to. `stalled`: the client does not read."""

    def __init__(self, protocol: asyncio.Protocol, client: tuple[str, int], server: tuple[str, int]) -> None:
        super().__init__({"peername": client, "sockname": server})
        self._protocol = protocol
        self._closing = False
        self.reading = True
        self.output = bytearray()
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._closing:
            self.output += data

    def is_closing(self) -> bool:
        return self._closing

    def is_reading(self) -> bool:
        return self.reading

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            asyncio.get_running_loop().call_soon(self._end)

    def abort(self) -> None:
        self.close()

    def _end(self) -> None:
        self.closed = True
        self._protocol.connection_lost(None)


class Wire:
    """The client's end: `send` bytes, `heard` what the server said since the last time."""

    def __init__(
        self,
        protocol: asyncio.Protocol,
        client: tuple[str, int] = ("192.0.2.7", 40000),
        server: tuple[str, int] = ("192.0.2.1", 25),
    ) -> None:
        self._protocol = protocol
        self.transport = FakeTransport(protocol, client, server)
        self._held = bytearray()
        protocol.connection_made(self.transport)

    async def send(self, data: bytes, *, at_once: int = 0) -> None:
        """Send the bytes, in pieces of `at_once` (0: whole), and let the server work."""
        size = at_once or max(len(data), 1)
        for start in range(0, len(data), size):
            self._held += data[start : start + size]
            self._pass_on()
        await self.rest()

    async def rest(self) -> None:
        """Let the server work; it gets what it was not ready for."""
        await settle()
        while self._held and self.transport.reading and not self.transport.closed:
            self._pass_on()
            await settle()

    def _pass_on(self) -> None:
        if self._held and self.transport.reading and not self.transport.closed:
            data, self._held = bytes(self._held), bytearray()
            self._protocol.data_received(data)

    async def heard(self) -> bytes:
        """What the server has said since the last time."""
        await self.rest()
        data = bytes(self.transport.output)
        self.transport.output.clear()
        return data

    async def hang_up(self) -> None:
        """Go away without a word."""
        self.transport.close()
        await settle()

    def end(self) -> bool | None:
        """Say that no more will come."""
        return self._protocol.eof_received()

    async def say(self, *lines: str) -> list[str]:
        """Say lines, each after the reply to the one before; the replies, each as one text."""
        replies = []
        for line in lines:
            await self.send(f"{line}\r\n".encode("utf-8", "surrogateescape"))
            replies.append((await self.heard()).decode("utf-8", "surrogateescape").removesuffix("\r\n"))
        return replies
