"""Postfix on either side: as smarthost that wants TLS and a login, and as client."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.configurations import free_port
from tests.peers.machines import (
    Dovecot,
    Gatepost,
    Postfix,
    certificate,
    client,
    maildir,
    wait_for,
    without_trace,
)

MESSAGE = (
    b"From: a@client.example\r\nTo: ann@box.example\r\nSubject: =?utf-8?q?caf=C3=A9?=\r\n"
    b"Date: Thu, 1 Jan 2026 00:00:00 +0000\r\nMessage-ID: <1@client.example>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    b".dot\r\n..two dots\r\ncaf\xc3\xa9 \xf0\x9f\x93\xa8\r\n" + b"x" * 900 + b"\r\n\r\nend\r\n"
)


def _boxes(folder: Path) -> dict[str, str]:
    """Parameters of a virtual mailbox domain under a folder."""
    boxes = folder / "boxes"
    boxes.mkdir()
    boxes.chmod(0o777)
    return {
        "virtual_mailbox_domains": "box.example",
        "virtual_mailbox_base": str(boxes),
        "virtual_mailbox_maps": "inline:{ann@box.example=ann/, joe@box.example=joe/}",
        "virtual_uid_maps": "static:65534",
        "virtual_gid_maps": "static:65534",
        "virtual_minimum_uid": "1",
    }


@dataclass
class Chain:
    """Gatepost relays to a Postfix smarthost, whose logins Dovecot checks."""

    gatepost: Gatepost
    postfix: Postfix
    port: int


@pytest.fixture
def chain(folder: Path) -> Iterator[Chain]:
    parts = {name: folder / name for name in ("dovecot", "postfix", "gatepost")}
    for part in parts.values():
        part.mkdir()
    dovecot = Dovecot(parts["dovecot"], users={"relay": "s3cret"}).start()
    smarthost, port = free_port(), free_port()
    postfix = Postfix(
        parts["postfix"],
        parameters={
            **_boxes(parts["postfix"]),
            "smtpd_tls_security_level": "encrypt",
            "smtpd_tls_chain_files": str(certificate(parts["postfix"], "postfix.example")),
            "smtpd_sasl_auth_enable": "yes",
            "smtpd_sasl_type": "dovecot",
            "smtpd_sasl_path": f"{parts['dovecot']}/auth",
            "smtpd_relay_restrictions": "permit_sasl_authenticated, reject",
            "mynetworks": "192.0.2.1/32",
        },
        services={f"127.0.0.1:{smarthost}": {}},
    ).start()
    gatepost = Gatepost(
        parts["gatepost"],
        parameters={
            "relayhost": f"[127.0.0.1]:{smarthost}",
            "smtp_tls_security_level": "encrypt",
            "smtp_tls_loglevel": "1",
            "smtp_sasl_auth_enable": "yes",
            "smtp_sasl_password_maps": f"hash:{parts['gatepost']}/sasl_passwd",
            "smtp_sasl_security_options": "noanonymous",
        },
        files={"sasl_passwd": f"[127.0.0.1]:{smarthost} relay:s3cret\n"},
        services={f"127.0.0.1:{port}": {}},
    ).start()
    yield Chain(gatepost, postfix, port)
    gatepost.stop()
    postfix.stop()
    dovecot.stop()


def test_postfix_as_smarthost_with_tls_and_login(chain: Chain) -> None:
    with client(chain.port) as session:
        session.sendmail("a@client.example", ["ann@box.example", "joe@box.example"], MESSAGE, ["BODY=8BITMIME"])
    for user in ("ann", "joe"):
        box = chain.postfix.folder / "boxes" / user
        (raw,) = wait_for(f"mail: {chain.gatepost.log()}", lambda box=box: maildir(box))  # type: ignore[misc]
        assert without_trace(raw) == MESSAGE.replace(b"\r\n", b"\n")
    assert "TLS connection established to" in chain.gatepost.log()
    assert "sasl_username=relay" in chain.postfix.log()
    wait_for("the removal", lambda: ": removed" in chain.gatepost.log())


def test_many_mails_share_connections_with_tls_and_login(chain: Chain) -> None:
    count = 30
    with client(chain.port) as session:
        for _ in range(count):
            session.sendmail("a@client.example", ["ann@box.example"], MESSAGE, ["BODY=8BITMIME"])
    wait_for("all to be sent", lambda: chain.gatepost.log().count("status=sent") == count)
    wait_for("the goodbyes", lambda: "disconnect from" in chain.postfix.log())
    log = chain.gatepost.log()
    logins = log.count("TLS connection established to")
    assert logins + log.count("conn_use=") == count
    assert chain.postfix.log().count(" connect from ") == logins < count
    assert "lost connection" not in chain.postfix.log()
    assert len(maildir(chain.postfix.folder / "boxes" / "ann")) == count


def test_a_recipient_that_the_smarthost_refuses_comes_back_as_a_report(chain: Chain) -> None:
    with client(chain.port) as session:
        session.sendmail("joe@box.example", ["nobody@box.example", "ann@box.example"], MESSAGE, ["BODY=8BITMIME"])
    boxes = chain.postfix.folder / "boxes"
    (report,) = wait_for(f"the report: {chain.gatepost.log()}", lambda: maildir(boxes / "joe"))
    assert b"multipart/report" in report
    assert b"Action: failed" in report
    assert b"nobody@box.example" in report
    assert maildir(boxes / "ann")


def test_postfix_as_client(folder: Path) -> None:
    parts = {name: folder / name for name in ("postfix", "gatepost")}
    for part in parts.values():
        part.mkdir()
    inner, outer = free_port(), free_port()
    gatepost = Gatepost(
        parts["gatepost"],
        parameters={
            **_boxes(parts["gatepost"]),
            "smtpd_tls_security_level": "may",
            "smtpd_tls_chain_files": str(certificate(parts["gatepost"])),
        },
        services={f"127.0.0.1:{inner}": {}},
    ).start()
    postfix = Postfix(
        parts["postfix"],
        parameters={
            "relayhost": f"[127.0.0.1]:{inner}",
            "smtp_tls_security_level": "encrypt",
            "smtp_tls_loglevel": "1",
        },
        services={f"127.0.0.1:{outer}": {}},
    ).start()
    try:
        with client(outer) as session:
            session.sendmail("a@client.example", ["ann@box.example"], MESSAGE, ["BODY=8BITMIME"])
        box = parts["gatepost"] / "boxes" / "ann"
        (raw,) = wait_for(f"mail: {gatepost.log()} {postfix.log()}", lambda: maildir(box))
        assert without_trace(raw) == MESSAGE.replace(b"\r\n", b"\n")
        assert b"with ESMTPS id" in raw
        assert "status=sent (250 2.0.0 Ok: queued as" in postfix.log()
    finally:
        postfix.stop()
        gatepost.stop()
