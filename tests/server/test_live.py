"""A worker's parts together, in one process, over real sockets."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import uvloop

from gatepost.config.findings import ConfigurationError
from gatepost.config.load import Configuration
from gatepost.delivery.writers import DirectWriter
from gatepost.queue.administration import Request as ControlRequest
from gatepost.queue.administration import Verb
from gatepost.queue.control import ask
from gatepost.queue.spool import Spool
from gatepost.server.drop import Request, submit
from gatepost.server.instance import Instance
from gatepost.server.limits import make_table
from gatepost.server.live import SNAPSHOTS, SPACE_AGE, Live, Surroundings, recent
from gatepost.server.logsink import ClassicShape, LogSink
from gatepost.server.reload import HandedFiles
from gatepost.server.sockets import Sockets, bind_all, close
from tests.fakes.configurations import configuration, free_port

TRANSPORTS = "local_transport = discard:\ndefault_transport = discard:\n"


MESSAGE = ("HELO a.example", "MAIL FROM:<a@b.example>", "RCPT TO:<k@mx.example>", "DATA", "Subject: x\r\n\r\nhi\r\n.")
"""A session that leaves a message."""


class Lines:
    """A log that can be waited on."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._news = asyncio.Event()

    def write(self, lines: list[bytes]) -> int:
        self.lines += (line.decode().rstrip("\n") for line in lines)
        self._news.set()
        return len(lines)

    def reopen(self) -> None:
        """Nothing to open."""

    async def wait_for(self, text: str) -> None:
        while not any(text in line for line in self.lines):
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), 20)
            except TimeoutError as error:
                raise AssertionError(f"waited in vain for {text!r}: {self.lines}") from error


class Scene:
    """One worker with a port."""

    def __init__(self, folder: Path, slot: int = 0, workers: int = 1) -> None:
        self.folder = folder
        self.port = free_port()
        self.log = Lines()
        self.limits = make_table(workers)
        sink = LogSink(self.log, ClassicShape("mx"))
        self.live = Live(Surroundings(sink, slot, workers, self.limits, DirectWriter()))
        self.bound: Sockets = {}

    def configuration(self, main: str = "", port: int = 0) -> Configuration:
        rows = f"127.0.0.1:{port or self.port} inet n - n - - smtpd\n"
        return configuration(self.folder, TRANSPORTS + main, rows)

    def listeners(self, made: Configuration) -> dict[tuple[str, int], socket.socket]:
        before, self.bound = self.bound, bind_all(made, 1, self.bound)
        for endpoint in before.keys() - self.bound.keys():
            close(before[endpoint])
        return {endpoint: sockets[0].dup() for endpoint, sockets in self.bound.items()}

    async def start(self, main: str = "") -> None:
        made = self.configuration(main)
        Instance.of(made.settings).prepare(None)
        await self.live.start(made, self.listeners(made), HandedFiles({}))

    async def reload(self, main: str, port: int = 0) -> None:
        made = self.configuration(main, port)
        listeners = self.listeners(made)
        try:
            await self.live.reload(made, listeners, HandedFiles({}))
        except ConfigurationError:
            close(listeners.values())
            raise

    async def client(self, port: int = 0) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", port or self.port)

    async def greeting(self, port: int = 0) -> str:
        reader, writer = await self.client(port)
        line = (await reader.readline()).decode().strip()
        writer.close()
        await writer.wait_closed()
        return line

    async def stop(self) -> None:
        await self.live.stop(5)
        for sockets in self.bound.values():
            close(sockets)
        os.close(self.limits)


def played(folder: Path, act: Callable[[Scene], Awaitable[None]], *, slot: int = 0, workers: int = 1) -> None:
    async def main() -> None:
        scene = Scene(folder, slot, workers)
        try:
            await act(scene)
        finally:
            await scene.stop()

    uvloop.run(main())


async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *lines: str) -> list[str]:
    replies = [(await reader.readline()).decode().strip()]
    for line in lines:
        writer.write(f"{line}\r\n".encode())
        replies.append((await reader.readline()).decode().strip())
    return replies


