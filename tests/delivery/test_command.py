"""Commands, run for real: hostile ones too."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from gatepost.delivery.command import OUTPUT_LIMIT, Command, execute
from gatepost.delivery.exits import Ending

ENVIRONMENT = (("PATH", "/usr/bin:/bin"), ("NAME", "value"))


def content(data: bytes = b"Subject: x\n\n") -> int:
    file = os.memfd_create("test")
    os.write(file, data)
    return file


def shell(script: str, *, limit: float = 30.0, data: bytes = b"Subject: x\n\n", watch: int = -1) -> Ending:
    return execute(Command(("sh", "-c", script), (), 1, 1, ENVIRONMENT, time_limit=limit), content(data), watch)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(
    ("script", "ending"),
    [
        ("cat", Ending(0, output=b"Subject: x\n\n")),
        ("exit 75", Ending(75)),
        ("kill -9 $$", Ending(signal=9)),
        ("echo a; echo b >&2; exit 1", Ending(1, output=b"a\nb\n")),
        ("exec <&-; exec >&- 2>&-; exit 3", Ending(3)),
        ("env | grep -v -e ^PWD -e ^_ -e ^SHLVL | sort", Ending(0, output=b"NAME=value\nPATH=/usr/bin:/bin\n")),
        ("ls /proc/self/fd | tr '\\n' ' '", Ending(0, output=b"0 1 2 3 ")),
        ("umask; pwd", Ending(0, output=b"0077\n/\n")),
    ],
)
def test_endings(script: str, ending: Ending) -> None:
    assert ending == shell(script)


def test_a_large_message_reaches_the_command_whole() -> None:
    assert shell("wc -c", data=b"x" * 3_000_000) == Ending(0, output=b"3000000\n")


def test_what_is_not_read_does_no_harm() -> None:
    assert shell("head -c 3", data=b"x" * 3_000_000) == Ending(0, output=b"xxx")


def test_output_is_bounded() -> None:
    ending = shell("head -c 10000000 /dev/zero | tr '\\0' x; exit 1")
    assert ending == Ending(1, output=b"x" * OUTPUT_LIMIT)


@pytest.mark.parametrize(
    "script",
    [
        "sleep 60",
        "trap '' TERM INT HUP; sleep 60",
        "while :; do echo x; done",
        "sleep 60 & exit 0",
        "(trap '' TERM; sleep 60) & sleep 60",
    ],
)
def test_a_command_that_does_not_end_is_ended(script: str) -> None:
    began = time.monotonic()
    assert shell(script, limit=0.3).timed_out
    assert time.monotonic() - began < 10


def test_what_stays_behind_is_killed(tmp_path: Path) -> None:
    """Every process of the group, not only the one that was started."""
    file = tmp_path / "pid"
    assert shell(f"sleep 60 >/dev/null 2>&1 & echo $! >{file}").status == 0
    pid = int(file.read_text())
    end = time.monotonic() + 10
    while alive(pid):
        assert time.monotonic() < end, "it lives on"
        os.sched_yield()


def test_a_command_nobody_waits_for_is_killed() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        timer = threading.Timer(0.2, ours.close)
        timer.start()
        ending = shell("sleep 60", watch=theirs.fileno())
        timer.join()
    assert ending == Ending(75, output=b"delivery was broken off\n")


@pytest.mark.parametrize(
    ("argv", "ending"),
    [
        (("/no/such", "a"), Ending(75, output=b"fatal: execvp /no/such: No such file or directory\n")),
        (("/",), Ending(75, output=b"fatal: execvp /: Permission denied\n")),
        (("echo", "a\0b"), Ending(75, output=b"fatal: execvp: embedded null byte\n")),
        (("echo", "$HOME;`id`"), Ending(0, output=b"$HOME;`id`\n")),
    ],
)
def test_a_command_is_no_shell_line(argv: tuple[str, ...], ending: Ending) -> None:
    assert ending == execute(Command(argv, (), 1, 1, ENVIRONMENT), content())


def test_what_is_no_program_may_be_the_shells_own() -> None:
    command = Command(("exit", "7"), ("sh", "-c", "exit 7"), 1, 1, ENVIRONMENT)
    assert execute(command, content()) == Ending(7)
    assert execute(replace(command, directory="/no/such"), content()) == Ending(75)


def test_directories(tmp_path: Path) -> None:
    command = Command(("pwd",), (), 1, 1, ENVIRONMENT, start=str(tmp_path))
    assert execute(command, content()).output == f"{tmp_path}\n".encode()
    assert execute(replace(command, start="/no/such"), content()).output == b"/\n"
    assert execute(replace(command, directory="/usr"), content()).output == b"/usr\n"


def test_signals_are_as_a_program_expects_them() -> None:
    """Python ignores SIGPIPE; a command that writes to a pipe without reader must die of it."""
    assert shell("yes | head -n 1") == Ending(0, output=b"y\n")
    assert signal.getsignal(signal.SIGPIPE) is signal.SIG_IGN
