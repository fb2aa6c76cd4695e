"""Events become lines and lines become events again."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost import maillog
from gatepost.mail.events import REGISTRY, Event, Noted, Warned
from gatepost.mail.events.queue import Activated, Delivered
from gatepost.mail.events.smtpd import ClientAccepted, Connected, ConnectionLost, LoginFailed, PolicyActed, TimedOut

LINES: list[tuple[Event, str]] = [
    (Connected("unknown[192.0.2.1]"), "connect from unknown[192.0.2.1]"),
    (ConnectionLost("RCPT", "a.example[192.0.2.1]"), "lost connection after RCPT from a.example[192.0.2.1]"),
    (
        ConnectionLost("DATA", "a.example[192.0.2.1]", 12),
        "lost connection after DATA (12 bytes) from a.example[192.0.2.1]",
    ),
    (TimedOut("EHLO", "a[192.0.2.1]"), "timeout after EHLO from a[192.0.2.1]"),
    (TimedOut("RCPT", "a[192.0.2.1]", "4F5A6"), "4F5A6: timeout after RCPT from a[192.0.2.1]"),
    (
        ClientAccepted("4F5A6B", "a[192.0.2.1]", sasl_method="PLAIN", sasl_username="joe"),
        "4F5A6B: client=a[192.0.2.1], sasl_method=PLAIN, sasl_username=joe",
    ),
    (
        PolicyActed(
            "reject",
            "RCPT",
            "unknown[192.0.2.1]",
            "554 5.7.1 <b@example.net>: Relay access denied",
            sender="",
            recipient="b@example.net",
            protocol="ESMTP",
            helo="x",
        ),
        (
            "NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 554 5.7.1 <b@example.net>: Relay access denied; "
            "from=<> to=<b@example.net> proto=ESMTP helo=<x>"
        ),
    ),
    (
        PolicyActed("warn", "CONNECT", "unknown[192.0.2.1]", "", protocol="SMTP"),
        "NOQUEUE: warn: CONNECT from unknown[192.0.2.1]: ; proto=SMTP",
    ),
    (
        LoginFailed("unknown[10.0.3.80]", "LOGIN", "UGFzc3dvcmQ6"),
        "warning: unknown[10.0.3.80]: SASL LOGIN authentication failed: UGFzc3dvcmQ6, sasl_username=(unavailable)",
    ),
    (Activated("4F5A6B", "a@b", 1024, 2), "4F5A6B: from=<a@b>, size=1024, nrcpt=2 (queue active)"),
    (
        Delivered(
            "4F5A6B", "c@d", "mx.d[192.0.2.5]:25", "1.3", "0.1/0/1/0.2", "2.0.0", "sent", "250 2.0.0 Ok: queued as 7"
        ),
        (
            "4F5A6B: to=<c@d>, relay=mx.d[192.0.2.5]:25, delay=1.3, delays=0.1/0/1/0.2, dsn=2.0.0, "
            "status=sent (250 2.0.0 Ok: queued as 7)"
        ),
    ),
    (Warned("anything (at) [all]"), "warning: anything (at) [all]"),
]


@pytest.mark.parametrize(("event", "line"), LINES)
def test_each_event_has_its_line_and_each_line_its_event(event: Event, line: str) -> None:
    assert line == maillog.text(event)
    assert event == maillog.parse(line)


@given(st.text())
def test_any_text_parses_to_some_event(line: str) -> None:
    assert maillog.parse(line) is not None


@given(st.text())
def test_no_control_character_reaches_the_log(text: str) -> None:
    assert not any(ord(char) < 32 or ord(char) == 127 for char in maillog.text(Warned(text)))


def test_a_line_is_cut_at_the_limit_between_characters() -> None:
    line = maillog.text(Noted("ä" * 2000))
    assert "ä" * 1000 == line


def test_candidates_can_be_limited_to_a_process() -> None:
    assert Noted("connect from x[1]") == maillog.parse("connect from x[1]", (Noted,))
    assert maillog.parse("connect from x[1]", (Activated,)) is None


def test_every_event_class_is_registered_under_its_name() -> None:
    assert all(name == kind.__name__ and kind.TEMPLATE for name, kind in REGISTRY.items())


def test_json_carries_kind_fields_and_classic_text() -> None:
    line = maillog.as_json(Connected("a[192.0.2.1]"), "postfix/smtpd", 7, "2026-01-02T03:04:05Z")
    assert {
        "time": "2026-01-02T03:04:05Z",
        "process": "postfix/smtpd",
        "number": 7,
        "event": "Connected",
        "text": "connect from a[192.0.2.1]",
        "fields": {"client": "a[192.0.2.1]"},
    } == json.loads(line)


def test_a_logger_binds_process_and_number() -> None:
    seen: list[tuple[str, int, Event]] = []
    logger = maillog.Logger(lambda tag, number, event: seen.append((tag, number, event)))
    logger.bind("smtpd", 5)(Connected("a[1]"))
    logger.bind("smtpd", 6, "postfix/submission")(Connected("b[2]"))
    assert [("postfix/smtpd", 5, Connected("a[1]")), ("postfix/submission/smtpd", 6, Connected("b[2]"))] == seen
