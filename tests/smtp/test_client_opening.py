"""Greeting, EHLO and STARTTLS, as dialogs."""

from __future__ import annotations

import pytest

from gatepost.smtp.client import ClientMachine
from gatepost.smtp.client_values import Hello, SessionPlan, TlsLevel, Want
from tests.fakes.played import GREETING, SERVER, play


@pytest.mark.parametrize(
    ("dialog", "dsn", "words"),
    [
        ("S: 554 5.7.1 no\nC: QUIT", "4.7.1", "refused to talk to me: 554 5.7.1 no"),
        ("S: 421 later\nC: QUIT", "4.0.0", "refused to talk to me: 421 later"),
        (f"{GREETING}S: 421 4.3.2 later\nC: QUIT", "4.3.2", "refused to talk to me: 421 4.3.2 later"),
        (
            f"{GREETING}S: 502 what\nC: HELO mx.ohio.net\nS: 550 5.7.1 go away\nC: QUIT",
            "5.7.1",
            "refused to talk to me: 550 5.7.1 go away",
        ),
    ],
)
def test_a_server_that_refuses_to_talk(dialog: str, dsn: str, words: str) -> None:
    played = play(dialog)
    assert played.machine.failure is not None
    assert (dsn, f"host mx.b.example[192.0.2.7] {words}") == (played.machine.failure.dsn, played.machine.failure.text)
    assert played.machine.next_step() is Want.CLOSE


def test_a_5xx_greeting_can_be_taken_at_its_word() -> None:
    played = play("S: 554 no", plan=SessionPlan(SERVER, "mx.ohio.net", skip_5xx_greeting=False))
    assert played.machine.failure is not None
    assert played.machine.failure.dsn == "5.0.0"


def test_an_old_server_is_spoken_to_in_old_smtp() -> None:
    played = play(f"{GREETING}S: 502 what\nC: HELO mx.ohio.net\nS: 250 x\nC: MAIL FROM:<a@a.example>\n")
    assert played.machine.failure is None


def test_meeting_ourselves_is_a_loop() -> None:
    played = play("S: 220 MX.ohio.net hi\nC: EHLO mx.ohio.net\nS: 250 MX.ohio.net\nC: QUIT")
    assert played.machine.failure is not None
    assert (played.machine.failure.dsn, played.machine.failure.text) == (
        "5.4.6",
        "mail for b.example loops back to myself",
    )
    assert played.lines == [
        "warning: host mx.b.example[192.0.2.7]:25 greeted me with my own hostname mx.ohio.net",
        "warning: host mx.b.example[192.0.2.7]:25 replied to HELO/EHLO with my own hostname mx.ohio.net",
    ]


def test_tls_begins_the_session_anew() -> None:
    plan = SessionPlan(SERVER, "mx.ohio.net", tls=TlsLevel.MAY)
    played = play(
        f"{GREETING}S: 250-x\nS: 250-STARTTLS\nS: 250 DSN\nC: STARTTLS\nS: 220 go\nC: EHLO mx.ohio.net", plan=plan
    )
    played.run("S: 250 x\nC: MAIL FROM:<a@a.example>")
    assert played.tls == 1
    assert not played.machine.offered


@pytest.mark.parametrize(
    ("level", "dialog", "dsn", "words"),
    [
        (
            TlsLevel.ENCRYPT,
            "S: 250 x\nC: QUIT",
            "4.7.4",
            "TLS is required, but was not offered by host mx.b.example[192.0.2.7]",
        ),
        (
            TlsLevel.ENCRYPT,
            "S: 250-x\nS: 250 STARTTLS\nC: STARTTLS\nS: 454 4.7.0 no TLS\nC: QUIT",
            "4.7.0",
            "TLS is required, but host mx.b.example[192.0.2.7] refused to start TLS: 454 4.7.0 no TLS",
        ),
        (
            TlsLevel.MAY,
            "S: 250-x\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\\r\\n250 injected",
            "4.7.5",
            "host mx.b.example[192.0.2.7] sent data ahead of the TLS handshake",
        ),
    ],
)
def test_tls_that_cannot_be_had(level: TlsLevel, dialog: str, dsn: str, words: str) -> None:
    played = play(f"{GREETING}{dialog}", plan=SessionPlan(SERVER, "mx.ohio.net", tls=level))
    assert played.machine.failure is not None
    assert (played.machine.failure.dsn, played.machine.failure.text) == (dsn, words)
    assert played.tls == 0


