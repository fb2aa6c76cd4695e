"""What every script of a session relies on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.played import GREETING, PIPELINED, PLAN, play


def test_a_reply_that_comes_before_its_command_ends_the_session() -> None:
    """Otherwise every answer would be taken for the one to the command before."""
    played = play("S: 220 hi\\r\\n250 x")
    assert played.machine.failure is not None
    assert "sent a reply ahead of its command" in played.machine.failure.text


def test_a_farewell_may_come_at_any_time() -> None:
    played = play(f"{GREETING}S: 250 x\\r\\n421 4.3.2 shutting down")
    assert played.texts == [
        ("4.3.2", "host mx.b.example[192.0.2.7] said: 421 4.3.2 shutting down (in reply to MAIL FROM command)")
    ]


def test_lines_that_are_no_reply_are_told_of_and_passed_over() -> None:
    assert play("S: hello\nS: 220 hi\nC: EHLO mx.ohio.net").lines == []
    assert play(f"{PIPELINED}S: hello\nS: 250 ok").lines == [
        "warning: 4Xyz: non-ESMTP response from mx.b.example[192.0.2.7]:25: hello",
        (
            "warning: to prevent loss of mail, turn off command pipelining for 192.0.2.7 "
            "with the smtp_discard_ehlo_keyword_address_maps parameter"
        ),
    ]


def test_a_long_line_is_told_of() -> None:
    assert play(f"S: 554 {'x' * 3000}").lines == [
        f"warning: mx.b.example[192.0.2.7]:25: response longer than 2048: 554 {'x' * 26}..."
    ]


def test_a_size_that_is_none_is_told_of() -> None:
    played = play(f"{GREETING}S: 250-x\nS: 250 SIZE ten\nC: MAIL FROM:<a@a.example> SIZE=20")
    assert played.lines == ['warning: bad EHLO SIZE limit "ten" from mx.b.example[192.0.2.7]:25']


@pytest.mark.parametrize(
    ("lines", "words"),
    [(["discarding EHLO keywords: DSN ETRN"], {"DSN", "ETRN"}), ([], {"DSN", "SILENT-DISCARD"}), ([], set[str]())],
)
def test_what_is_overlooked_is_told_of(lines: list[str], words: set[str]) -> None:
    plan = replace(PLAN, discard=frozenset(words))
    assert lines == play(PIPELINED, plan=plan).lines
