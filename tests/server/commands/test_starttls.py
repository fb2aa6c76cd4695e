"""STARTTLS and TLS from the first byte: what is dropped, demanded, counted and told."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from OpenSSL import SSL

from gatepost.tls.context import ServerTls
from tests.fakes.certificates import Issued, issue
from tests.fakes.clock import run
from tests.fakes.sasl import FakeSasl
from tests.fakes.smtpd import service
from tests.fakes.tls import client, server
from tests.fakes.tls import wire as ciphertext
from tests.fakes.wire import Wire

MAY = "smtpd_tls_security_level = may\n"
WRAPPER = "smtpd_tls_wrappermode = yes\n"


class Secure:
    """A client's TLS over a wire."""

    def __init__(self, wire: Wire, certificate: Issued | None = None, *, at_once: int = 0) -> None:
        self.wire = wire
        self.tls = client(certificate)
        self.at_once = at_once

    async def shake(self) -> None:
        for _ in range(4):
            with suppress(SSL.WantReadError):
                self.tls.do_handshake()
            await self.wire.send(ciphertext(self.tls), at_once=self.at_once)
            self._take(await self.wire.heard())

    async def heard(self) -> str:
        self._take(await self.wire.heard())
        with suppress(SSL.WantReadError, SSL.ZeroReturnError):
            return self.tls.recv(65536).decode().removesuffix("\r\n")
        return ""

    async def say(self, line: str) -> str:
        self.tls.sendall(f"{line}\r\n".encode())
        await self.wire.send(ciphertext(self.tls), at_once=self.at_once)
        return await self.heard()

    def _take(self, data: bytes) -> None:
        if data:
            self.tls.bio_write(data)


@pytest.mark.parametrize("at_once", [0, 1])
def test_a_session_begins_anew(at_once: int) -> None:
    async def scene() -> None:
        played = service(MAY + "smtpd_helo_required = yes\n", tls=server())
        wire = played.connect()
        await wire.heard()
        replies = await wire.say("EHLO c.example", "MAIL FROM:<a@b.example>", "RCPT TO:<x@mx.example>", "STARTTLS")
        assert "220 2.0.0 Ready to start TLS" == replies[-1]
        assert not played.intake.open, "the transaction survived"
        secure = Secure(wire, at_once=at_once)
        await secure.shake()
        assert "503 5.5.1 Error: need MAIL command" == await secure.say("RCPT TO:<x@mx.example>")
        assert "503 5.5.1 Error: send HELO/EHLO first" == await secure.say("MAIL FROM:<a@b.example>")
        assert "STARTTLS" not in await secure.say("EHLO c.example")
        assert "554 5.5.1 Error: TLS already active" == await secure.say("STARTTLS")
        assert "221 2.0.0 Bye" == await secure.say("QUIT")
        assert wire.transport.closed
        assert any(line.startswith("Anonymous TLS connection established from unknown[") for line in played.log)
        assert "ehlo=2 starttls=1/2 mail=1/2 rcpt=1/2 quit=1 commands=6/9" in played.log[-1]

    run(scene())


def test_what_was_sent_in_the_clear_is_dropped() -> None:
    """Plaintext behind STARTTLS must not be taken for what came through TLS (CVE-2011-0411)."""

    async def scene() -> None:
        played = service(MAY, tls=server())
        wire = played.connect()
        await wire.heard()
        await wire.say("EHLO c.example")
        await wire.send(b"STARTTLS\r\nEHLO evil.example\r\nMAIL FROM:<evil@b.example>\r\n")
        assert b"220 2.0.0 Ready to start TLS\r\n" == await wire.heard()
        secure = Secure(wire)
        await secure.shake()
        assert "250 2.0.0 Ok" == await secure.say("NOOP")
        assert "503 5.5.1 Error: need MAIL command" == await secure.say("RCPT TO:<x@mx.example>")
        (session,) = played.sessions
        assert session.helo is None
        await wire.hang_up()

    run(scene())


def test_a_login_does_not_survive() -> None:
    async def scene() -> None:
        played = service(MAY + "smtpd_sasl_auth_enable = yes\n", tls=server(), sasl=FakeSasl())
        wire = played.connect()
        await wire.heard()
        (session,) = played.sessions
        await wire.say("XCLIENT LOGIN=x", "STARTTLS")
        secure = Secure(wire)
        await secure.shake()
        assert session.login is None
        assert session.tls is not None
        await wire.hang_up()

    run(scene())


