"""What every script of a session relies on."""

from __future__ import annotations

from tests.fakes.played import GREETING, play


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
    played = play("S: hello\nS: 220 hi\nC: EHLO mx.ohio.net")
    assert played.lines == ["warning: 4Xyz: non-ESMTP response from mx.b.example[192.0.2.7]:25: hello"]
