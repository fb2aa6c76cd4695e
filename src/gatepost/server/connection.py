"""One connection under an SMTP machine: bytes and TLS in and out, and patience. Nothing here knows the dialogue.

The rules:

1. Callbacks of the event loop only move bytes and wake the one coroutine that serves the connection.
2. What is said waits until the coroutine waits for the peer, so that replies to pipelined commands leave together.
3. The peer is not read from while more than `INPUT_LIMIT` bytes wait to be consumed, nor written to while it does not
   read: both are waited for no longer than the given time.
4. Before 220 leaves for STARTTLS, what the peer has sent is dropped and the TLS channel put in place, without a pause
   in which anything could arrive: plaintext never survives into TLS.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

from gatepost.mail.events import Emit, Event
from gatepost.smtp.machine import IN_TRANSACTION, NEED_DATA, PAUSED, Limits, Machine
from gatepost.smtp.machine import Event as Incoming
from gatepost.tls.channel import TlsChannel, TlsFailed

INPUT_LIMIT = 128 * 1024
"""Bytes that may wait to be consumed before the peer is no longer read from."""

OUTPUT_LIMIT = 16 * 1024
"""Bytes that may wait to be written while the peer's commands are still being answered."""


class PeerLost(Exception):  # noqa: N818 - said as it is
    """The peer has gone away, or broke TLS."""


class PeerSilent(Exception):  # noqa: N818 - said as it is
    """The peer neither sent nor read for too long."""


class Retired(Exception):  # noqa: N818 - said as it is
    """The server wants this session to end."""


def _ignore(event: Event) -> None:
    del event


