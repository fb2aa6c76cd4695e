"""The first moments of a session."""

from __future__ import annotations

import pytest

from gatepost.mail.events import Failed, Warned
from gatepost.sasl.server import SaslUnavailable
from tests.fakes.clock import run
from tests.fakes.sasl import FakeSasl
from tests.fakes.smtpd import service


def test_a_name_is_told_where_it_is_known() -> None:
    async def scene() -> None:
        played = service(names={"192.0.2.7": "mail.good.example"})
        wire = played.connect()
        assert b"220 mx.example ESMTP Postfix\r\n" == await wire.heard()
        await wire.hang_up()
        assert "connect from mail.good.example[192.0.2.7]" == played.log[0]

    run(scene())


def test_without_a_look_up_nobody_has_a_name() -> None:
    async def scene() -> None:
        played = service("smtpd_peername_lookup = no\n", names={"192.0.2.7": "mail.good.example"})
        wire = played.connect()
        await wire.heard()
        assert ["connect from unknown[192.0.2.7]"] == played.log

    run(scene())


def test_the_51st_connection_is_refused_and_the_50th_is_not() -> None:
    async def scene() -> None:
        played = service()
        wires = [played.connect() for _ in range(50)]
        for wire in wires:
            assert (await wire.heard()).startswith(b"220 ")
        wire = played.connect()
        assert b"421 4.7.0 mx.example Error: too many connections from 192.0.2.7\r\n" == await wire.heard()
        assert wire.transport.closed
        assert (
            "warning: Connection concurrency limit exceeded: 51 from unknown[192.0.2.7] for service smtp"
            in played.log[-2]
        )
        assert (await played.connect("192.0.2.8").heard()).startswith(b"220 ")
        await wires[0].say("QUIT")
        assert (await played.connect().heard()).startswith(b"220 ")

    run(scene())


def test_our_own_network_may_have_more() -> None:
    async def scene() -> None:
        played = service("smtpd_client_connection_count_limit = 1\nsmtpd_client_connection_rate_limit = 1\n")
        for _ in range(3):
            assert (await played.connect("127.0.0.1").heard()).startswith(b"220 ")

    run(scene())


def test_a_connection_rate() -> None:
    async def scene() -> None:
        played = service("smtpd_client_connection_rate_limit = 1\n")
        await played.connect().heard()
        assert (await played.connect().heard()).startswith(b"421 4.7.0 ")
        assert any("Connection rate limit exceeded: 2 " in line for line in played.log)

    run(scene())


@pytest.mark.parametrize("forbidden", [True, False])
def test_a_client_that_does_not_wait_for_the_greeting(forbidden: bool) -> None:
    async def scene() -> None:
        played = service(f"smtpd_forbid_unauth_pipelining = {'yes' if forbidden else 'no'}\n")
        wire = played.connect()
        await wire.send(b"HELO early.example\r\n")
        expected = b"554 5.5.0 Error: SMTP protocol synchronization\r\n"
        if not forbidden:
            expected = b"220 mx.example ESMTP Postfix\r\n250 mx.example\r\n"
        assert expected == await wire.heard()
        told = r"improper command pipelining after CONNECT from unknown[192.0.2.7]: HELO early.example\r\n"
        assert told == played.log[1]

    run(scene())


def test_without_its_login_backend_there_is_no_greeting() -> None:
    class Absent(FakeSasl):
        async def prepare(self) -> None:
            raise SaslUnavailable(
                Warned("SASL: Connect to the socket failed"), Failed("no SASL authentication mechanisms")
            )

    async def scene() -> None:
        played = service("smtpd_sasl_auth_enable = yes\n", sasl=Absent())
        wire = played.connect()
        assert b"" == await wire.heard()
        assert wire.transport.closed
        assert "fatal: no SASL authentication mechanisms" == played.log[-1]

    run(scene())


def test_without_a_mechanism_that_may_be_used_there_is_no_greeting() -> None:
    async def scene() -> None:
        played = service("smtpd_sasl_auth_enable = yes\n", sasl=FakeSasl(plain=()))
        wire = played.connect()
        assert b"" == await wire.heard()
        assert "fatal: no SASL authentication mechanisms" == played.log[-1]

    run(scene())


@pytest.mark.parametrize(
    "parameter",
    [
        "smtpd_authorized_xclient_hosts",
        "smtpd_discard_ehlo_keyword_address_maps",
    ],
)
def test_a_table_that_does_not_answer_ends_the_session(parameter: str) -> None:
    async def scene() -> None:
        played = service(f"{parameter} = hash:/absent\n")
        wire = played.connect()
        assert b"421 4.3.0 mx.example Server local data error\r\n" == await wire.heard()
        assert wire.transport.closed
        told = "NOQUEUE: reject: CONNECT from unknown[192.0.2.7]: 421 4.3.0 mx.example Server local data error"
        assert told == played.log[1]

    run(scene())


@pytest.mark.parametrize(
    "parameter", ["smtpd_client_event_limit_exceptions", "smtpd_forbid_bare_newline_exclusions", "mynetworks"]
)
def test_exceptions_that_cannot_be_read_except_nobody(parameter: str) -> None:
    async def scene() -> None:
        played = service(f"smtpd_authorized_xclient_hosts =\n{parameter} = 10.0.0.1/8, hash:/absent\n")
        wire = played.connect()
        assert (await wire.heard()).startswith(b"220 ")
        assert any("non-null host address bits" in line for line in played.log)
        await wire.hang_up()

    run(scene())


def test_keywords_of_an_address_take_the_place_of_the_others() -> None:
    async def scene() -> None:
        played = service(
            "smtpd_discard_ehlo_keywords = dsn\nsmtpd_discard_ehlo_keyword_address_maps = hash:/maps\n",
            tables={"hash:/maps": {"192.0.2.7": "chunking, silent-discard"}},
        )
        wire = played.connect()
        await wire.heard()
        (reply,) = await wire.say("EHLO c.example")
        assert "250-DSN" in reply
        assert "CHUNKING" not in reply
        assert not any("discarding" in line for line in played.log)

    run(scene())
