"""HELO and EHLO: names, and what is offered to whom."""

from __future__ import annotations

import pytest

from tests.fakes.clock import run
from tests.fakes.sasl import FakeSasl
from tests.fakes.smtpd import service
from tests.fakes.tls import server


async def ehlo(
    main_cf: str = "", *, client: str = "192.0.2.7", sasl: FakeSasl | None = None, tls: bool = False
) -> list[str]:
    """The keyword lines that a client is shown."""
    played = service(main_cf, sasl=sasl, tls=server() if tls else None)
    wire = played.connect(client)
    await wire.heard()
    (reply,) = await wire.say("EHLO c.example")
    await wire.hang_up()
    return [line[4:] for line in reply.split("\r\n")][1:]


PLAIN = [
    "PIPELINING",
    "SIZE 10240000",
    "VRFY",
    "ETRN",
    "ENHANCEDSTATUSCODES",
    "8BITMIME",
    "DSN",
    "SMTPUTF8",
    "CHUNKING",
]


@pytest.mark.parametrize(
    ("main_cf", "gone", "there"),
    [
        ("", [], []),
        ("message_size_limit = 0\n", ["SIZE 10240000"], ["SIZE"]),
        ("disable_vrfy_command = yes\n", ["VRFY"], []),
        ("smtputf8_enable = no\n", ["SMTPUTF8"], []),
        ("smtpd_discard_ehlo_keywords = PIPELINING, etrn, nonsense\n", ["PIPELINING", "ETRN"], []),
        ("smtpd_tls_security_level = may\n", [], ["STARTTLS"]),
        ("smtpd_tls_security_level = may\nsmtpd_discard_ehlo_keywords = starttls\n", [], []),
        (
            "smtpd_authorized_xclient_hosts = 192.0.2.7\n",
            [],
            ["XCLIENT NAME ADDR PROTO HELO REVERSE_NAME PORT LOGIN DESTADDR DESTPORT"],
        ),
    ],
)
def test_keywords(main_cf: str, gone: list[str], there: list[str]) -> None:
    found = run(ehlo(main_cf))
    assert [line for line in PLAIN if line not in gone] == [line for line in found if line not in there]
    assert set(there) <= set(found)


SASL = "smtpd_sasl_auth_enable = yes\n"


@pytest.mark.parametrize(
    ("main_cf", "lines"),
    [
        (SASL, ["AUTH PLAIN LOGIN"]),
        (SASL + "broken_sasl_auth_clients = yes\n", ["AUTH PLAIN LOGIN", "AUTH=PLAIN LOGIN"]),
        (SASL + "smtpd_sasl_exceptions_networks = 192.0.2.0/24\n", []),
        (SASL + "smtpd_discard_ehlo_keywords = auth\n", []),
        (SASL + "smtpd_tls_security_level = may\nsmtpd_tls_auth_only = yes\n", []),
        (SASL + "smtpd_tls_security_level = encrypt\n", []),
    ],
)
def test_auth(main_cf: str, lines: list[str]) -> None:
    assert lines == [line for line in run(ehlo(main_cf, sasl=FakeSasl(), tls=True)) if line.startswith("AUTH")]


def test_auth_without_mechanisms_is_not_offered() -> None:
    main_cf = SASL + "smtpd_tls_auth_only = yes\n"
    assert not [line for line in run(ehlo(main_cf, sasl=FakeSasl(plain=()))) if line.startswith("AUTH")]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("c.example", "c.example"),
        ("a<b>c(d)e;f", "a?b?c?d?e?f"),
        ("a  b", "a?b"),
        ("a\x07@b", "a??b"),
        ("bücher", "bücher"),
    ],
)
def test_names_cannot_forge_a_header(name: str, kept: str) -> None:
    async def scene() -> None:
        played = service()
        wire = played.connect()
        await wire.heard()
        await wire.say(f"HELO {name}")
        assert kept == played.sessions[0].helo
        await wire.hang_up()

    run(scene())


def test_a_refused_helo_changes_nothing() -> None:
    async def scene() -> None:
        played = service("smtpd_delay_reject = no\nsmtpd_helo_restrictions = reject_invalid_helo_hostname\n")
        wire = played.connect()
        await wire.heard()
        replies = await wire.say("EHLO good.example", "MAIL FROM:<>", "EHLO -bad-", "RCPT TO:<x@mx.example>")
        assert replies[2] == "501 5.5.2 <-bad->: Helo command rejected: Invalid name"
        assert replies[3] == "250 2.1.5 Ok"
        assert "good.example" == played.sessions[0].helo
        await wire.hang_up()

    run(scene())
