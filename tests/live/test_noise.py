"""Hostile bytes against a running server: nothing breaks, nothing is said that a programmer would have to explain.

The seed is written with every failure, so that it can be played again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from tests.fakes.certificates import issue
from tests.fakes.site import Site, Wire

SECONDS = 3.0

WORDS = [
    *(b"EHLO c", b"HELO", b"MAIL FROM:<a@client.example>", b"MAIL FROM:<> SIZE=99999999999999999999 BODY=8BITMIME"),
    *(
        b"RCPT TO:<ann@box.example>",
        b"RCPT TO:<" + b'"\\' * 90 + b">",
        b"DATA",
        b"BDAT 4",
        b"BDAT 99999999999999",
        b".",
    ),
    *(
        b"BDAT 3 LAST",
        b"RSET",
        b"NOOP",
        b"VRFY x",
        b"ETRN #",
        b"AUTH PLAIN AAA=",
        b"AUTH LOGIN",
        b"=",
        b"*",
        b"STARTTLS",
    ),
    *(
        b"XCLIENT NAME=x ADDR=1",
        b"MAIL FROM:<\xff\xfe@\xc3\x28> SMTPUTF8",
        b"\0" * 5,
        b"\x16\x03\x01\x02\x00\x01",
        b" ",
    ),
    *(b"RCPT TO:<@a,@b:c@d>", b"A" * 5000, b"Subject: \xff", b"From: " + b"(" * 400, b"To: " + b"<" * 300, b"QUIT"),
    *(
        b"MAIL FROM:<a@[IPv6:::ffff:1.2.3.4]>",
        b"MAIL FROM:<a@b> RET=FULL ENVID=+zz",
        b"RCPT TO:<a@box.example> NOTIFY=,",
    ),
    *(b'Content-Type: multipart/mixed; boundary="', b"Received: x", b"HELO [::1", b"EHLO \xd0\xb6", b"GET / HTTP/1.1"),
]


def phrase(dice: random.Random) -> bytes:
    ends = dice.choices(
        [b"\r\n", b"\n", b"\r", b"", b"\0\r\n", b"\r\r\n"], [20, 2, 1, 1, 1, 1], k=dice.randrange(1, 30)
    )
    return b"".join(dice.choice(WORDS) + end for end in ends)


def bytes_at_random(dice: random.Random) -> bytes:
    return dice.randbytes(dice.randrange(1, 3000))


def changed_dialogue(dice: random.Random) -> bytes:
    said = bytearray(
        b"EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<ann@box.example>\r\nDATA\r\nFrom: a@b\r\n\r\nx\r\n.\r\nQUIT\r\n"
    )
    for _ in range(dice.randrange(1, 8)):
        place = dice.randrange(len(said))
        said[place : place + dice.randrange(3)] = dice.randbytes(dice.randrange(3))
    return bytes(said)


@pytest.mark.parametrize("make", [phrase, bytes_at_random, changed_dialogue])
def test_the_server_stands_it(site: Site, make: Callable[[random.Random], bytes]) -> None:
    chain = site.folder / "chain.pem"
    chain.write_bytes(issue("mx.example").both)
    (site.folder / "users").write_text("", "utf-8")
    text = (
        "smtpd_error_sleep_time = 0\nsmtpd_client_connection_count_limit = 0\nsmtpd_forbid_unauth_pipelining = no\n"
        f"smtpd_tls_security_level = may\nsmtpd_tls_chain_files = {chain}\nsmtpd_hard_error_limit = 100\n"
        f"smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = gatepost\ngatepost_users_file = {site.folder}/users\n"
        "smtpd_authorized_xclient_hosts = 127.0.0.1\n"
    )
    seed = time.time_ns()
    dice = random.Random(seed)
    with site.serving(text) as server:
        workers = server.workers()
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            with suppress(ConnectionError, TimeoutError), Wire(site.port) as wire:
                wire.socket.settimeout(0.01)
                for _ in range(dice.randrange(1, 4)):
                    wire.send(make(dice))
                    with suppress(TimeoutError):
                        wire.socket.recv(65536)
        assert workers == server.workers(), f"seed {seed}"
        with site.client() as wire:
            assert wire.say("QUIT") == "221 2.0.0 Bye"
    told = [line for line in server.output if any(word in line for word in ("Error: ", "panic", "exception", "fatal"))]
    assert [line for line in told if "postfix/smtpd" not in line] == [], f"seed {seed}"
    assert not [line for line in server.output if any(c < " " or c == "\x7f" for c in line)], f"seed {seed}"
