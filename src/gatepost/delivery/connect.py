"""One connection to another server: bytes in both directions, and TLS in between where it was begun.

The rules:

1. Nothing is read through asyncio's streams, whose buffer would survive the start of TLS.
2. What the peer says goes to a listener at once, in the call that brought it: no task wakes up for it.
3. There is one time limit, moved on without a new timer: the timer looks when it rings whether its time has come.
4. A peer that does not read makes us wait in `drained`; before there is a listener, one that sends on is made to wait.
5. Whatever breaks a connection ends it quietly. What that means is the machine's to say.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from typing import Protocol, cast

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


class Listener(Protocol):
    """What a connection tells; each call may write, and none may raise."""

    def received(self, data: bytes) -> None:
        """The peer said something."""
        ...

    def ended(self) -> None:
        """The peer has gone; told once."""
        ...

    def expired(self) -> None:
        """The time limit has passed."""
        ...


class Connection(asyncio.Protocol):
    """A connection with a listener."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._listener: Listener | None = None
        self._received = bytearray()  # while nobody listens, and in the handshake
        self._congested = False
        self._waiter: asyncio.Future[None] | None = None
        self._tls: TlsChannel | None = None
        self._deadline = inf
        self._timer: asyncio.TimerHandle | None = None
        self._rings = inf
        self.is_over = False
        """Whether the peer has gone."""

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the transport."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none by inheritance

    def data_received(self, data: bytes) -> None:
        """Pass on what came, deciphered where TLS is on."""
        if self._listener is None:
            self._received += data
            if len(self._received) > READ_AHEAD and self._transport is not None:
                self._transport.pause_reading()
            self._wake()
        elif self._tls is None:
            self._listener.received(data)
        else:
            text = self._decipher(self._tls, data)
            if text:
                self._listener.received(text)
            if self._tls.closed:
                self._end()

    def eof_received(self) -> bool:
        """The peer sends no more."""
        self._end()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone, for whatever reason."""
        del exc
        self._congested = False
        if self._timer is not None:
            self._timer.cancel()
        self._end()
        self._wake()

    def pause_writing(self) -> None:
        """The peer does not keep up."""
        self._congested = True

    def resume_writing(self) -> None:
        """The peer has caught up."""
        self._congested = False
        self._wake()

    # Our side

    def listen(self, listener: Listener) -> None:
        """Pass everything on to a listener, beginning with what has come already."""
        self._listener = listener
        if self._received:
            self.data_received(self._take())
        if self.is_over:
            listener.ended()

    def limit(self, seconds: float | None) -> None:
        """Tell the listener when so many seconds have passed from now; None calls that off."""
        if seconds is None:
            self._deadline = inf
            return
        self._deadline = self._loop.time() + seconds
        if self._deadline < self._rings:
            if self._timer is not None:
                self._timer.cancel()
            self._arm()

    def write(self, data: bytes) -> None:
        """Send, as soon as the peer takes it."""
        if not data or self._transport is None or self._transport.is_closing():
            return
        if self._tls is None:
            self._transport.write(data)
            return
        with suppress(TlsFailed):  # it is closed then, and the peer's end of the connection follows
            self._tls.send(data)
        self._transport.write(self._tls.outgoing())

    @property
    def is_congested(self) -> bool:
        """Whether the peer has not taken all that was written."""
        return self._congested

    async def drained(self) -> None:
        """Wait until the peer has taken enough for us to send more; lets the loop notice what happened meanwhile."""
        await asyncio.sleep(0)
        while self._congested:
            await self._wait()

    async def start_tls(self, channel: TlsChannel) -> None:
        """Shake hands; the listener hears nothing meanwhile. Raises TlsFailed; the caller limits the time."""
        listener, self._listener = self._listener, None
        self._forward(channel)
        while not channel.established:
            while not self._received and not self.is_over:
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
        self._tls, self._listener = channel, listener

    def close(self) -> None:
        """Let go of the connection once what was written has been sent."""
        if self._transport is None:
            return
        self.limit(None)
        if self._tls is not None:
            self._tls.close()
            self._forward(self._tls)
        self._transport.close()

    def abort(self) -> None:
        """Let go of the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def _arm(self) -> None:
        self._rings = self._deadline
        self._timer = self._loop.call_at(self._rings, self._ring)

    def _ring(self) -> None:
        self._timer, self._rings = None, inf
        if self._loop.time() >= self._deadline:
            self._deadline = inf
            if self._listener is not None:
                self._listener.expired()
        elif self._deadline < inf:
            self._arm()

    def _end(self) -> None:
        if not self.is_over:
            self.is_over = True
            self._wake()
            if self._listener is not None:
                self._listener.ended()

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
            self._end()
            return b""
        finally:
            self._forward(channel)

    def _forward(self, channel: TlsChannel) -> None:
        data = channel.outgoing()
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class CannotBind(Exception):  # noqa: N818 - said as it is
    """Our own address is not to be had; the text is the system's."""


async def connect(place: Place, limit: float | None) -> Connection:
    """Open a connection within `limit` seconds; raises CannotBind, OSError (TimeoutError for the limit)."""
    loop = asyncio.get_running_loop()
    bound = _bound(place) if place.source else None
    try:
        async with asyncio.timeout(limit):
            if place.path:
                _, connection = await loop.create_unix_connection(Connection, place.path)
            elif bound is not None:
                await loop.sock_connect(bound, (place.address, place.port))
                _, connection = await loop.create_connection(Connection, sock=bound)
                bound = None
            else:
                _, connection = await loop.create_connection(Connection, place.address, place.port)
    except TimeoutError:
        raise TimeoutError("Connection timed out") from None
    finally:
        if bound is not None:
            bound.close()
    return connection


def _bound(place: Place) -> socket.socket:
    """A socket with our own address. Raises CannotBind."""
    made = socket.socket(socket.AF_INET6 if ":" in place.address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        made.bind((place.source, 0))
    except OSError as error:
        made.close()
        raise CannotBind(reason(error)) from None
    return made


def reason(error: OSError) -> str:
    """The system's words for a failure, without the decoration that asyncio adds."""
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return str(error) or type(error).__name__


def port_number(port: str, known: Mapping[str, int]) -> int:
    """The number of a port or service name, `known` ones first; raises ValueError."""
    if port.isascii() and port.isdigit():
        number = int(port[:6])
    elif port in known:
        number = known[port]
    else:
        try:
            number = socket.getservbyname(port, "tcp")
        except OSError:
            raise ValueError(f"unknown service: {port}/tcp") from None
    if not 0 < number < 65_536:  # noqa: PLR2004 - ports have 16 bits
        raise ValueError(f"bad port: {port}")
    return number