class Connection(asyncio.Protocol):
    """A transport, a machine, and the coroutine `serve` that is run on them."""

    def __init__(
        self,
        serve: Callable[[Connection], Awaitable[None]],
        *,
        hold: bool = False,
        address: tuple[str, str] | None = None,
    ) -> None:
        """`address` is our end's where it is known already, so that the system need not be asked."""
        self._serve = serve
        self._address = address
        self._hold = hold  # nothing is read until a TLS channel is there (wrapper mode)
        self.machine = Machine(Limits())
        self.channel: TlsChannel | None = None
        self.emit: Emit = _ignore  # takes what TLS has to log
        self.timeout = 300.0
        """Seconds to wait for the peer to send, or to read."""
        self.data_rate = 0
        """Where it is not 0, `timeout` is for a whole command, not for each piece of it, and content must come at so
        many bytes a second (`smtpd_per_request_deadline`, `smtpd_min_data_rate`)."""
        self._due: float | None = None  # when the command under way must be complete
        self._credit = 0  # bytes that came since content last earned time
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._deadline = 0.0  # when whoever waits now has waited for too long
        self._timer: asyncio.TimerHandle | None = None  # looks at the deadline when it runs, and is set on if need be
        self._alarm = 0.0  # when it runs
        self._news = False  # something came since the coroutine last looked
        self._gone = False
        self._blocked = False  # the peer does not read
        self._paused = False  # we do not read
        self._retiring = False
        self._held = bytearray()
        self._output: list[bytes] = []
        self._output_size = 0

    # The event loop's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to serve."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none by inheritance
        if self._hold:
            self._transport.pause_reading()
            self._paused = True
        self._task = self._loop.create_task(self._run())

    def data_received(self, data: bytes) -> None:
        """Hand bytes to TLS or to the machine."""
        if self.data_rate:
            self._credit += len(data)
        if self._hold and self.channel is None:  # a loop may begin to read in spite of the pause
            self._held += data
            if len(self._held) > INPUT_LIMIT and self._transport:
                self._transport.abort()
        elif self.channel is None:
            self.machine.receive(data)
        else:
            self._decrypt(self.channel, data)
        if self.machine.waiting > INPUT_LIMIT and not self._paused and self._transport:
            self._transport.pause_reading()
            self._paused = True
        self._wake()

    def eof_received(self) -> bool:
        """The peer sends no more; what it sent is still answered."""
        self._gone = True
        if self.channel:
            self.channel.lost()
            self._tell(self.channel)
        self._wake()
        return self.channel is None

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is no more."""
        del exc
        self._gone = True
        self._blocked = False
        self._transport = None
        if self.channel:
            self.channel.lost()
            self._tell(self.channel)
        self._wake()

    def pause_writing(self) -> None:
        """The peer does not read what was written."""
        self._blocked = True

    def resume_writing(self) -> None:
        """It reads again."""
        self._blocked = False
        self._wake()

    # The coroutine's side

    @property
    def task(self) -> asyncio.Task[None] | None:
        """The task that serves this connection."""
        return self._task

    def address(self, name: str) -> tuple[str, str]:
        """Host and port of `peername` or `sockname`; empty where the transport has none (a UNIX socket)."""
        if name == "sockname" and self._address:
            return self._address
        found = self._transport.get_extra_info(name) if self._transport else None
        return (str(found[0]), str(found[1])) if isinstance(found, tuple) and len(found) > 1 else ("", "")

    async def event(self) -> Incoming:
        """The machine's next event. Raises PeerLost, PeerSilent, Retired."""
        machine = self.machine
        while (event := machine.next_event()) is NEED_DATA:
            self.send()
            if self._blocked:
                await self.flush()
            if self.data_rate:
                self._set_deadline()
            await self._wait(retire=machine.state not in IN_TRANSACTION)
        if self._due is not None and not machine.receiving:
            self._due = None
        if event is PAUSED:
            if self._gone:
                raise PeerLost
            raise AssertionError("a reply is owed")
        if self._output_size > OUTPUT_LIMIT:
            await self.flush()
        return event

    def write(self, data: bytes) -> None:
        """Put bytes in line for the peer."""
        self._output.append(data)
        self._output_size += len(data)

    def send(self) -> None:
        """Hand what is in line to the transport."""
        if not self._output:
            return
        data = b"".join(self._output) if len(self._output) > 1 else self._output[0]
        self._output.clear()
        self._output_size = 0
        if self._transport is None or self._transport.is_closing():
            return
        if self.channel is None:
            self._transport.write(data)
            return
        try:
            self.channel.send(data)
        except TlsFailed:
            self._gone = True
        self._write_ciphertext(self.channel)

    async def flush(self) -> None:
        """Send, and wait while the peer does not read. Raises PeerSilent."""
        self.send()
        while self._blocked and not self._gone:
            await self._wait(retire=False, read=False)

    def secure(self, channel: TlsChannel) -> None:
        """From here on everything goes through TLS. What is in line still leaves in the clear (220)."""
        self.machine.tls_started()
        self.send()
        self.channel = channel
        if self._held:
            self.data_received(bytes(self._held))
            self._held.clear()
        self._resume()

    async def handshake(self, patience: float) -> bool:
        """Wait at most `patience` seconds for each step of the TLS handshake; whether it succeeded."""
        channel = self.channel
        assert channel is not None  # noqa: S101 - secure() was called
        before, self.timeout = self.timeout, patience
        try:
            while not channel.established and not channel.closed and not self._gone:
                await self._wait(retire=False)
        except (PeerSilent, PeerLost):
            channel.lost("Connection timed out")
            self._tell(channel)
        finally:
            self.timeout = before
        return channel.established

    async def settle(self) -> bool:
        """Let what is already on its way arrive; whether the peer has spoken out of turn."""
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return self.machine.waiting > 0

    def retire(self) -> None:
        """End the session as soon as it waits for a command outside a mail transaction.

        The server stops, or the session's configuration is retired.
        """
        self._retiring = True
        self._wake()

    def close(self) -> None:
        """Send what is in line, and close."""
        self.send()
        self.machine.close()
        if self._transport is None:
            return
        if self.channel and not self._transport.is_closing():
            self.channel.close()
            self._write_ciphertext(self.channel)
        self._transport.close()

    def abort(self) -> None:
        """Close at once; what is in line is lost."""
        self._gone = True
        self.machine.close()
        if self._transport:
            self._transport.abort()

    # Inside

    async def _run(self) -> None:
        try:
            await self._serve(self)
        finally:
            self.close()
            if self._timer:
                self._timer.cancel()
                self._timer = None

    def _set_deadline(self) -> None:
        """Give a command its time; content earns more by coming."""
        if not self.data_rate:
            return
        latest = self._loop.time() + self.timeout
        if self._due is None:
            self._due = latest
        elif self.machine.receiving:
            self._due = min(self._due + self._credit / self.data_rate, latest)
        self._credit = 0

    async def _wait(self, *, retire: bool, read: bool = True) -> None:
        """Wait until something happens, or has happened since the last time."""
        if self._news:
            self._news = False
            return
        if self._gone and read:
            raise PeerLost
        if read:
            self._resume()
        if retire and self._retiring:
            raise Retired
        self._waiter = self._loop.create_future()
        self._deadline = self._loop.time() + self.timeout if self._due is None else self._due
        if self._timer is None or self._deadline < self._alarm:
            self._set_alarm()
        try:
            await self._waiter
        finally:
            self._waiter = None
            self._news = False

    def _set_alarm(self) -> None:
        """Have the deadline looked at when it is over.

        The timer is not taken back when something comes, as it mostly does: it finds then that nobody waits, or that
        the deadline is another by now.
        """
        if self._timer:
            self._timer.cancel()
        self._alarm = self._deadline
        self._timer = self._loop.call_at(self._alarm, self._expire)

    def _expire(self) -> None:
        self._timer = None
        if self._waiter is None or self._waiter.done():
            return
        if self._deadline > self._alarm:
            self._set_alarm()
        else:
            self._waiter.set_exception(PeerSilent())

    def _wake(self) -> None:
        self._news = True
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    def _resume(self) -> None:
        if self._paused and self._transport and not self._transport.is_closing():
            self._transport.resume_reading()
            self._paused = False

    def _decrypt(self, channel: TlsChannel, data: bytes) -> None:
        try:
            self.machine.receive(channel.receive(data))
        except TlsFailed:
            self._gone = True
        if channel.closed:
            self._gone = True
        self._tell(channel)
        self._write_ciphertext(channel)

    def _tell(self, channel: TlsChannel) -> None:
        for event in channel.events():
            self.emit(event)

    def _write_ciphertext(self, channel: TlsChannel) -> None:
        data = channel.outgoing()
        if data and self._transport and not self._transport.is_closing():
            self._transport.write(data)
