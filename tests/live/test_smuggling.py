"""No form of SMTP smuggling makes one message two, coming in or going out.

The forms are those that were published: a server that takes something else than CRLF.CRLF for the end of a message
reads what follows as commands, and its own sender checks have passed already.
"""

from __future__ import annotations

import re
import ssl

import pytest

from tests.fakes.certificates import issue
from tests.fakes.running import PATIENCE
from tests.fakes.sink import sink
from tests.fakes.site import Site

ENDS = {
    "LF.LF": b"\n.\n",
    "LF.CRLF": b"\n.\r\n",
    "CRLF.LF": b"\r\n.\n",
    "CR.CR": b"\r.\r",
    "CR.CRLF": b"\r.\r\n",
    "CRLF.CR": b"\r\n.\r",
    "CR.LF": b"\r.\n",
    "LF.CR": b"\n.\r",
    "CRCRLF.CRLF": b"\r\r\n.\r\r\n",
    "CRLF.CRCRLF": b"\r\n.\r\r\n",
    "LFCR.LFCR": b"\n\r.\n\r",
    "CRLF-NUL.CRLF": b"\r\n\0.\r\n",
    "CRLF.NUL-CRLF": b"\r\n.\0\r\n",
    "CR-NUL-LF.CR-NUL-LF": b"\r\0\n.\r\0\n",
    "NEL.NEL": b"\xc2\x85.\xc2\x85",
    "VT.VT": b"\v.\v",
}

SECOND = b"MAIL FROM:<evil@client.example>\r\nRCPT TO:<ann@box.example>\r\nDATA\r\nSubject: second\r\n\r\nx"


def content(end: bytes) -> bytes:
    return b"Subject: first\r\n\r\nbody" + end + SECOND


HARMLESS = ("CR.CR", "CR.CRLF", "CRLF.CR", "CRLF-NUL.CRLF", "CRLF.NUL-CRLF", "NEL.NEL", "VT.VT")
"""Forms that end no message even with `smtpd_forbid_bare_newline = no`, where others do as in Postfix of old."""


@pytest.mark.parametrize(("policy", "names"), [("normalize", tuple(ENDS)), ("no", HARMLESS)])
def test_what_comes_in_is_one_message(site: Site, policy: str, names: tuple[str, ...]) -> None:
    forms = [ENDS[name] for name in names]
    with site.serving(f"smtpd_forbid_bare_newline = {policy}\n"):
        for number, end in enumerate(forms, 1):
            with site.client() as wire:
                wire.say("MAIL FROM:<joe@client.example>", "RCPT TO:<ann@box.example>", "DATA")
                wire.send(content(end) + b"\r\n.\r\nQUIT\r\n")
                replies = wire.rest().decode().splitlines()
            assert [reply[:3] for reply in replies] == ["250", "221"], (end, replies)
            assert number == len(site.mails(number))
        for mail in site.mails(len(forms)):
            assert b"Subject: first\n" in mail
            assert b"MAIL FROM:<evil@client.example>" in mail


def test_what_is_refused_ends_the_session(site: Site) -> None:
    with site.serving("smtpd_forbid_bare_newline = reject\n") as server:
        with site.client() as wire:
            wire.say("MAIL FROM:<joe@client.example>", "RCPT TO:<ann@box.example>", "DATA")
            wire.send(content(b"\n.\n") + b"\r\n.\r\n")
            assert wire.reply().startswith("550 5.5.2 ")
        server.wait_for("disconnect from")
        assert not (site.folder / "boxes" / "all").exists()


def test_what_goes_out_is_one_message(site: Site) -> None:
    with sink() as far:
        route = f"transport_maps = inline:{{far.example=smtp:[127.0.0.1]:{far.port}}}\n"
        with site.serving(f"{route}smtpd_forbid_bare_newline = normalize\n"):
            for end in ENDS.values():
                with site.client() as wire:
                    wire.say("MAIL FROM:<joe@client.example>", "RCPT TO:<bob@far.example>", "DATA")
                    wire.send(content(end) + b"\r\n.\r\n")
                    assert wire.reply().startswith("250 ")
            bodies = far.contents(len(ENDS))
        assert len(ENDS) == len(bodies)
        assert len(ENDS) == sum(command.startswith("MAIL") for command in far.commands)
        for body in bodies:
            assert not re.search(rb"\r(?!\n)|(?<!\r)\n", body), body
            assert body.count(b"\r\n.\r\n") == 1


def test_plaintext_behind_starttls_is_dropped(site: Site) -> None:
    text = "smtpd_tls_security_level = may\ngatepost_forbid_long_commands = no\n"
    chain = site.folder / "chain.pem"
    chain.write_bytes(issue("mx.example").both)
    with site.serving(f"{text}smtpd_tls_chain_files = {chain}\n") as server, site.client() as wire:
        wire.send(b"STARTTLS\r\nMAIL FROM:<evil@client.example>\r\n")
        assert wire.reply().startswith("220 2.0.0 ")
        wire.socket.settimeout(PATIENCE)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(wire.socket) as tls:
            tls.sendall(b"NOOP\r\n")
            assert tls.recv(1000) == b"250 2.0.0 Ok\r\n"
            tls.sendall(b"QUIT\r\n")
            assert tls.recv(1000) == b"221 2.0.0 Bye\r\n"
        assert "mail=" not in server.wait_for("disconnect from")
