"""Dovecot checks logins by its auth socket and takes mail by LMTP."""

from __future__ import annotations

import base64
import hmac
import smtplib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.configurations import free_port
from tests.peers.machines import Dovecot, Gatepost, client, wait_for, without_trace

MESSAGE = (
    b"From: a@client.example\r\nTo: ann@box.example\r\nSubject: x\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\n"
    b"Message-ID: <1@client.example>\r\n\r\n.one\r\n\r\ntwo\r\n"
)


LDA = "/usr/lib/dovecot/dovecot-lda"


@dataclass
class Pair:
    gatepost: Gatepost
    dovecot: Dovecot
    port: int


def lda_service(folder: Path) -> str:
    """A pipe transport that hands mail to Dovecot's own delivery agent."""
    return (
        f"lda unix - n n - - pipe\n  flags=DRhu user=mail argv={LDA} -c {folder}/dovecot.conf"
        f" -o log_path=/dev/stderr -o auth_socket_path={folder}/auth-userdb"
        " -f ${sender} -a ${original_recipient} -d ${recipient}"
    )


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
            "transport_maps": "inline:{lda.example=lda:}",
            "relay_domains": "lda.example",
            "lda_destination_recipient_limit": "1",
        },
        extra=(lda_service(inner),),
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


def test_every_recipient_has_a_reply_of_its_own(pair: Pair) -> None:
    """One mailbox cannot be written to; the others get the mail, and that one is tried again."""
    (pair.dovecot.folder / "home" / "full@box.example").write_text("in the way")
    with client(pair.port, login=("joe", "secret")) as session:
        session.sendmail("joe@client.example", [f"{name}@box.example" for name in ("ann", "full", "bob")], MESSAGE)
    for name in ("ann", "bob"):
        wait_for(f"{name}: {pair.gatepost.log()}", lambda name=name: pair.dovecot.mailbox(f"{name}@box.example"))  # type: ignore[misc]
        wait_for("status", lambda name=name: f"status=sent (250 2.0.0 <{name}@box.example>" in pair.gatepost.log())  # type: ignore[misc]
    wait_for("deferral", lambda: "to=<full@box.example>" in pair.gatepost.log())
    (line,) = [line for line in pair.gatepost.log().splitlines() if "to=<full@box.example>" in line]
    assert "status=deferred (host " in line
    assert "said: 451 4." in line
    assert "(in reply to end of DATA command)" in line


def test_dovecot_lda_takes_mail_from_a_pipe_transport(pair: Pair) -> None:
    with client(pair.port, login=("joe", "secret")) as session:
        session.sendmail("joe@client.example", ["Ann@LDA.example", "bob@lda.example"], MESSAGE)
    for name in ("ann", "bob"):
        (raw,) = wait_for(
            f"{name}: {pair.gatepost.log()}",
            lambda name=name: pair.dovecot.mailbox(f"{name}@lda.example"),  # type: ignore[misc]
        )
        assert without_trace(raw) == MESSAGE.replace(b"\r\n", b"\n")
    wait_for("status", lambda: pair.gatepost.log().count("status=sent (delivered via lda service") == 2)
