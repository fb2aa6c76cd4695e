"""Logins at Dovecot behind Postfix, and Postfix's certificate, as a smarthost has them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.fakes.configurations import free_port
from tests.peers.machines import Dovecot, Gatepost, Postfix, certificate, client, wait_for


@dataclass
class Smarthost:
    """A Postfix that wants TLS and a login, and throws everything away."""

    folder: Path
    port: int = field(default_factory=free_port)
    stack: ExitStack = field(default_factory=ExitStack)

    def start(self) -> Smarthost:
        for name in ("dovecot", "postfix", "gatepost"):
            (self.folder / name).mkdir()
        dovecot = Dovecot(self.folder / "dovecot", users={"relay": "s3cret"}).start()
        self.stack.callback(dovecot.stop)
        self.certificate = certificate(self.folder / "postfix", "localhost")
        self.postfix = Postfix(
            self.folder / "postfix",
            parameters={
                "smtpd_tls_security_level": "encrypt",
                "smtpd_tls_chain_files": str(self.certificate),
                "smtpd_sasl_auth_enable": "yes",
                "smtpd_sasl_type": "dovecot",
                "smtpd_sasl_path": f"{self.folder}/dovecot/auth",
                "smtpd_relay_restrictions": "permit_sasl_authenticated, reject",
                "mynetworks": "192.0.2.1/32",
                "default_transport": "discard",
            },
            services={f"127.0.0.1:{self.port}": {}},
        ).start()
        self.stack.callback(self.postfix.stop)
        return self

    def send(self, secret: str = "s3cret", **parameters: str) -> str:
        """Let Gatepost hand one message over; its log, once the fate of the message is known."""
        port = free_port()
        gatepost = Gatepost(
            self.folder / "gatepost",
            parameters={
                "relayhost": f"[localhost]:{self.port}",
                "smtp_host_lookup": "native",
                "smtp_tls_security_level": "verify",
                "smtp_tls_CAfile": str(self.certificate),
                "smtp_tls_loglevel": "1",
                "smtp_sasl_auth_enable": "yes",
                "smtp_sasl_password_maps": f"inline:{{localhost=relay:{secret}}}",
                **parameters,
            },
            services={f"127.0.0.1:{port}": {}},
        ).start()
        self.stack.callback(gatepost.stop)
        with client(port) as session:
            session.sendmail("a@client.example", ["ann@box.example"], b"Subject: x\r\n\r\nx\r\n")
        wait_for("the message's fate", lambda: "status=" in gatepost.log())
        return gatepost.log()


@pytest.fixture
def smarthost(folder: Path) -> Iterator[Smarthost]:
    made = Smarthost(folder)
    with made.stack:
        yield made.start()


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5"])
def test_dovecot_takes_our_logins(smarthost: Smarthost, mechanism: str) -> None:
    log = smarthost.send(smtp_sasl_mechanism_filter=mechanism)
    assert "status=sent" in log
    assert "Verified TLS connection established to localhost[127.0.0.1]" in log
    assert f"sasl_method={mechanism}, sasl_username=relay" in smarthost.postfix.log()


def test_the_strongest_mechanism_is_taken(smarthost: Smarthost) -> None:
    assert "status=sent" in smarthost.send()
    assert "sasl_method=SCRAM-SHA-256, " in smarthost.postfix.log()


def test_a_wrong_password_waits(smarthost: Smarthost) -> None:
    log = smarthost.send("wrong")
    assert "status=deferred (SASL authentication failed; server localhost[127.0.0.1] said: 535 5.7.8" in log


def test_a_server_that_is_not_verified_hears_no_password(smarthost: Smarthost) -> None:
    log = smarthost.send(smtp_tls_CAfile="")
    assert "status=deferred (Server certificate not verified)" in log
    assert "certificate verification failed for localhost[127.0.0.1]" in log
    assert "sasl_" not in smarthost.postfix.log()
