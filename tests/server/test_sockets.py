"""Listening sockets."""

from __future__ import annotations

import errno
import socket
from pathlib import Path

import pytest

from gatepost.config.findings import ConfigurationError, render
from gatepost.server import sockets
from tests.fakes.configurations import configuration, free_port


def test_each_worker_has_its_own_socket(tmp_path: Path) -> None:
    port = free_port()
    made = configuration(tmp_path, services=f"127.0.0.1:{port} inet n - n - - smtpd\n")
    bound = sockets.bind_all(made, 3, {})
    own = bound["127.0.0.1", port]
    assert [("127.0.0.1", port)] * 3 == [each.getsockname() for each in own]
    again = sockets.bind_all(made, 3, bound)
    assert again["127.0.0.1", port] is own
    sockets.close(own)


def test_ports_that_are_taken_are_all_reported_with_place_and_remedy(tmp_path: Path) -> None:
    with socket.socket() as first, socket.socket() as second:
        for each in (first, second):
            each.bind(("127.0.0.1", 0))
            each.listen()
        ports = [first.getsockname()[1], second.getsockname()[1]]
        rows = "".join(f"127.0.0.1:{port} inet n - n - - smtpd\n" for port in ports)
        with pytest.raises(ConfigurationError) as caught:
            sockets.bind_all(configuration(tmp_path, services=rows), 1, {})
    shown = render(caught.value.findings)
    for line, port in enumerate(ports, 1):
        assert f"master.cf:{line}:" in shown
        assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in shown
        assert f"ss -ltnp 'sport = :{port}'" in shown


def test_a_second_server_does_not_slip_in_beside_the_first(tmp_path: Path) -> None:
    port = free_port()
    made = configuration(tmp_path, services=f"127.0.0.1:{port} inet n - n - - smtpd\n")
    bound = sockets.bind_all(made, 2, {})
    for own in bound.values():
        for each in own:
            each.listen()
    with pytest.raises(ConfigurationError, match="in use"):
        sockets.bind_all(made, 2, {})
    for own in bound.values():
        sockets.close(own)


@pytest.mark.parametrize(
    ("number", "remedy"), [(errno.EACCES, "need root"), (errno.EADDRNOTAVAIL, "no such address"), (errno.EMFILE, "")]
)
def test_other_faults_have_their_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, remedy: str
) -> None:
    def fail(endpoint: sockets.Endpoint, workers: int) -> None:
        del endpoint, workers
        raise OSError(number, "no")

    monkeypatch.setattr(sockets, "_bind", fail)
    made = configuration(tmp_path, services="127.0.0.1:2525 inet n - n - - smtpd\n")
    with pytest.raises(ConfigurationError) as caught:
        sockets.bind_all(made, 1, {})
    (finding,) = caught.value.findings
    assert remedy in finding.hint
