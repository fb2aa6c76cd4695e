"""AUTH: its order, its turns, and what the log hears."""

from __future__ import annotations

import asyncio

import pytest

from gatepost.mail.peer import Login
from gatepost.sasl.server import Challenge, Failure, SaslContext, Step, Success
from tests.fakes.clock import run
from tests.fakes.sasl import FakeSasl
from tests.fakes.smtpd import Service, service

SASL = "smtpd_sasl_auth_enable = yes\n"
OK = Success(Login("PLAIN", "kibuna"))


async def said(steps: list[Step], *lines: str, main_cf: str = "") -> tuple[list[str], Service, FakeSasl]:
    sasl = FakeSasl(steps)
    played = service(SASL + main_cf, sasl=sasl)
    wire = played.connect()
    await wire.heard()
    replies = await wire.say(*lines)
    if not wire.transport.closed:
        await wire.hang_up()
    assert all(exchange.aborted for exchange in sasl.exchanges), "an exchange was left open"
    return replies, played, sasl


def test_a_login_in_one_turn() -> None:
    replies, _, sasl = run(said([OK], "AUTH PLAIN AGEAYg==", "AUTH PLAIN x"))
    assert ["235 2.7.0 Authentication successful", "503 5.5.1 Error: already authenticated"] == replies
    context = SaslContext("192.0.2.7", "40000", "192.0.2.1", "25")
    assert [("PLAIN", "AGEAYg==", context)] == sasl.started


def test_a_login_in_several_turns() -> None:
    steps: list[Step] = [Challenge("VXNlcm5hbWU6"), Challenge(""), OK]
    replies, _, sasl = run(said(steps, "auth login", "YQ==", "Yg==", "NOOP"))
    assert ["334 VXNlcm5hbWU6", "334 ", "235 2.7.0 Authentication successful", "250 2.0.0 Ok"] == replies
    assert [None, "YQ==", "Yg=="] == sasl.exchanges[0].responses


def test_a_client_gives_up() -> None:
    replies, played, sasl = run(said([Challenge("")], "AUTH LOGIN", "*", "NOOP"))
    assert ["334 ", "501 5.7.0 Authentication aborted", "250 2.0.0 Ok"] == replies
    assert "warning: unknown[192.0.2.7]: SASL LOGIN authentication aborted" in played.log
    assert [None] == sasl.exchanges[0].responses


@pytest.mark.parametrize(
    ("failure", "reply", "line"),
    [
        (
            Failure(username="kibuna"),
            "535 5.7.8 Error: authentication failed: (reason unavailable)",
            "SASL PLAIN authentication failed: (reason unavailable), sasl_username=kibuna",
        ),
        (
            Failure("later", temporary=True),
            "454 4.7.0 Temporary authentication failure: later",
            "SASL PLAIN authentication failed: later, sasl_username=(unavailable)",
        ),
    ],
)
def test_failures(failure: Failure, reply: str, line: str) -> None:
    replies, played, _ = run(said([failure], "AUTH PLAIN AGEAYg=="))
    assert [reply] == replies
    assert f"warning: unknown[192.0.2.7]: {line}" in played.log


def test_a_response_has_a_limit() -> None:
    replies, played, _ = run(said([Challenge("")], "AUTH PLAIN", "x" * 12289, "NOOP"))
    assert ["334 ", "500 5.5.6 SASL response limit exceeded", "250 2.0.0 Ok"] == replies
    assert f"warning: unknown[192.0.2.7]: request longer than 12288: {'x' * 30}..." in played.log


@pytest.mark.parametrize(
    ("main_cf", "lines", "reply"),
    [
        ("smtpd_helo_required = yes\n", ["AUTH PLAIN"], "503 5.5.1 Error: send HELO/EHLO first"),
        ("smtpd_tls_auth_only = yes\n", ["AUTH PLAIN"], "503 5.5.1 Error: authentication not enabled"),
        ("smtpd_discard_ehlo_keywords = auth\n", ["AUTH PLAIN"], "503 5.5.1 Error: authentication not enabled"),
        ("", ["MAIL FROM:<>", "AUTH PLAIN"], "503 5.5.1 Error: MAIL transaction in progress"),
        ("", ["AUTH"], "501 5.5.4 Syntax: AUTH mechanism"),
        ("", ["AUTH PLAIN a b"], "501 5.5.4 Syntax: AUTH mechanism"),
    ],
)
def test_the_first_rule_that_is_broken_answers(main_cf: str, lines: list[str], reply: str) -> None:
    replies, _, sasl = run(said([OK], *lines, main_cf=main_cf))
    assert reply == replies[-1]
    assert not sasl.started


def test_the_login_is_told_with_the_message() -> None:
    _, played, _ = run(said([OK], "AUTH PLAIN x", "MAIL FROM:<> AUTH=me", "RCPT TO:<x@mx.example>"))
    told = "Q00001: client=unknown[192.0.2.7], sasl_method=PLAIN, sasl_username=kibuna, sasl_sender=me"
    assert told in played.log


def test_a_client_that_goes_away_during_a_login() -> None:
    _, played, _ = run(said([Challenge("")], "AUTH PLAIN"))
    assert "lost connection after AUTH from unknown[192.0.2.7]" in played.log


def test_a_client_that_is_silent_during_a_login() -> None:
    async def scene() -> None:
        sasl = FakeSasl([Challenge("")])
        played = service(SASL + "smtpd_timeout = 10s\n", sasl=sasl)
        wire = played.connect()
        await wire.heard()
        await wire.say("AUTH PLAIN")
        await asyncio.sleep(11)
        assert b"421 4.4.2 mx.example Error: timeout exceeded\r\n" == await wire.heard()
        assert sasl.exchanges[0].aborted

    run(scene())
