"""The server as processes: start, replacement, reload, end."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from gatepost.cli.status import collect
from gatepost.config.load import load
from gatepost.server.instance import Instance, running_pid
from tests.fakes.configurations import free_port, write
from tests.fakes.running import PATIENCE, Running, running, talk
from tests.fakes.service_manager import ServiceManager


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
        while str(worker) in (shown := str(collect(load(folder))["workers"])):  # until the new one is ready
            pass
        assert str(server.workers()[-1]) in shown


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
        with pytest.raises(ConnectionError):
            talk(port)


def notified(folder: Path, manager: ServiceManager, **environment: str) -> AbstractContextManager[Running]:
    return running(folder, {"NOTIFY_SOCKET": manager.address, **environment})


@pytest.fixture
def manager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceManager]:
    with ServiceManager(str(tmp_path_factory.mktemp("s") / "notify")) as made:
        yield made


def test_systemd_is_told(folder: Path, manager: ServiceManager) -> None:
    add(folder, "gatepost_workers = 2\n")
    with notified(folder, manager) as server:
        status = f"STATUS=2 workers, 1 ports, configuration {folder}"
        assert ["READY=1", status] == manager.heard()
        server.signal(signal.SIGHUP)
        assert manager.heard()[0] == "RELOADING=1"
        assert ["READY=1", status] == manager.heard()
        add(folder, "smtpd_recipient_limit = many\n")
        server.signal(signal.SIGHUP)
        assert manager.heard()[0] == "RELOADING=1"
        assert ["READY=1", status] == manager.heard()
        server.end()
        assert manager.heard()[0] == "STOPPING=1"


def test_the_watchdog_is_fed_while_all_workers_answer(folder: Path, manager: ServiceManager) -> None:
    add(folder, "gatepost_workers = 2\n")
    with notified(folder, manager, WATCHDOG_USEC="150000"):
        assert manager.heard()[0] == "READY=1"
        for _ in range(3):
            assert ["WATCHDOG=1"] == manager.heard()


def test_a_worker_that_hangs_is_replaced(folder: Path, port: int, manager: ServiceManager) -> None:
    add(folder, "gatepost_worker_limit = 1s\ngatepost_workers = 1\n")
    with notified(folder, manager, WATCHDOG_USEC="60000000") as server:
        assert manager.heard()[0] == "READY=1"
        worker = server.workers()[0]
        os.kill(worker, signal.SIGSTOP)
        server.wait_for(f"worker 0 pid {worker} has not answered for 1 s; killed")
        server.wait_for(f"worker 0 pid {worker} killed by signal 9")
        assert talk(port, "QUIT")[0].startswith("220 mx.example ")
        manager.heard_until("WATCHDOG=1")


def test_a_worker_that_dies_again_and_again_gets_pauses(folder: Path, port: int) -> None:
    add(folder, "gatepost_workers = 1\n")
    with running(folder) as server:
        for wait in ("", "0.5", "1"):
            worker = server.workers()[-1 if wait else 0]  # the mailbox helper, which stays, was started second
            os.kill(worker, signal.SIGKILL)
            server.wait_for(f"worker 0 pid {worker} killed by signal 9")
            if wait:
                server.wait_for(f"worker 0 dies again and again -- throttling; next start in {wait} s")
            assert talk(port, "QUIT")[0].startswith("220 mx.example ")  # which waits for the next one


def test_no_connection_is_lost_while_the_configuration_is_read_anew(folder: Path, port: int) -> None:
    add(folder, "gatepost_workers = 2\nsmtpd_client_connection_count_limit = 0\n")
    done, lost = itertools.count(), []
    end = threading.Event()

    def visit() -> None:
        while not end.is_set():
            try:
                replies = talk(port, "EHLO client.example", "MAIL FROM:<a@example.com>", "QUIT")
            except OSError as error:
                lost.append(repr(error))
                return
            if [reply[:3] for reply in replies] != ["220", "250", "250", "221"]:
                lost.append(str(replies))
            next(done)

    with running(folder) as server, ThreadPoolExecutor(8) as pool:
        for _ in range(8):
            pool.submit(visit)
        for number in range(10):
            if number == 5:
                add(folder, "smtpd_banner = $myhostname changed\n")
            server.signal(signal.SIGHUP)
            server.wait_for("reload -- version")
        assert talk(port, "QUIT")[1][:3] == "221"
        end.set()
    assert [] == lost
    assert next(done) > 50
