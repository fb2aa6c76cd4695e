"""The server as processes: start, replacement, reload, end."""

from __future__ import annotations

import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatepost.cli.status import collect
from gatepost.config.load import load
from gatepost.server.instance import Instance, running_pid
from tests.fakes.configurations import free_port, write
from tests.fakes.running import PATIENCE, Running, running, talk


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def folder(port: int) -> Iterator[Path]:
    """A configuration in a folder that the mail owner can enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory(prefix="gatepost.") as name:
        Path(name).chmod(0o755)
        yield write(Path(name), services=f"127.0.0.1:{port} inet n - n - - smtpd\n")


def add(folder: Path, text: str) -> None:
    with (folder / "main.cf").open("a", encoding="utf-8") as stream:
        stream.write(text)


def test_it_serves_from_the_moment_it_says_so_and_ends_cleanly(folder: Path, port: int) -> None:
    with running(folder) as server:
        assert server.process.pid == running_pid(Instance.of(load(folder).settings))
        assert talk(port, "QUIT")[0].startswith("220 mx.example ")
        assert {} == collect(load(folder))["queue"]
        assert server.end() == 0
    with pytest.raises(ConnectionRefusedError):
        talk(port)


def test_a_worker_that_dies_is_replaced(folder: Path, port: int) -> None:
    with running(folder) as server:
        worker = server.workers()[0]
        os.kill(worker, signal.SIGKILL)
        server.wait_for(f"worker 0 pid {worker} killed by signal 9")
        assert "250 mx.example" == talk(port, "HELO a", "QUIT")[1]  # the new one inherits the waiting client


def test_several_workers_serve_one_port(folder: Path, port: int) -> None:
    add(folder, "gatepost_workers = 3\n")
    with running(folder):
        for _ in range(12):
            assert talk(port, "QUIT")[1].startswith("221")


def test_a_reload_takes_effect_for_new_sessions_and_new_ports(folder: Path, port: int) -> None:
    with running(folder) as server, socket.create_connection(("127.0.0.1", port), PATIENCE) as session:
        assert session.recv(100).startswith(b"220 mx.example ")
        other = free_port()
        write(folder, "smtpd_banner = $myhostname reloaded\n", f"127.0.0.1:{other} inet n - n - - smtpd\n")
        server.signal(signal.SIGHUP)
        server.wait_for("reload -- version")
        session.sendall(b"NOOP\r\n")
        assert session.recv(100)[:3] in (b"250", b"421")  # the port is gone; its sessions may finish, or be asked to
        replies = [""]
        while replies[0] != "220 mx.example reloaded":  # the worker may need a moment after the supervisor
            replies = talk(other, "QUIT")


def test_a_broken_configuration_leaves_the_old_one_in_force(folder: Path, port: int) -> None:
    with running(folder) as server:
        add(folder, "smtpd_recipient_limit = many\n")
        server.signal(signal.SIGHUP)
        line = server.wait_for("smtpd_recipient_limit")
        assert "main.cf:12:" in line
        server.wait_for("the old one stays in force")
        assert talk(port, "QUIT")[0].startswith("220 mx.example ")


def test_all_findings_stop_the_start(folder: Path) -> None:
    add(folder, "smtpd_recipient_limit = many\nsmtpd_sasl_auth_enable = perhaps\n")
    server = Running(folder)
    assert server.process.wait(PATIENCE) == 1
    server.wait_for("smtpd_recipient_limit")
    server.wait_for("smtpd_sasl_auth_enable")
    server.end()


def test_a_port_in_use_is_named_with_line_and_remedy(folder: Path, port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        server = Running(folder)
        assert server.process.wait(PATIENCE) == 1
        line = server.wait_for(f"cannot listen on 127.0.0.1:{port}: Address already in use")
        assert "master.cf:1:" in line
        server.wait_for("hint: ")
        server.end()


def test_two_servers_never_run_on_one_queue(folder: Path) -> None:
    with running(folder):
        other = folder / "other"
        other.mkdir()
        write(other, f"queue_directory = {folder}/queue\n")
        second = Running(other)
        assert second.process.wait(PATIENCE) == 1
        second.wait_for("another server")
        second.end()


def test_workers_do_not_outlive_the_supervisor(folder: Path, port: int) -> None:
    with running(folder) as server:
        server.process.kill()
        server.wait_for("(end of output)")  # nobody holds the other end any more
        with pytest.raises(ConnectionRefusedError):
            talk(port)


def test_systemd_is_told(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("s") / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        notified.bind(str(path))
        notified.settimeout(PATIENCE)
        with running(folder, {"NOTIFY_SOCKET": str(path)}) as server:
            assert b"READY=1" == notified.recv(100)
            server.end()
            assert b"STOPPING=1" == notified.recv(100)
