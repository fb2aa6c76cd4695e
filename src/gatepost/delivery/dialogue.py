"""The shell around the client machine: it moves bytes, keeps the time limits, and does what the machine wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

from gatepost.delivery.connect import Connection
from gatepost.mail.events import Emit
from gatepost.smtp.client import ClientMachine
from gatepost.smtp.client_values import Mail, Stage, Step, Waiting, Want
from gatepost.tls.channel import TlsChannel, TlsFailed

Content = Callable[[frozenset[str]], AsyncIterator[bytes]]
"""Gives a message's content, made fit for a server that offers these extensions."""


@dataclass(slots=True)
class Dialogue:
    """One session on one connection. `limits` are seconds a stage may take, None for no limit.

    `channel` makes the TLS side when STARTTLS has been accepted; `accept` says whether the session that was made will
    do (a required certificate).
    """

    machine: ClientMachine
    connection: Connection
    limits: Mapping[Stage, float | None]
    emit: Emit
    channel: Callable[[], TlsChannel] | None = None
    accept: Callable[[TlsChannel], bool] = lambda _: True
    tls_broke: bool = False

    async def open(self) -> bool:
        """Greet, and do all that comes before the first mail. Whether the server is ready for one."""
        return await self._drive() is Want.MAIL

    async def send(self, mail: Mail, content: Content) -> None:
        """Hand over one message; the outcomes are the machine's."""
        self.machine.begin(mail)
        await self._drive(content)

    async def close(self) -> None:
        """Say goodbye, if that is still possible, and let go of the connection."""
        if self.machine.next_step() is Want.MAIL:
            self.machine.quit()
            await self._drive()
        self.connection.close()

    async def _drive(self, content: Content | None = None) -> Step:
        """Go on until the session stands ready for mail, or is over."""
        while True:
            step = self.machine.next_step()
            self._flush()
            match step:
                case Waiting(stage):
                    await self._listen(stage)
                case Want.TLS:
                    await self._start_tls()
                case Want.CONTENT if content is not None:
                    await self._send_content(content(self.machine.offered))
                case _:
                    return step

    def _flush(self) -> None:
        self.connection.write(self.machine.take_output())
        for event in self.machine.take_events():
            self.emit(event)

    async def _listen(self, stage: Stage) -> None:
        """Wait for the next reply, all of it within the time limit, so that no peer can drip it."""
        step = self.machine.next_step()
        try:
            async with asyncio.timeout(self.limits.get(stage)):
                while self.machine.next_step() is step:
                    data = await self.connection.read()
                    if not data:
                        self.machine.lost()
                        return
                    self.machine.receive(data)
        except TimeoutError:
            self.machine.timed_out()

    async def _start_tls(self) -> None:
        if self.channel is None:
            self.machine.tls_failed()
            return
        channel = self.channel()
        try:
            async with asyncio.timeout(self.limits.get(Stage.STARTTLS)):
                await self.connection.start_tls(channel)
        except (TlsFailed, TimeoutError) as error:
            if isinstance(error, TimeoutError):
                channel.lost("Connection timed out")
            self.tls_broke = True
            self.machine.tls_failed()
        else:
            if self.accept(channel):
                self.machine.tls_started()
            else:
                self.machine.tls_failed("Server certificate not verified")
        finally:
            for event in channel.events():
                self.emit(event)

    async def _send_content(self, content: AsyncIterator[bytes]) -> None:
        limit = self.limits.get(Stage.BODY)
        async for chunk in content:
            self.machine.content(chunk)
            self._flush()
            try:
                async with asyncio.timeout(limit):
                    await self.connection.drained()
            except TimeoutError:
                self.machine.timed_out()
                return
            if self.connection.is_over:
                while last := await self.connection.read():
                    self.machine.receive(last)
                self.machine.lost()
                return
        self.machine.content_end()
