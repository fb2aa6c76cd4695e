"""The shell around the client machine: it moves bytes, keeps the time limits, and does what the machine wants.

The rules:

1. Replies are worked off in the call that brought them, and what the machine says to them leaves in one write.
2. The task that has mail to send wakes up when the session stands ready for the next one, or is over; only a handshake
   and content that is not in memory are done by it.
3. A reply has its stage's time limit, all of it, so that no peer can drip it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from gatepost.delivery.connect import Connection
from gatepost.delivery.content import Content
from gatepost.mail.events import Emit, Noted, Warned
from gatepost.oracle import LookupFailed
from gatepost.smtp.client import ClientMachine
from gatepost.smtp.client_values import Mail, Stage, Waiting, Want
from gatepost.tls.channel import TlsChannel, TlsFailed
from gatepost.tls.verdict import Verdict

ReplyFilter = Callable[[str], Awaitable[str | None]]
"""What to read in the place of a line of a reply; None for what it says. Raises LookupFailed."""


@dataclass(slots=True, eq=False)
class Dialogue:
    """One session on one connection. `limits` are seconds a stage may take, None for no limit.

    `channel` makes the TLS side when STARTTLS has been accepted, None where it cannot; `verdict` is what the server's
    certificate was worth. `emit` is the way to the log for the mail at hand. `pause` is how many seconds pass where the
    machine wants that. `rate`: the time for content is not for each piece, but for all of it, and this many bytes that
    the server took bring back a second.
    """

    machine: ClientMachine
    connection: Connection
    limits: Mapping[Stage, float | None]
    emit: Emit
    channel: Callable[[], TlsChannel | None] | None = None
    pause: float = 0.0
    rate: int = 0
    filter: ReplyFilter | None = None
    tls_broke: bool = False
    verdict: Verdict | None = None
    _tls: TlsChannel | None = None
    _content: Content | None = None
    _waiter: asyncio.Future[None] | None = None
    _turn: int = -1
    _leaving: bool = False
    _fault: Exception | None = None

    async def open(self) -> bool:
        """Greet, and do all that comes before the first mail. Whether the server is ready for one."""
        self.connection.listen(self)
        self._go_on()
        await self._settled()
        return self.machine.next_step() is Want.MAIL

    async def send(self, mail: Mail, content: Content) -> None:
        """Hand over one message; the outcomes are the machine's."""
        self.machine.begin(mail)
        self._content = content
        self._turn = -1
        self._go_on()
        await self._settled()
        self._content = None

    @property
    def is_idle(self) -> bool:
        """Whether the session stands ready for the next mail, as far as we know."""
        return self.machine.is_idle and not self.connection.is_over

    def leave(self) -> None:
        """Say goodbye, if that is still possible, and let go of the connection. No mail waits for it."""
        self._leaving = True
        if self.machine.next_step() is Want.MAIL:
            self.machine.quit()
        self._go_on()

    # What the connection tells

    def received(self, data: bytes) -> None:
        """Work off what the server said."""
        self._work_off(self.machine.receive, data)

    def ended(self) -> None:
        """The server has gone."""
        self._work_off(self.machine.lost)

    def expired(self) -> None:
        """The server was silent for too long."""
        self._work_off(self.machine.timed_out)

    def _work_off(self, what: Callable[..., None], *heard: bytes) -> None:
        """Whatever goes wrong in our own code here is the waiting task's to know, or it would wait for ever."""
        try:
            what(*heard)
            self._go_on()
        except Exception as fault:  # noqa: BLE001 - see above
            self._fault = fault
            self.connection.abort()
            self._wake()

    def _go_on(self) -> None:
        """Do all that can be done without waiting."""
        machine = self.machine
        step = machine.next_step()
        while step is Want.CONTENT and self._content is not None:
            whole = self._content.at_once(machine.offered)
            if whole is None:
                break
            machine.content(whole)
            machine.content_end()
            step = machine.next_step()
        while step is Want.LINE and self._leaving:
            machine.line_read(machine.line or "")
            step = machine.next_step()
        self._flush()
        if isinstance(step, Waiting):
            if machine.turn != self._turn:
                self._turn = machine.turn
                self.connection.limit(self.limits.get(step.stage))
            return
        self.connection.limit(None)
        self._wake()
        if self._leaving and step is Want.CLOSE:
            self.connection.close()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _flush(self) -> None:
        output = self.machine.take_output()
        if output:
            self.connection.write(output)
        for event in self.machine.take_events():
            self.emit(event)
        if self._tls is not None:
            for event in self._tls.events():
                self.emit(event)

    async def _settled(self) -> None:
        """Wait until the session stands ready for mail or is over; do what only a task can."""
        while True:
            if self._fault is not None:
                raise self._fault
            match self.machine.next_step():
                case Waiting():
                    self._waiter = asyncio.get_running_loop().create_future()
                    await self._waiter
                case Want.TLS:
                    await self._start_tls()
                    self._go_on()
                case Want.LINE:
                    await self._filter_line()
                    self._go_on()
                case Want.PAUSE:
                    await asyncio.sleep(self.pause)
                    self.machine.paused()
                    self._go_on()
                case Want.CONTENT if self._content is not None:
                    await self._send_pieces(self._content)
                    self._go_on()
                case _:
                    return

    async def _filter_line(self) -> None:
        line = self.machine.line or ""
        try:
            changed = None if self.filter is None else await self.filter(line)
        except LookupFailed as error:
            self.emit(Warned(f"{self.machine.relay}: table {error.table} lookup error for {line}"))
            self.machine.data_failed()
            return
        if changed is not None:
            self.emit(Noted(f'{self.machine.relay}: replacing server reply "{line}" with "{changed}"'))
        self.machine.line_read(line if changed is None else changed)

    async def _start_tls(self) -> None:
        channel = self.channel() if self.channel is not None else None
        if channel is None:
            self.tls_broke = True
            self.machine.tls_failed()
            return
        try:
            async with asyncio.timeout(self.limits.get(Stage.STARTTLS)):
                await self.connection.start_tls(channel)
        except (TlsFailed, TimeoutError) as error:
            if isinstance(error, TimeoutError):
                channel.lost("Connection timed out")
            self.tls_broke = True
            self.machine.tls_failed()
        else:
            self._tls, verdict = channel, channel.verdict
            self.verdict = verdict
            if verdict is None or verdict.accepted:
                verified = verdict is not None and verdict.state == "Verified"
                self.machine.tls_started(verified=verified, binding=channel.binding)
            else:
                self.machine.tls_distrusted()
        finally:
            for event in channel.events():
                self.emit(event)

    async def _send_pieces(self, content: Content) -> None:
        limit = left = self.limits.get(Stage.BODY)
        clock = asyncio.get_running_loop().time
        async for piece in content.pieces(self.machine.offered):
            self.machine.content(piece)
            self._flush()
            began = clock()
            try:
                async with asyncio.timeout(left):
                    await self.connection.drained()
            except TimeoutError:
                self.machine.timed_out()
            if limit is not None and left is not None and self.rate:
                left = min(limit, left - (clock() - began) + len(piece) / self.rate)
            if self.machine.next_step() is not Want.CONTENT:
                return  # that, or the server has gone
        self.machine.content_end()
