"""Programs that people use submit mail: plain, STARTTLS, implicit TLS, with a login."""

from __future__ import annotations

import smtplib
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.configurations import free_port
from tests.peers.machines import PATIENCE, Gatepost, certificate, maildir, wait_for, without_trace

MESSAGE = "From: joe@client.example\r\nTo: ann@box.example\r\nSubject: caf\u00e9\r\n\r\n.dot\r\n..two\r\n\r\nend\r\n"


@dataclass
class Site:
    """A server with a virtual mailbox, and its three ports."""

    server: Gatepost
    plain: int
    submission: int
    smtps: int

    def inbox(self, count: int = 1) -> list[bytes]:
        """Wait until so many messages have arrived."""
        folder = self.server.folder / "boxes" / "ann"

        def enough() -> list[bytes] | None:
            found = maildir(folder)
            return found if len(found) >= count else None

        return wait_for("mail for ann", enough)


@pytest.fixture
def site(folder: Path) -> Iterator[Site]:
    ports = free_port(), free_port(), free_port()
    folder.joinpath("boxes").mkdir()
    folder.joinpath("boxes").chmod(0o777)
    login = {
        "smtpd_sasl_auth_enable": "yes",
        "smtpd_relay_restrictions": "permit_sasl_authenticated, reject",
    }
    server = Gatepost(
        folder,
        parameters={
            "virtual_mailbox_domains": "box.example",
            "virtual_mailbox_base": f"{folder}/boxes",
            "virtual_mailbox_maps": "inline:{ann@box.example=ann/}",
            "virtual_uid_maps": "static:65534",
            "virtual_gid_maps": "static:65534",
            "virtual_minimum_uid": "1",
            "smtpd_tls_security_level": "may",
            "smtpd_tls_chain_files": str(certificate(folder)),
            "gatepost_users_file": f"{folder}/users.db",
            "smtpd_sasl_type": "gatepost",
        },
        services={
            f"127.0.0.1:{ports[0]}": {},
            f"127.0.0.1:{ports[1]}": {"smtpd_tls_security_level": "encrypt", **login},
            f"127.0.0.1:{ports[2]}": {"smtpd_tls_wrappermode": "yes", **login},
        },
    )
    folder.joinpath("main.cf").write_text(f"gatepost_users_file = {folder}/users.db\n", "utf-8")
    folder.joinpath("master.cf").write_text("", "utf-8")
    added = server.run("user", "add", "joe", stdin="correct horse\n")
    assert added.returncode == 0, added.stderr
    server.start()
    yield Site(server, *ports)
    server.stop()


def _swaks(port: int, *options: str) -> None:
    command = ["swaks", "--server", "127.0.0.1", "--port", str(port), "--helo", "client.example"]
    command += ["--from", "joe@client.example", "--to", "ann@box.example", "--data", MESSAGE.replace("\r\n", "\\n")]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("port", "options", "word"),
    [
        ("plain", [], "with ESMTP id"),
        ("plain", ["--protocol", "SMTP"], "with SMTP id"),
        ("plain", ["--tls"], "with ESMTPS id"),
        ("submission", ["--tls", "--auth", "PLAIN", "-au", "joe", "-ap", "correct horse"], "with ESMTPSA id"),
        ("submission", ["--tls", "--auth", "LOGIN", "-au", "joe", "-ap", "correct horse"], "with ESMTPSA id"),
        ("smtps", ["--tls-on-connect", "--auth", "PLAIN", "-au", "joe", "-ap", "correct horse"], "with ESMTPSA id"),
    ],
)
def test_swaks(site: Site, port: str, options: list[str], word: str) -> None:
    _swaks(getattr(site, port), *options)
    assert word in site.inbox()[0].decode()


def test_smtplib_arrives_byte_for_byte(site: Site) -> None:
    with smtplib.SMTP("127.0.0.1", site.plain, timeout=PATIENCE) as session:
        session.sendmail("joe@client.example", ["ann@box.example"], MESSAGE.encode(), ["BODY=8BITMIME"])
    assert without_trace(site.inbox()[0]).startswith(MESSAGE.encode().replace(b"\r\n", b"\n").partition(b"\n\n")[0])
    assert site.inbox()[0].replace(b"\r\n", b"\n").endswith(b"\n\n.dot\n..two\n\nend\n")


def test_smtplib_over_implicit_tls_with_login(site: Site) -> None:
    context = ssl.create_default_context(cafile=str(site.server.folder / "gate.example.crt"))
    context.check_hostname = False
    with smtplib.SMTP_SSL("127.0.0.1", site.smtps, timeout=PATIENCE, context=context) as session:
        session.login("joe", "correct horse")
        session.sendmail("joe@client.example", ["ann@box.example"], MESSAGE.encode(), ["BODY=8BITMIME"])
    assert b"with ESMTPSA id" in site.inbox()[0]


def test_a_wrong_password_is_refused_and_logged(site: Site) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with smtplib.SMTP_SSL("127.0.0.1", site.smtps, timeout=PATIENCE, context=context) as session:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            session.login("joe", "wrong")
        assert session.mail("joe@client.example")[0] == 250
        assert session.rcpt("ann@box.example")[0] == 554
    wait_for("the failure line", lambda: "SASL LOGIN authentication failed" in site.server.log())


def test_curl_submits_with_tls_and_login(site: Site) -> None:
    letter = site.server.folder / "letter"
    letter.write_bytes(MESSAGE.encode())
    done = subprocess.run(
        [
            *("curl", "--silent", "--show-error", "--url", f"smtp://127.0.0.1:{site.submission}", "--ssl-reqd"),
            *("--insecure", "--user", "joe:correct horse", "--mail-from", "joe@client.example"),
            *("--mail-rcpt", "ann@box.example", "--upload-file", str(letter)),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    site.inbox()


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_openssl_s_client_speaks_after_starttls(site: Site, version: str) -> None:
    command = ["openssl", "s_client", "-starttls", "smtp", "-connect", f"127.0.0.1:{site.plain}", version, "-crlf"]
    content = "Subject: by hand\n\ntyped\n."
    lines = ["EHLO c.example", "MAIL FROM:<joe@client.example>", "rCPT TO:<ann@box.example>", "DATA", content, "QUIT"]
    pipe = subprocess.PIPE
    with subprocess.Popen([*command, "-ign_eof", "-quiet"], stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        replies: list[str] = []
        for line in lines:
            process.stdin.write(f"{line}\n")
            process.stdin.flush()
            while (reply := process.stdout.readline())[3:4] == "-":
                pass
            replies.append(reply[:3])
    assert replies == ["250", "250", "250", "354", "250", "221"]
    assert b"typed" in site.inbox()[0]
