"""A name server that never answers: clients are asked to come again, and nobody else waits."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator

import pytest

from tests.fakes.site import Site

SILENT = "127.0.0.53"
"""Where nobody answers. It must be on port 53, because resolv.conf(5) knows no other."""


@pytest.fixture
def silent_name_server(site: Site) -> Iterator[tuple[str, ...]]:
    """A command that gives a program of its own a resolv.conf that names the silent server."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a process a resolv.conf of its own")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        try:
            bound.bind((SILENT, 53))
        except OSError:
            pytest.skip(f"{SILENT} has a name server")
        path = site.folder / "resolv.conf"
        path.write_text(f"nameserver {SILENT}\noptions timeout:1 attempts:2\n", "utf-8")
        script = f'mount --bind {path} /etc/resolv.conf && exec "$@"'
        yield ("unshare", "--mount", "sh", "-c", script, "sh")


def test_a_silent_name_server_defers_and_holds_up_nobody_else(site: Site, silent_name_server: tuple[str, ...]) -> None:
    rules = "smtpd_recipient_restrictions = reject_unknown_sender_domain, reject_unauth_destination\n"
    with site.serving(rules, within=silent_name_server) as server, site.client() as waiting, site.client() as other:
        started = time.monotonic()
        waiting.say("MAIL FROM:<joe@silent.example>")
        waiting.send(b"RCPT TO:<ann@box.example>\r\n")
        assert other.say("NOOP") == "250 2.0.0 Ok"
        assert other.say("MAIL FROM:<>", "RCPT TO:<ann@box.example>") == "250 2.1.5 Ok"
        assert time.monotonic() - started < 1.5  # the first answer is not due yet
        reply = waiting.reply()
        assert reply == "450 4.1.8 <joe@silent.example>: Sender address rejected: Domain not found"
        assert time.monotonic() - started < 20
        assert waiting.say("RSET", "MAIL FROM:<>", "RCPT TO:<ann@box.example>") == "250 2.1.5 Ok"
        server.wait_for("NOQUEUE: reject: RCPT from localhost[127.0.0.1]: 450 4.1.8")
