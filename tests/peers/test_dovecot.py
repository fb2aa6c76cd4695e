"""Dovecot checks logins by its auth socket and takes mail by LMTP."""

from __future__ import annotations

import base64
import hmac
import smtplib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.peers.machines import Dovecot, Gatepost, client, free_port, wait_for, without_trace

MESSAGE = (
    b"From: a@client.example\r\nTo: ann@box.example\r\nSubject: x\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\n"
    b"Message-ID: <1@client.example>\r\n\r\n.one\r\n\r\ntwo\r\n"
)


@dataclass
class Pair:
    gatepost: Gatepost
    dovecot: Dovecot
    port: int


@pytest.fixture(params=["unix", "inet"])
def pair(folder: Path, request: pytest.FixtureRequest) -> Iterator[Pair]:
    inner = folder / "dovecot"
    inner.mkdir()
    dovecot = Dovecot(inner, users={"joe": "secret", "ann": "geheim"}).start()
    port = free_port()
    where = f"unix:{inner}/lmtp" if request.param == "unix" else f"[127.0.0.1]:{dovecot.ports[0]}"
    outer = folder / "gatepost"
    outer.mkdir()
    gatepost = Gatepost(
        outer,
        parameters={
            "virtual_mailbox_domains": "box.example",
            "virtual_mailbox_maps": "",
            "virtual_transport": f"lmtp:{where}",
            "smtpd_sasl_auth_enable": "yes",
            "smtpd_sasl_type": "dovecot",
            "smtpd_sasl_path": f"{inner}/auth",
            "smtpd_relay_restrictions": "permit_sasl_authenticated, reject",
        },
        services={f"127.0.0.1:{port}": {}},
    ).start()
    yield Pair(gatepost, dovecot, port)
    gatepost.stop()
    dovecot.stop()


def test_every_mechanism_of_dovecot_logs_in_and_mail_arrives_by_lmtp(pair: Pair) -> None:
    with client(pair.port) as session:
        assert {"PLAIN", "LOGIN", "CRAM-MD5"} <= set(session.esmtp_features["auth"].split())
    for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5"):
        with client(pair.port) as session:
            session.esmtp_features["auth"] = mechanism
            assert session.login("joe", "secret")[0] == 235
            session.sendmail("joe@client.example", ["ann@box.example"], MESSAGE)
    wait_for("three messages", lambda: len(pair.dovecot.mailbox("ann@box.example")) == 3)
    for raw in pair.dovecot.mailbox("ann@box.example"):
        assert without_trace(raw) == MESSAGE.replace(b"\r\n", b"\n")
    assert "sasl_method=CRAM-MD5, sasl_username=joe" in pair.gatepost.log()
    wait_for("the status line", lambda: "status=sent (250 2.0.0 <ann@box.example>" in pair.gatepost.log())


def test_a_wrong_password_fails_as_dovecot_says(pair: Pair) -> None:
    with client(pair.port) as session:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            session.login("joe", "wrong")
        code, challenge = session.docmd("AUTH", "CRAM-MD5")
        assert code == 334
        digest = hmac.new(b"bad", base64.b64decode(challenge), "md5").hexdigest()
        assert session.docmd(base64.b64encode(f"joe {digest}".encode()).decode())[0] == 535


def test_the_login_backend_may_come_and_go(pair: Pair) -> None:
    pair.dovecot.stop()
    with pytest.raises(smtplib.SMTPException), client(pair.port, login=("joe", "secret")):
        pass
    pair.dovecot.start()
    with client(pair.port, login=("joe", "secret")) as session:
        assert session.noop()[0] == 250
