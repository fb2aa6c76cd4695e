"""Where log lines go."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
from pathlib import Path

import pytest

from gatepost.mail.events import Event, Failed, Noted, Warned
from gatepost.server.logsink import (
    ClassicShape,
    FileTarget,
    JsonShape,
    LogSink,
    StreamTarget,
    SyslogTarget,
    host_name,
    make_sink,
)
from gatepost.server.privileges import Owner


class Kept:
    """A target that keeps lines, or refuses them."""

    def __init__(self) -> None:
        self.writes: list[list[bytes]] = []
        self.refuses = False

    def write(self, lines: list[bytes]) -> int:
        if self.refuses:
            return 0
        self.writes.append(lines)
        return len(lines)

    def reopen(self) -> None:
        self.writes.append([b"reopened"])


def plain(tag: str, number: int, event: Event, now: float) -> bytes:
    del now
    return f"{tag}[{number}]: {getattr(event, 'text', '')}\n".encode()


def test_the_classic_line_is_postfixs() -> None:
    line = ClassicShape("mx")("postfix/smtpd", 7, Warned("hot"), 1_777_777_777.5).decode()
    assert re.fullmatch(r"May 0[23] \d\d:\d\d:37 mx postfix/smtpd\[7\]: warning: hot\n", line)


@pytest.mark.parametrize(("event", "priority"), [(Noted("a"), 22), (Warned("a"), 20), (Failed("a"), 18)])
def test_syslog_gets_facility_and_severity(event: Event, priority: int) -> None:
    assert ClassicShape("mx", facility="mail")("postfix/smtpd", 7, event, 0.0).startswith(f"<{priority}>".encode())


def test_json_has_the_time_in_utc() -> None:
    line = JsonShape()("postfix/smtpd", 7, Noted("a"), 1_777_777_777.25)
    assert "2026-05-03T03:09:37.250Z" == json.loads(line)["time"]


def test_lines_of_one_turn_of_the_loop_are_one_write() -> None:
    target = Kept()

    async def main() -> None:
        sink = LogSink(target, plain)
        for number in range(3):
            sink("t", number, Noted("x"))
        assert target.writes == []
        await asyncio.sleep(0)

    asyncio.run(main())
    assert [[b"t[0]: x\n", b"t[1]: x\n", b"t[2]: x\n"]] == target.writes


def test_without_a_loop_lines_are_written_at_once() -> None:
    target = Kept()
    LogSink(target, plain)("t", 1, Noted("x"))
    assert [[b"t[1]: x\n"]] == target.writes


def test_what_cannot_be_written_is_dropped_counted_and_told() -> None:
    target = Kept()
    sink = LogSink(target, plain)
    target.refuses = True
    for _ in range(3):
        sink("t", 1, Noted("lost"))
    assert sink.dropped == 3
    target.refuses = False
    sink("t", 1, Noted("x"))
    assert sink.dropped == 0
    notice, line = target.writes[0]
    assert b"3 log lines were dropped" in notice
    assert b"t[1]: x\n" == line


def test_a_file_is_appended_to_and_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "maillog"
    path.write_bytes(b"old\n")
    target = FileTarget(str(path))
    assert target.write([b"a\n", b"b\n"]) == 2
    path.rename(tmp_path / "maillog.1")
    target.write([b"c\n"])
    target.reopen()
    target.write([b"d\n"])
    assert b"old\na\nb\nc\n" == (tmp_path / "maillog.1").read_bytes()
    assert b"d\n" == path.read_bytes()
    assert 0o600 == path.stat().st_mode & 0o777


def test_a_file_that_cannot_be_opened_again_stays_in_use(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    folder.mkdir()
    target = FileTarget(str(folder / "maillog"))
    folder.rename(tmp_path / "moved")
    target.reopen()
    assert target.usable
    assert target.write([b"a\n"]) == 1


def test_a_full_disk_loses_lines_and_nothing_else() -> None:
    target = FileTarget("/dev/full")
    assert target.write([b"a\n"]) == 0


def test_a_full_pipe_is_not_waited_for() -> None:
    reader, writer = os.pipe()
    target = StreamTarget(writer)
    lines = [b"x" * 1000 + b"\n"] * 200
    written = target.write(lines)
    assert 0 < written < len(lines)
    assert target.write([b"y\n"]) == 0
    os.read(reader, 65536)
    assert target.write([b"y\n"]) == 1
    os.close(reader)
    assert target.write([b"y\n"]) == 0
    os.close(writer)


def test_a_line_longer_than_a_pipe_takes_at_once_is_dropped() -> None:
    reader, writer = os.pipe()
    assert StreamTarget(writer).write([b"x" * 5000 + b"\n", b"y\n"]) == 0
    os.close(reader)
    os.close(writer)


def test_syslog_gets_datagrams_and_is_found_again(tmp_path: Path) -> None:
    path = tmp_path / "log"
    target = SyslogTarget(str(path))
    assert target.write([b"<22>a\n"]) == 0
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
        daemon.bind(str(path))
        assert target.write([b"<22>a\n", b"<22>b\n"]) == 2
        assert [b"<22>a", b"<22>b"] == [daemon.recv(100), daemon.recv(100)]
    assert target.write([b"<22>c\n"]) == 0
    target.reopen()


def test_the_sink_for_a_configuration(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    make_sink(str(tmp_path / "maillog"), "text")("postfix/smtpd", 7, Noted("to the file"))
    make_sink("", "json")("postfix/smtpd", 7, Noted("to stdout"))
    make_sink(str(tmp_path / "absent" / "maillog"), "text")("postfix/smtpd", 7, Noted("to stdout too"))
    assert f"{host_name()} postfix/smtpd[7]: to the file\n" in (tmp_path / "maillog").read_text("utf-8")
    first, notice, last = capfd.readouterr().out.splitlines()
    assert "to stdout" == json.loads(first)["text"]
    assert "warning: cannot open maillog_file" in notice
    assert last.endswith("to stdout too")


def test_the_file_can_be_given_to_the_owner(tmp_path: Path) -> None:
    sink = make_sink(str(tmp_path / "maillog"), "text")
    sink.give_to(None)
    sink.give_to(Owner("me", os.getuid(), os.getgid()))
    (tmp_path / "maillog").rename(tmp_path / "maillog.1")
    sink.reopen()
    assert os.getuid() == (tmp_path / "maillog").stat().st_uid


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_the_file_after_a_rotation_belongs_to_the_owner_too(tmp_path: Path) -> None:
    target = FileTarget(str(tmp_path / "maillog"))
    target.give_to(65534, 65534)
    (tmp_path / "maillog").unlink()
    target.reopen()
    assert (tmp_path / "maillog").stat().st_uid == 65534
