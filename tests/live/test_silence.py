"""Clients that say nothing any more, at every point of the dialogue."""

from __future__ import annotations

from contextlib import suppress

import pytest

from tests.fakes.certificates import issue
from tests.fakes.site import Site, Wire

LIMIT = "smtpd_timeout = 1s\nsmtpd_starttls_timeout = 1s\n"

POINTS: dict[str, tuple[list[str], bytes, str]] = {
    "greeting": ([], b"", "CONNECT"),
    "amid a command": ([], b"EHL", "CONNECT"),
    "EHLO": (["EHLO client.example"], b"", "EHLO"),
    "MAIL": (["EHLO client.example", "MAIL FROM:<a@client.example>"], b"", "MAIL"),
    "RCPT": (["EHLO c", "MAIL FROM:<a@client.example>", "RCPT TO:<ann@box.example>"], b"", "RCPT"),
    "DATA": (["EHLO c", "MAIL FROM:<a@client.example>", "RCPT TO:<ann@box.example>", "DATA"], b"", "DATA (0 bytes)"),
    "content": (
        ["EHLO c", "MAIL FROM:<a@client.example>", "RCPT TO:<ann@box.example>", "DATA"],
        b"Subject: x\r\n\r\nhalf",
        "DATA (",
    ),
    "BDAT": (["EHLO c", "MAIL FROM:<a@client.example>", "RCPT TO:<ann@box.example>"], b"BDAT 100\r\nhalf", "BDAT"),
    "AUTH": (["EHLO c", "AUTH LOGIN"], b"", "AUTH"),
}
"""What is said, one by one, what is sent besides, and the stage as the log names it."""


@pytest.mark.parametrize("point", POINTS)
def test_a_client_that_stalls_is_let_go(site: Site, point: str) -> None:
    lines, more, stage = POINTS[point]
    (site.folder / "users").write_text("", "utf-8")
    login = (
        "smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = gatepost\nsmtpd_tls_auth_only = no\n"
        f"gatepost_users_file = {site.folder}/users\n"
    )
    with site.serving(LIMIT + login) as server, Wire(site.port) as wire, Wire(site.port) as other:
        assert wire.reply().startswith("220 ")
        for line in lines:
            assert wire.say(line)[0] in "23"
        wire.send(more)
        assert other.reply().startswith("220 ")
        assert other.say("HELO other").startswith("250 ")  # meanwhile, others are served
        said = wire.rest()
        assert said == b"421 4.4.2 mx.example Error: timeout exceeded\r\n"
        server.wait_for(f"timeout after {stage}")
    assert not (site.folder / "boxes" / "all").exists()


def test_a_client_that_stalls_in_the_tls_handshake_is_let_go(site: Site) -> None:
    chain = site.folder / "chain.pem"
    chain.write_bytes(issue("mx.example").both)
    tls = f"smtpd_tls_security_level = may\nsmtpd_tls_chain_files = {chain}\n"
    with site.serving(LIMIT + tls) as server, site.client() as wire:
        assert wire.say("STARTTLS").startswith("220 ")
        wire.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")  # the beginning of a ClientHello
        assert wire.rest() == b""
        server.wait_for("SSL_accept error from localhost[127.0.0.1]: Connection timed out")
        server.wait_for("disconnect from")


def test_a_client_that_drips_content_is_held_to_one_limit(site: Site) -> None:
    with site.serving("smtpd_timeout = 1s\nsmtpd_per_request_deadline = yes\n") as server, site.client() as wire:
        wire.say("MAIL FROM:<a@client.example>", "RCPT TO:<ann@box.example>", "DATA")
        wire.socket.settimeout(0.05)
        said = b""
        while not said:
            wire.send(b"x")
            with suppress(TimeoutError):
                said = wire.socket.recv(100)
        assert said == b"421 4.4.2 mx.example Error: timeout exceeded\r\n"
        server.wait_for("timeout after DATA")
