"""What systemd is told, at a socket in its place."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatepost.server.notify import Notifier
from tests.fakes.service_manager import ServiceManager


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ServiceManager]:
    address = str(tmp_path / "notify") if request.param == "path" else f"@gatepost-test-{os.getpid()}"
    with ServiceManager(address) as made:
        yield made


def test_what_is_told(manager: ServiceManager) -> None:
    notifier = Notifier(manager.address, watchdog=1.0)
    notifier.ready("2 workers")
    assert ["READY=1", "STATUS=2 workers"] == manager.heard()
    before = time.monotonic_ns() // 1000
    notifier.reloading()
    reloading, when = manager.heard()
    assert reloading == "RELOADING=1"
    assert before <= int(when.removeprefix("MONOTONIC_USEC=")) <= time.monotonic_ns() // 1000
    notifier.alive()
    assert ["WATCHDOG=1"] == manager.heard()
    notifier.stopping()
    assert ["STOPPING=1", "STATUS=finishing what has begun"] == manager.heard()


def test_alive_is_told_only_where_somebody_waits_for_it(manager: ServiceManager) -> None:
    notifier = Notifier(manager.address)
    notifier.alive()
    notifier.ready("")
    assert ["READY=1", "STATUS="] == manager.heard()


def test_nobody_listens(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    Notifier(str(gone)).ready("2 workers")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as closed:
        closed.bind(str(gone))
    Notifier(str(gone)).ready("2 workers")
    Notifier().ready("2 workers")


@pytest.mark.parametrize(
    ("watchdog", "environment"),
    [
        (0.0, {}),
        (20.0, {"WATCHDOG_USEC": "20000000"}),
        (0.5, {"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}),
        (0.0, {"WATCHDOG_USEC": "500000", "WATCHDOG_PID": "1"}),
        (0.0, {"WATCHDOG_USEC": "soon"}),
    ],
)
def test_the_environment_is_read_and_not_handed_on(watchdog: float, environment: dict[str, str]) -> None:
    given = {"NOTIFY_SOCKET": "/run/notify", "PATH": "/bin", **environment}
    assert Notifier("/run/notify", watchdog) == Notifier.of(given)
    assert {"PATH": "/bin"} == given
