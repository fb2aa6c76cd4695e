"""What a worker does at its supervisor's word."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import pytest
import uvloop

from gatepost.config.findings import ConfigurationError
from gatepost.config.load import Configuration
from gatepost.delivery.writers import DirectWriter, HelperWriter
from gatepost.server import control, worker
from gatepost.server.control import Message, Word
from gatepost.server.live import Surroundings
from gatepost.server.logsink import FileTarget, JsonShape, LogSink
from gatepost.server.privileges import Owner
from gatepost.server.reload import HandedFiles
from gatepost.server.sockets import Endpoint
from gatepost.server.supervisor import Task
from gatepost.server.worker import Setting, _rights, _Worker
from tests.fakes.configurations import configuration


class FakeLive:
    """Notes what it is told; a configuration with the banner `bad` cannot be built."""

    seen: list[str]

    def __init__(self, surroundings: Surroundings) -> None:
        self.failed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        FakeLive.seen = [f"slot {surroundings.slot} of {surroundings.workers}"]
        FakeLive.last = self

    last: FakeLive

    async def start(
        self, configuration: Configuration, listeners: Mapping[Endpoint, socket.socket], files: HandedFiles
    ) -> None:
        del configuration, files
        self.seen.append(f"start {len(listeners)}")

    async def reload(
        self, configuration: Configuration, listeners: Mapping[Endpoint, socket.socket], files: HandedFiles
    ) -> None:
        match configuration.settings.smtpd_banner:
            case "bad":
                raise ConfigurationError([])
            case "worse":
                raise RuntimeError("a fault of ours")
        self.seen.append(f"reload {sorted(listeners)} {files.content('/handed').decode()}")
        for each in listeners.values():
            each.close()

    async def stop(self, grace: float) -> None:
        self.seen.append(f"stop {grace:.0f}")


def played(
    folder: Path, monkeypatch: pytest.MonkeyPatch, act: Callable[[socket.socket], Awaitable[None]]
) -> tuple[int, list[str]]:
    """Run a worker beside `act`, which has the supervisor's end; the exit status and what the parts were told."""
    monkeypatch.setattr(worker, "Live", FakeLive)
    ours, theirs = control.pair()
    ours.setblocking(False)
    setting = Setting(LogSink(FileTarget("/dev/null"), JsonShape()), None, 2, -1, "")

    async def main() -> int:
        made = configuration(folder, "smtpd_banner = good\ngatepost_stop_limit = 7s\n")
        task = asyncio.create_task(_Worker(made, Task(1, theirs, (), os.getpid()), setting).main({}))
        assert Message(Word.READY) == await heard(ours)
        await act(ours)
        return await asyncio.wait_for(task, 20)

    with ours, theirs:
        return uvloop.run(main()), FakeLive.seen


async def heard(end: socket.socket) -> Message | None:
    """What the worker says."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(end, ready.set)
    try:
        await asyncio.wait_for(ready.wait(), 20)
    finally:
        loop.remove_reader(end)
    return control.receive(end)


async def reload(end: socket.socket) -> Message | None:
    """Have the worker reload, with a socket and a file."""
    files = control.seal({"/handed": b"content"})
    with socket.socket() as listener:
        control.send(end, Message(Word.RELOAD, "", ("::1 25",), (files, listener.fileno())))
    os.close(files)
    return await heard(end)


def test_it_starts_and_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(end: socket.socket) -> None:
        control.send(end, Message(Word.REOPEN))
        control.send(end, Message(Word.STOP))

    assert (0, ["slot 1 of 2", "start 0", "stop 7"]) == played(tmp_path, monkeypatch, act)


def test_it_answers_that_its_loop_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(end: socket.socket) -> None:
        control.send(end, Message(Word.PING))
        assert Message(Word.PONG) == await heard(end)
        control.send(end, Message(Word.STOP))

    assert played(tmp_path, monkeypatch, act)[0] == 0


def test_it_stops_when_the_supervisor_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(end: socket.socket) -> None:
        end.shutdown(socket.SHUT_RDWR)

    assert played(tmp_path, monkeypatch, act)[0] == 0


def test_it_ends_with_a_failure_when_its_parts_cannot_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(end: socket.socket) -> None:
        del end
        FakeLive.last.failed.set_result("the queue is somebody else's")

    assert played(tmp_path, monkeypatch, act)[0] == 1


def test_a_reload_brings_sockets_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(end: socket.socket) -> None:
        assert Message(Word.RELOADED) == await reload(end)
        control.send(end, Message(Word.STOP))

    assert "reload [('::1', 25)] content" in played(tmp_path, monkeypatch, act)[1]


@pytest.mark.parametrize("banner", ["bad", "worse"])
def test_a_reload_that_fails_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, banner: str) -> None:
    async def act(end: socket.socket) -> None:
        (tmp_path / "main.cf").write_text(f"smtpd_banner = {banner}\nqueue_directory = {tmp_path}\n", "utf-8")
        answer = await reload(end)
        assert answer is not None
        assert Word.REFUSED is answer.word
        control.send(end, Message(Word.STOP))

    assert played(tmp_path, monkeypatch, act)[0] == 0


def test_mailboxes_are_written_by_the_helper_where_there_is_one() -> None:
    sink = LogSink(FileTarget("/dev/null"), JsonShape())
    assert isinstance(_rights(Setting(sink, None, 1, -1, "")), DirectWriter)
    assert isinstance(_rights(Setting(sink, Owner("mail", 8, 8), 1, -1, "/helper")), HelperWriter)