def test_tls_that_is_refused_is_done_without_where_that_is_allowed() -> None:
    plan = SessionPlan(SERVER, "mx.ohio.net", tls=TlsLevel.MAY)
    play(f"{GREETING}S: 250-x\nS: 250 STARTTLS\nC: STARTTLS\nS: 454 no\nC: MAIL FROM:<a@a.example>", plan=plan)


def test_our_own_missing_tls_matters_only_where_it_is_required() -> None:
    for level, said in ((TlsLevel.MAY, b"MAIL FROM:<a@a.example>\r\n"), (TlsLevel.ENCRYPT, b"QUIT\r\n")):
        plan = SessionPlan(SERVER, "mx.ohio.net", tls=level, tls_usable=False)
        assert said == play(f"{GREETING}S: 250-x\nS: 250 STARTTLS", plan=plan).said


def test_tls_may_come_first() -> None:
    played = play("S: 220 hi\nC: EHLO mx.ohio.net", plan=SessionPlan(SERVER, "mx.ohio.net", tls_first=True))
    assert played.tls == 1


def test_tls_from_the_first_byte_cannot_be_done_without() -> None:
    plan = SessionPlan(SERVER, "mx.ohio.net", tls_first=True, tls_usable=False)
    machine = ClientMachine(plan)
    assert machine.next_step() is Want.CLOSE
    assert machine.failure is not None
    assert machine.failure.text == "TLS is required, but our TLS engine is unavailable"


@pytest.mark.parametrize(
    ("hello", "greeting", "command"),
    [
        (Hello.ALWAYS, "220 hi", "EHLO"),
        (Hello.WHEN_GREETED, "220 hi", "HELO"),
        (Hello.WHEN_GREETED, "220 mx ESMTP hi", "EHLO"),
        (Hello.NEVER, "220 mx ESMTP hi", "HELO"),
    ],
)
def test_ehlo_is_said_as_configured(hello: Hello, greeting: str, command: str) -> None:
    played = play(f"S: {greeting}\nC: {command} mx.ohio.net", plan=SessionPlan(SERVER, "mx.ohio.net", hello=hello))
    played.run("S: 250-x\nS: 250 DSN")
    assert bool(played.machine.offered) is (command == "EHLO")


@pytest.mark.parametrize(
    ("pix", "greeting", "command", "lines"),
    [
        ({"disable_esmtp"}, "220 ***2***0", "HELO", ["disable_esmtp"]),
        ({"disable_esmtp", "delay_dotcrlf"}, "220", "HELO", ["disable_esmtp delay_dotcrlf"]),
        ({"delay_dotcrlf"}, "220 ****", "EHLO", ["delay_dotcrlf"]),
        ({"disable_esmtp"}, "220 * hi", "EHLO", []),
        (set[str](), "220 ****", "EHLO", []),
    ],
)
def test_a_firewall_that_shows_stars_is_worked_around(
    pix: set[str], greeting: str, command: str, lines: list[str]
) -> None:
    plan = SessionPlan(SERVER, "mx.ohio.net", queue_id="Q", pix=frozenset(pix))
    played = play(f"S: {greeting}\nC: {command} mx.ohio.net", plan=plan)
    label = "mx.b.example[192.0.2.7]:25"
    assert played.lines == [f"Q: enabling PIX workarounds: {words} for {label}" for words in lines]
