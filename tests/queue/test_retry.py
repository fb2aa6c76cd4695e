"""When mail is tried again, and for how long."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gatepost.mail.envelope import Envelope, Recipient
from gatepost.queue.body import MemoryBody
from gatepost.queue.record import Identity, Row, StoredMessage
from gatepost.queue.retry import RetryPolicy

MESSAGE = StoredMessage(
    Identity(1, "A1"),
    Envelope("a@b.example", ()),
    (Row(1, Recipient("x@example.com", "x@example.com")),),
    MemoryBody(b""),
    arrived=1000.0,
    received=1000.0,
    due=1000.0,
)


@pytest.mark.parametrize(
    ("age", "wait"),
    [(0, 300), (299, 300), (300, 300), (301, 301), (2000, 2000), (4000, 4000), (100_000, 4000)],
)
def test_the_next_attempt_is_as_far_off_as_the_message_is_old(age: float, wait: float) -> None:
    assert RetryPolicy().next_attempt(1000.0, 1000.0 + age) == 1000.0 + age + wait


def test_attempts_are_due_at_whole_seconds() -> None:
    assert RetryPolicy(minimal_backoff=1).next_attempt(1000.2, 1000.9) == 1001.0


@pytest.mark.parametrize(
    ("sender", "age", "expired"),
    [("a@b.example", 99, False), ("a@b.example", 100, True), ("", 49, False), ("", 50, True)],
)
def test_mail_expires(sender: str, age: float, expired: bool) -> None:
    policy = RetryPolicy(lifetime=100, bounce_lifetime=50)
    message = replace(MESSAGE, envelope=Envelope(sender, ()))
    assert policy.has_expired(message, 1000 + age) is expired


def test_reports_do_not_outlive_other_mail() -> None:
    policy = RetryPolicy(lifetime=10, bounce_lifetime=50)
    assert policy.has_expired(replace(MESSAGE, envelope=Envelope("", ())), 1010)


@pytest.mark.parametrize(
    ("message", "after", "age", "owed"),
    [
        (MESSAGE, 0, 10_000, False),
        (MESSAGE, 60, 59, False),
        (MESSAGE, 60, 60, True),
        (replace(MESSAGE, warned=True), 60, 60, False),
        (replace(MESSAGE, envelope=Envelope("", ())), 60, 60, False),
    ],
)
def test_a_sender_is_warned_once(message: StoredMessage, after: float, age: float, owed: bool) -> None:
    assert RetryPolicy(warn_after=after).owes_warning(message, 1000 + age) is owed
