"""Whatever a client sends, the server answers or hangs up, nothing of it is left, and nothing fails inside."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.clock import run
from tests.fakes.sasl import FakeSasl
from tests.fakes.smtpd import service

LINES = [
    b"EHLO c.example\r\n",
    b"HELO \xff\r\n",
    b"MAIL FROM:<a@b.example> SIZE=5\r\n",
    b"MAIL FROM:<>\n",
    b"RCPT TO:<x@mx.example>\r\n",
    b"RCPT TO:<x@other.example> NOTIFY=NEVER\r\n",
    b"DATA\r\n",
    b".\r\n",
    b"\n.\n",
    b"BDAT 5\r\nabcd\n",
    b"BDAT 3 LAST\r\nab\r",
    b"BDAT 0\r\n",
    b"RSET\r\n",
    b"VRFY <x\r\n",
    b"ETRN #a\r\n",
    b"AUTH PLAIN\r\n",
    b"*\r\n",
    b"XCLIENT ADDR=192.0.2.9 NAME=[UNAVAILABLE]\r\n",
    b"STARTTLS\r\n",
    b"NOOP " + b"x" * 3000 + b"\r\n",
    b"Subject: x\r\n",
]
MAIN_CF = """
smtpd_forbid_unauth_pipelining = no
smtpd_authorized_xclient_hosts = 192.0.2.0/24
smtpd_sasl_auth_enable = yes
smtpd_hard_error_limit = 50
smtpd_forbid_bare_newline_exclusions =
"""
REPLY = re.compile(rb"(?:[2-5]\d\d(?:-[^\r\n]*\r\n[2-5]\d\d)*[ -][^\r\n]*\r\n)*")


@settings(deadline=None)
@given(
    st.lists(st.one_of(st.sampled_from(LINES), st.sampled_from(LINES), st.binary(max_size=30)), max_size=25),
    st.sampled_from([0, 1, 5]),
    st.sampled_from(["no", "normalize", "reject"]),
)
def test_anything(parts: list[bytes], at_once: int, newlines: str) -> None:
    async def scene() -> None:
        played = service(MAIN_CF + f"smtpd_forbid_bare_newline = {newlines}\n", sasl=FakeSasl())
        wire = played.connect()
        said = await wire.heard()
        for part in parts:
            await wire.send(part, at_once=at_once)
            said += await wire.heard()
        if not wire.transport.closed:
            await wire.hang_up()
        assert REPLY.fullmatch(said)
        assert not [line for line in played.log if "internal error" in line]
        assert played.log[-1].startswith("disconnect from ")
        assert not played.intake.open
        assert 0 == len(played.listener)

    run(scene())
