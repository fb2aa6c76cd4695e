"""One connection to another server: bytes in both directions, and TLS in between where it was begun.

The rules:

1. Nothing is read through asyncio's streams, whose buffer would survive the start of TLS.
2. A peer that sends faster than we read is made to wait; one that does not read makes us wait in `drained`.
3. Whatever breaks a connection ends it quietly: reading then gives nothing more. What it means is the machine's to say.
"""

from __future__ import annotations

import asyncio
import os
import socket
from dataclasses import dataclass
from typing import cast

from gatepost.tls.channel import TlsChannel, TlsFailed

READ_AHEAD = 65_536
"""Bytes that may wait to be read before the peer is made to wait."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to connect: an address and a port, or the path of a UNIX-domain socket. `source` is our own address."""

    address: str = ""
    port: int = 0
    path: str = ""
    source: str = ""


class Connection(asyncio.Protocol):
    """A connection that tasks read from and write to."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._ended = False
        self._congested = False
        self._waiter: asyncio.Future[None] | None = None
        self._tls: TlsChannel | None = None

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the transport."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none by inheritance

    def data_received(self, data: bytes) -> None:
        """Keep what came until it is read."""
        self._received += data
        if len(self._received) > READ_AHEAD and self._transport is not None:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        """The peer sends no more."""
        self._ended = True
        self._wake()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone, for whatever reason."""
        del exc
        self._ended = True
        self._congested = False
        self._wake()

    def pause_writing(self) -> None:
        """The peer does not keep up."""
        self._congested = True

    def resume_writing(self) -> None:
        """The peer has caught up."""
        self._congested = False
        self._wake()

    # Our side

    @property
    def is_over(self) -> bool:
        """Whether the peer has gone; what it said before may still wait to be read."""
        return self._ended

    async def read(self) -> bytes:
        """Some bytes, deciphered where TLS is on; empty once the peer has gone."""
        while True:
            while not self._received and not self._ended:
                await self._wait()
            raw = self._take()
            if self._tls is None or not raw:
                return raw
            text = self._decipher(self._tls, raw)
            if text or self._tls.closed:
                return text

    def write(self, data: bytes) -> None:
        """Send, as soon as the peer takes it."""
        if not data or self._transport is None or self._transport.is_closing():
            return
        if self._tls is None:
            self._transport.write(data)
            return
        try:
            self._tls.send(data)
        except TlsFailed:
            self._ended = True
        self._transport.write(self._tls.outgoing())

    async def drained(self) -> None:
        """Wait until the peer has taken enough for us to send more; lets the loop notice what happened meanwhile."""
        await asyncio.sleep(0)
        while self._congested:
            await self._wait()

    async def start_tls(self, channel: TlsChannel) -> None:
        """Shake hands. Raises TlsFailed; the caller limits the time."""
        if self._received:
            raise TlsFailed("data ahead of the handshake")
        self._forward(channel)
        while not channel.established:
            while not self._received and not self._ended:
                await self._wait()
            raw = self._take()
            if not raw:
                channel.lost()
                raise TlsFailed("lost connection")
            try:
                early = channel.receive(raw)
            finally:
                self._forward(channel)
            if early:
                raise TlsFailed("data with the handshake")
        self._tls = channel

    def close(self) -> None:
        """Let go of the connection once what was written has been sent."""
        if self._transport is None:
            return
        if self._tls is not None:
            self._tls.close()
            self._forward(self._tls)
        self._transport.close()

    def abort(self) -> None:
        """Let go of the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def _take(self) -> bytes:
        raw = bytes(self._received)
        self._received.clear()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()
        return raw

    def _decipher(self, channel: TlsChannel, raw: bytes) -> bytes:
        try:
            return channel.receive(raw)
        except TlsFailed:
            self._ended = True
            return b""
        finally:
            self._forward(channel)

    def _forward(self, channel: TlsChannel) -> None:
        data = channel.outgoing()
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    async def _wait(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


async def connect(place: Place, limit: float | None) -> Connection:
    """Open a connection within `limit` seconds; raises OSError (TimeoutError for the limit)."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(limit):
            if place.path:
                _, connection = await loop.create_unix_connection(Connection, place.path)
            else:
                source = (place.source, 0) if place.source else None
                _, connection = await loop.create_connection(Connection, place.address, place.port, local_addr=source)
    except TimeoutError:
        raise TimeoutError("Connection timed out") from None
    return connection


def reason(error: OSError) -> str:
    """The system's words for a failure, without the decoration that asyncio adds."""
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return str(error) or type(error).__name__


def port_number(port: str) -> int:
    """The number of a port or service name; raises ValueError."""
    if port.isascii() and port.isdigit():
        number = int(port[:6])
    else:
        try:
            number = socket.getservbyname(port, "tcp")
        except OSError:
            raise ValueError(f"unknown service: {port}/tcp") from None
    if not 0 < number < 65_536:  # noqa: PLR2004 - ports have 16 bits
        raise ValueError(f"bad port: {port}")
    return number