def test_a_message_is_accepted_queued_and_delivered(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        await scene.start()
        reader, writer = await scene.client()
        *_, queued = await say(reader, writer, *MESSAGE)
        writer.close()
        await writer.wait_closed()
        assert queued.startswith("250 2.0.0 Ok: queued as ")
        await scene.log.wait_for(f"{queued.rpartition(' ')[2]}: removed")
        assert any("to=<k@mx.example>, relay=none" in line and "status=sent" in line for line in scene.log.lines)

    played(tmp_path, act)


def test_a_bounce_is_a_new_message(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        await scene.start("transport_maps = inline:{{nobody@mx.example=error:no such user}}\n")
        request = Request("joe@mx.example", ("nobody@mx.example",))
        path = tmp_path / "queue/gatepost/public/drop"
        receipt = await asyncio.to_thread(submit, path, request, b"Subject: x\n\nhi\n")
        assert receipt.queue_id
        await scene.log.wait_for(f"{receipt.queue_id}: uid={os.getuid()} from=<joe@mx.example>")
        await scene.log.wait_for(f"{receipt.queue_id}: sender non-delivery notification: ")
        await scene.log.wait_for("to=<joe@mx.example>")

    played(tmp_path, act)


def test_a_reload_changes_what_new_sessions_see(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        await scene.start()
        assert "220 mx.example ESMTP Gatepost" == await scene.greeting()
        await scene.reload("smtpd_banner = $myhostname again\n")
        assert "220 mx.example again" == await scene.greeting()

    played(tmp_path, act)


def test_a_reload_that_fails_changes_nothing(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        await scene.start()
        with pytest.raises(ConfigurationError):
            await scene.reload("smtpd_banner = changed\nsmtpd_client_restrictions = reject_unverified_sender\n")
        assert "220 mx.example ESMTP Gatepost" == await scene.greeting()

    played(tmp_path, act)


def test_ports_come_and_go(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        await scene.start()
        other = free_port()
        await scene.reload("", other)
        assert (await scene.greeting(other)).startswith("220")

    played(tmp_path, act)


def test_sessions_of_old_configurations_are_asked_to_end(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        await scene.start()
        reader, writer = await scene.client()
        assert (await reader.readline()).startswith(b"220")
        for number in range(SNAPSHOTS):
            await scene.reload(f"smtpd_banner = $myhostname {number}\n")
        assert (await reader.readline()).startswith(b"421")
        writer.close()
        await writer.wait_closed()

    played(tmp_path, act)


def test_the_51st_connection_of_a_client_is_refused(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        await scene.start("smtpd_client_connection_count_limit = 2\nsmtpd_client_event_limit_exceptions =\n")
        held = [await scene.client() for _ in range(2)]
        for reader, _ in held:
            assert (await reader.readline()).startswith(b"220")
        assert (await scene.greeting()).startswith("421 4.7.0 mx.example Error: too many connections")
        for _, writer in held:
            writer.close()
            await writer.wait_closed()

    played(tmp_path, act)


def test_mail_in_slots_without_a_worker_is_delivered_by_the_first(tmp_path: Path) -> None:
    async def leave(scene: Scene) -> None:
        await scene.start("local_transport = lmtp:[127.0.0.1]:1\n")
        reader, writer = await scene.client()
        *_, queued = await say(reader, writer, *MESSAGE)
        writer.close()
        await writer.wait_closed()
        await scene.log.wait_for("status=deferred")
        ids.append(queued.rpartition(" ")[2])

    async def act(scene: Scene) -> None:
        await scene.start("minimal_backoff_time = 1s\n")
        await asyncio.to_thread(flush)
        await scene.log.wait_for(f"{ids[0]}: removed")

    def flush() -> list[object]:
        spool = Spool(tmp_path / "queue")
        return list(ask(spool.slot(3).control, ControlRequest(Verb.FLUSH, ())))

    ids: list[str] = []
    played(tmp_path, leave, slot=3, workers=4)
    played(tmp_path, act)


def test_etrn_reaches_the_mail_of_all_workers(tmp_path: Path) -> None:
    main = "local_transport = lmtp:[127.0.0.1]:1\nfast_flush_domains = mx.example\n"

    async def etrn(scene: Scene) -> str:
        reader, writer = await scene.client()
        *_, last = await say(reader, writer, "HELO a.example", "ETRN mx.example")
        writer.close()
        await writer.wait_closed()
        return last

    async def act(scene: Scene) -> None:
        other = Scene(tmp_path, slot=1, workers=2)
        await scene.start(main)
        try:
            await other.start(main)
            reader, writer = await other.client()
            await say(reader, writer, *MESSAGE)
            writer.close()
            await writer.wait_closed()
            await other.log.wait_for("status=deferred")
            while sum("status=deferred" in line for line in other.log.lines) < 2:  # asked again until that is written
                assert (await etrn(scene)).startswith("250 ")
        finally:
            await other.stop()
        assert (await etrn(scene)).startswith("458 ")

    played(tmp_path, act, workers=2)


def test_free_space_is_looked_at_once_in_a_while() -> None:
    looks = [10, 20]
    times = [1.0, 1.0 + SPACE_AGE / 2, 1.0 + SPACE_AGE * 2]
    space = recent(lambda: looks.pop(0), lambda: times.pop(0))
    assert [10, 10, 20] == [space() for _ in range(3)]