@pytest.mark.parametrize(
    ("main_cf", "line", "reply"),
    [
        (MAY, "STARTTLS now", "501 5.5.4 Syntax: STARTTLS"),
        ("", "STARTTLS", "502 5.5.1 Error: command not implemented"),
        (MAY + "smtpd_discard_ehlo_keywords = starttls\n", "STARTTLS", "502 5.5.1 Error: command not implemented"),
        (MAY, "STARTTLS", "454 4.7.0 TLS not available due to local problem"),
    ],
)
def test_refusals(main_cf: str, line: str, reply: str) -> None:
    async def scene() -> None:
        wire = service(main_cf).connect()
        await wire.heard()
        assert [reply] == await wire.say(line)
        await wire.hang_up()

    run(scene())


def test_a_handshake_that_fails_ends_the_session() -> None:
    async def scene() -> None:
        played = service(MAY, tls=server())
        wire = played.connect()
        await wire.heard()
        await wire.say("STARTTLS", "NOOP")
        assert wire.transport.closed
        assert "SSL_accept error from unknown[192.0.2.7]: -1" in played.log
        assert "lost connection after STARTTLS from unknown[192.0.2.7]" in played.log
        assert "disconnect from unknown[192.0.2.7] starttls=0/1 commands=0/1" == played.log[-1]

    run(scene())


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01"])
def test_a_handshake_that_stalls_ends_the_session(sent: bytes) -> None:
    async def scene() -> None:
        played = service(MAY + "smtpd_starttls_timeout = 10s\n", tls=server())
        wire = played.connect()
        await wire.heard()
        await wire.say("STARTTLS")
        await wire.send(sent)
        await asyncio.sleep(11)
        assert wire.transport.closed
        assert "lost connection after STARTTLS from unknown[192.0.2.7]" in played.log

    run(scene())


def test_tls_from_the_first_byte() -> None:
    async def scene() -> None:
        played = service(WRAPPER, tls=server())
        wire = played.connect()
        assert b"" == await wire.heard()
        secure = Secure(wire)
        await secure.shake()
        assert "220 mx.example ESMTP Postfix" == await secure.heard()
        assert "STARTTLS" not in await secure.say("EHLO c.example")
        assert "221 2.0.0 Bye" == await secure.say("QUIT")
        assert "connect from unknown[192.0.2.7]" == played.log[0]

    run(scene())


def test_without_a_certificate_there_is_no_tls_from_the_first_byte() -> None:
    async def scene() -> None:
        played = service(WRAPPER)
        wire = played.connect()
        assert b"" == await wire.heard()
        assert wire.transport.closed
        assert played.log[1].startswith(
            "warning: Wrapper-mode request dropped from unknown[192.0.2.7] for service smtp."
        )

    run(scene())


REQUIRED = "smtpd_tls_security_level = encrypt\nsmtpd_tls_req_ccert = yes\n"


def asking() -> ServerTls:
    return server(REQUIRED + "smtpd_tls_CAfile = ca.pem\n")


@pytest.mark.parametrize(
    ("certificate", "reply"),
    [
        (None, "421 4.7.1 mx.example Error: No client certificate presented"),
        (issue("stranger.example", by_authority=False), "421 4.7.1 mx.example Error: Client certificate not trusted"),
        (issue("client.example"), "250 2.0.0 Ok"),
    ],
    ids=["none", "stranger", "trusted"],
)
def test_a_certificate_that_is_demanded(certificate: Issued | None, reply: str) -> None:
    async def scene() -> None:
        played = service(REQUIRED, tls=asking())
        wire = played.connect()
        await wire.heard()
        await wire.say("STARTTLS")
        secure = Secure(wire, certificate)
        await secure.shake()
        assert reply == await secure.say("NOOP")
        told = [line for line in played.log if line.startswith("NOQUEUE: abort: TLS from unknown[192.0.2.7]: ")]
        assert (reply[0] != "2") == bool(told)
        if told:
            assert "disconnect from unknown[192.0.2.7] starttls=1 commands=1" == played.log[-1]

    run(scene())


def test_new_sessions_have_a_rate() -> None:
    async def scene() -> None:
        played = service(MAY + "smtpd_client_new_tls_session_rate_limit = 1\n", tls=server())
        replies = []
        for _ in range(3):
            wire = played.connect()
            await wire.heard()
            replies += await wire.say("STARTTLS")
            if replies[-1].startswith("220"):
                secure = Secure(wire)
                await secure.shake()
                replies.append(await secure.heard())
            await wire.hang_up()
        ready = "220 2.0.0 Ready to start TLS"
        assert [
            ready,
            "",
            ready,
            "421 4.7.0 mx.example Error: too many new TLS sessions from unknown[192.0.2.7]",
            "454 4.7.0 Error: too many new TLS sessions from unknown[192.0.2.7]",
        ] == replies
        assert "warning: Refusing STARTTLS request from unknown[192.0.2.7] for service smtp" in played.log

    run(scene())
