"""What is delivered when, as tables."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gatepost.mail.envelope import Envelope, Recipient
from gatepost.queue.body import MemoryBody
from gatepost.queue.record import Identity, Limits, Row, StoredMessage
from gatepost.queue.schedule import Batch, Failure, RetryPolicy, Schedule, Suspension, Target, batches

SMTP = Target("smtp", "example.com")
OTHER = Target("smtp", "example.net")
REFUSED = Failure("4.4.1", "connect to example.com[192.0.2.1]:25: Connection refused")

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


def test_recipients_with_the_same_way_travel_together() -> None:
    wanted = [(1, "a@example.com", SMTP), (2, "b@example.net", OTHER), (3, "c@example.com", SMTP)]
    assert list(batches(7, wanted, {})) == [Batch(7, SMTP, (1, 3)), Batch(7, OTHER, (2,))]


def test_a_batch_has_a_limit() -> None:
    wanted = [(n, f"{n}@example.com", SMTP) for n in range(1, 6)]
    found = batches(7, wanted, {"smtp": Limits(recipients=2)})
    assert [batch.rows for batch in found] == [(1, 2), (3, 4), (5,)]
    assert [batch.rows for batch in batches(7, wanted, {"smtp": Limits(recipients=0)})] == [(1, 2, 3, 4, 5)]


def test_one_recipient_at_a_time_makes_each_a_destination() -> None:
    wanted = [(1, "A@example.com", SMTP), (2, "b@example.com", SMTP), (3, "a@example.com", SMTP)]
    found = list(batches(7, wanted, {"smtp": Limits(recipients=1)}))
    assert [(batch.target.share, batch.rows) for batch in found] == [
        ("a@example.com", (1,)),
        ("a@example.com", (3,)),
        ("b@example.com", (2,)),
    ]


USUAL = Limits()


def schedule(limits: Limits = USUAL, window: int = 5) -> Schedule:
    return Schedule({"smtp": limits}, initial_window=window, penalty=300)


def fill(made: Schedule, target: Target, count: int, first: int = 1) -> list[Batch]:
    added = [Batch(number, target, (1,)) for number in range(first, first + count)]
    for batch in added:
        assert made.add(batch, 0.0) is None
    return added


def test_a_destination_starts_with_a_small_window_and_opens() -> None:
    made = schedule(window=2)
    waiting = fill(made, SMTP, 10)
    first = made.start()
    assert first == waiting[:2]
    assert made.start() == []
    assert made.done(first[0], None, 1.0) == []
    assert made.start() == waiting[2:4]


def test_a_window_is_never_wider_than_the_limit() -> None:
    made = schedule(Limits(concurrency=3), window=5)
    waiting = fill(made, SMTP, 10)
    started = made.start()
    assert started == waiting[:3]
    for batch in started:
        made.done(batch, None, 1.0)
    assert made.start() == waiting[3:6]


def test_destinations_take_turns() -> None:
    made = schedule(window=2)
    fill(made, SMTP, 4)
    fill(made, OTHER, 4, first=11)
    assert [batch.message for batch in made.start()] == [1, 11, 2, 12]


def test_a_transport_has_a_limit_of_its_own() -> None:
    made = schedule(Limits(processes=3), window=2)
    fill(made, SMTP, 4)
    fill(made, OTHER, 4, first=11)
    started = made.start()
    assert [batch.message for batch in started] == [1, 11, 2]
    made.done(started[0], None, 1.0)
    assert [batch.message for batch in made.start()] == [12]


def test_no_process_limit() -> None:
    made = schedule(Limits(concurrency=0, processes=0), window=1000)
    fill(made, SMTP, 100)
    assert len(made.start()) == 100


def test_failures_in_a_row_bury_a_destination() -> None:
    made = schedule(window=2)
    waiting = fill(made, SMTP, 5)
    first, second = made.start()
    assert made.done(first, REFUSED, 10.0) == []
    assert made.start() == []
    assert made.done(second, REFUSED, 10.0) == [Suspension(batch, REFUSED) for batch in waiting[2:]]
    late = Batch(9, SMTP, (1,))
    assert made.add(late, 309.0) == Suspension(late, REFUSED)
    assert made.add(late, 310.0) is None
    assert made.start() == [late]


def test_a_success_makes_failures_forgotten() -> None:
    made = schedule(window=2)
    fill(made, SMTP, 6)
    first, second = made.start()
    assert made.done(first, REFUSED, 10.0) == []
    assert made.done(second, None, 10.0) == []
    third, fourth = made.start()
    assert made.done(third, REFUSED, 10.0) == []
    assert made.done(fourth, None, 10.0) == []


def test_a_lone_failure_is_forgotten_when_nothing_waits() -> None:
    """As in Postfix, which remembers nothing of a destination without mail, unless it is dead."""
    made = schedule()
    for number in range(20):
        (batch,) = fill(made, SMTP, 1, first=number)
        assert made.start() == [batch]
        assert made.done(batch, REFUSED, 10.0) == []


def test_flush_gives_the_dead_another_chance() -> None:
    made = schedule(window=1)
    (batch,) = fill(made, SMTP, 1)
    made.start()
    made.done(batch, REFUSED, 10.0)
    assert made.add(batch, 11.0) is not None
    made.revive()
    assert made.add(batch, 12.0) is None


def test_the_dead_are_forgotten_in_time() -> None:
    made = schedule(window=1)
    (batch,) = fill(made, SMTP, 1)
    made.start()
    made.done(batch, REFUSED, 10.0)
    made.expire(309.0)
    assert made._destinations
    made.expire(310.0)
    assert not made._destinations


def test_a_message_can_be_withdrawn() -> None:
    made = schedule(window=1)
    waiting = fill(made, SMTP, 3)
    running = made.start()
    assert made.withdraw(1) == []
    assert made.withdraw(2) == [waiting[1]]
    made.done(running[0], None, 1.0)
    assert made.start() == [waiting[2]]
    made.done(waiting[2], None, 1.0)
    assert not made._destinations


def test_withdrawing_all_that_waits() -> None:
    made = schedule(window=1)
    fill(made, SMTP, 2)
    (running,) = made.start()
    made.withdraw(2)
    made.done(running, None, 1.0)
    assert made.start() == []
    assert len(fill(made, SMTP, 1, first=8)) == len(made.start())


def test_new_limits_apply_to_what_waits() -> None:
    made = schedule(Limits(processes=1))
    fill(made, SMTP, 3)
    assert len(made.start()) == 1
    made.adopt({"smtp": Limits(processes=2)}, initial_window=5, penalty=60)
    assert len(made.start()) == 1
