"""What is delivered when, as tables."""

from __future__ import annotations

from collections import Counter

import pytest

from gatepost.config.feedback import Feedback
from gatepost.queue.record import Limits
from gatepost.queue.schedule import Batch, Failure, Schedule, Suspension, Target, batches

SMTP = Target("smtp", "example.com")
OTHER = Target("smtp", "example.net")
REFUSED = Failure("4.4.1", "connect to example.com[192.0.2.1]:25: Connection refused")


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


@pytest.mark.parametrize("most", [0, 1, 2, 50])
def test_a_single_recipient_goes_the_way_it_goes_beside_others(most: int) -> None:
    wanted, limits = [(1, "A@example.com", SMTP), (2, "b@example.net", OTHER)], {"smtp": Limits(recipients=most)}
    alone = [batch for one in wanted for batch in batches(7, [one], limits)]
    assert alone == list(batches(7, wanted, limits))


USUAL = Limits()


def schedule(limits: Limits = USUAL) -> Schedule:
    return Schedule({"smtp": limits}, penalty=300, probation=4000)


def fill(made: Schedule, target: Target, count: int, first: int = 1, now: float = 0.0) -> list[Batch]:
    added = [Batch(number, target, (1,)) for number in range(first, first + count)]
    for batch in added:
        assert made.add([batch], now) == []
    return added


def large(made: Schedule, target: Target, count: int, message: int = 1000) -> list[Batch]:
    """One message that takes many deliveries."""
    parts = [Batch(message, target, (number,)) for number in range(count)]
    assert made.add(parts, 0.0) == []
    return parts


def one_by_one(made: Schedule, count: int) -> list[int]:
    """The messages that the next deliveries belong to, where each begins when the one before has ended."""
    order: list[int] = []
    for _ in range(count):
        (batch,) = made.start(1.0)
        order.append(batch.message)
        made.done(batch, None, 1.0)
    return order


def test_a_destination_starts_with_a_small_window_and_opens() -> None:
    made = schedule(Limits(initial=2))
    waiting = fill(made, SMTP, 10)
    first = made.start(1.0)
    assert first == waiting[:2]
    assert made.start(1.0) == []
    assert made.done(first[0], None, 1.0) == []
    assert made.start(1.0) == waiting[2:4]


def test_a_window_is_never_wider_than_the_limit() -> None:
    made = schedule(Limits(concurrency=3))
    waiting = fill(made, SMTP, 10)
    started = made.start(1.0)
    assert started == waiting[:3]
    for batch in started:
        made.done(batch, None, 1.0)
    assert made.start(1.0) == waiting[3:6]


@pytest.mark.parametrize(
    ("feedback", "expected"),
    [
        (Feedback(), [3, 4, 5, 6, 7]),
        (Feedback(0.5), [2, 3, 3, 4, 4]),
        (Feedback(1, "concurrency"), [2, 3, 3, 3, 4]),
        (Feedback(1, "sqrt_concurrency"), [2, 3, 3, 4, 5]),
    ],
)
def test_success_opens_by_the_positive_feedback(feedback: Feedback, expected: list[int]) -> None:
    made = schedule(Limits(initial=2, positive=feedback))
    fill(made, SMTP, 500)
    running = made.start(1.0)
    found: list[int] = []
    for _ in range(5):
        made.done(running.pop(0), None, 1.0)
        running += made.start(1.0)
        found.append(len(running))
    assert found == expected


@pytest.mark.parametrize(
    ("feedback", "expected"),
    [
        (Feedback(), [8, 1, 1]),
        (Feedback(0.25), [8, 6, 4]),
        (Feedback(1, "concurrency"), [8, 6, 5]),
    ],
)
def test_failure_closes_by_the_negative_feedback(feedback: Feedback, expected: list[int]) -> None:
    made = schedule(Limits(initial=8, negative=feedback, failed_cohorts=0))
    fill(made, SMTP, 500)
    found: list[int] = []
    for _ in range(3):
        running = made.start(1.0)
        found.append(len(running))
        for batch in running:
            made.done(batch, REFUSED, 1.0)
    assert found == expected


def test_a_window_opens_no_further_than_it_is_used() -> None:
    made = schedule()
    for number in range(50):
        fill(made, SMTP, 1, first=number)
        (batch,) = made.start(1.0)
        fill(made, SMTP, 1, first=100 + number)  # so that the destination is not forgotten
        (other,) = made.start(1.0)
        made.done(batch, None, 1.0)
        made.done(other, None, 1.0)
    fill(made, SMTP, 100, first=1000)
    assert len(made.start(1.0)) <= 7


def test_a_transport_has_a_limit_of_its_own() -> None:
    made = schedule(Limits(processes=3, initial=2))
    fill(made, SMTP, 4)
    fill(made, OTHER, 4, first=11)
    started = made.start(1.0)
    assert sorted(batch.message for batch in started) == [1, 2, 11]
    made.done(started[0], None, 1.0)
    assert [batch.message for batch in made.start(1.0)] == [12]


def test_no_process_limit() -> None:
    made = schedule(Limits(concurrency=0, processes=0, initial=1000))
    fill(made, SMTP, 100)
    assert len(made.start(1.0)) == 100


# Fairness


def test_a_long_queue_for_one_destination_does_not_hold_up_another() -> None:
    made = schedule(Limits(processes=1))
    fill(made, SMTP, 1000)
    one_by_one(made, 10)
    fill(made, OTHER, 1, first=5000)
    assert 5000 in one_by_one(made, 2)


def test_destinations_take_turns() -> None:
    made = schedule(Limits(processes=1))
    for number in range(20):
        fill(made, Target("smtp", f"{number}.example"), 50, first=number * 100)
    assert set(Counter(message // 100 for message in one_by_one(made, 200)).values()) == {10}


@pytest.mark.parametrize("running", [0, 100])
def test_a_small_message_does_not_wait_behind_a_large_one(running: int) -> None:
    made = schedule(Limits(processes=1))
    large(made, SMTP, 1000)
    one_by_one(made, running)
    fill(made, SMTP, 1)
    assert 1 in one_by_one(made, 2)


def test_nor_behind_one_with_as_many_destinations() -> None:
    made = schedule(Limits(processes=1))
    parts = [Batch(1000, Target("smtp", f"{number}.example"), (number,)) for number in range(5000)]
    made.add(parts, 0.0)
    one_by_one(made, 100)
    fill(made, OTHER, 1)
    fill(made, Target("smtp", "4000.example"), 1, first=2)
    assert {1, 2} <= set(one_by_one(made, 5))


def test_large_messages_share() -> None:
    made = schedule(Limits(processes=1))
    large(made, SMTP, 500, message=1)
    large(made, SMTP, 500, message=2)
    assert Counter(one_by_one(made, 100)) == {1: 50, 2: 50}


@pytest.mark.parametrize(("cost", "expected"), [(5, 20), (2, 40), (1, 60)])
def test_a_large_message_does_not_wait_for_ever(cost: int, expected: int) -> None:
    """There is always a small one waiting, too."""
    made = schedule(Limits(processes=1, slot_cost=cost))
    large(made, SMTP, 1000)
    fill(made, SMTP, 1)
    order: list[int] = []
    for number in range(2, 122):
        order += one_by_one(made, 1)
        if order[-1] != 1000:
            fill(made, SMTP, 1, first=number)
    assert order.count(1000) == pytest.approx(expected, abs=2)


def test_without_preemption_first_come_first_served() -> None:
    made = schedule(Limits(processes=1, slot_cost=0))
    large(made, SMTP, 10)
    fill(made, SMTP, 1)
    assert one_by_one(made, 11) == [1000] * 10 + [1]


# Destinations that are down


def test_failures_in_a_row_bury_a_destination() -> None:
    made = schedule(Limits(initial=2))
    waiting = fill(made, SMTP, 5)
    first, second = made.start(1.0)
    assert made.done(first, REFUSED, 10.0) == []
    assert made.start(10.0) == []
    assert made.done(second, REFUSED, 10.0) == [Suspension(batch, REFUSED) for batch in waiting[2:]]
    late = Batch(9, SMTP, (1,))
    assert made.add([late], 309.0) == [Suspension(late, REFUSED)]
    assert made.add([late], 310.0) == []
    assert made.start(310.0) == [late]


def test_who_was_down_is_probed_by_one_delivery() -> None:
    made = schedule()
    fill(made, SMTP, 10_000)
    tried = made.start(1.0)
    assert len(tried) == 5
    suspended = [one for batch in tried for one in made.done(batch, REFUSED, 10.0)]
    assert len(suspended) == 9_995
    for now in (310.0, 610.0):
        fill(made, SMTP, 10_000, first=20_000, now=now)
        (probe,) = made.start(now)
        assert len(made.done(probe, REFUSED, now)) == 9_999
    fill(made, SMTP, 100, first=50_000, now=910.0)
    (probe,) = made.start(910.0)
    assert made.done(probe, None, 910.0) == []
    assert len(made.start(910.0)) == 5


def test_a_success_among_failures_raises_the_dead() -> None:
    made = schedule(Limits(initial=3))
    fill(made, SMTP, 3)
    first, second, _ = made.start(1.0)
    made.done(first, REFUSED, 10.0)
    made.done(second, REFUSED, 10.0)
    assert made.add([Batch(9, SMTP, (1,))], 11.0) == []
    made = schedule(Limits(initial=2))
    fill(made, SMTP, 2)
    first, second = made.start(1.0)
    made.done(first, REFUSED, 10.0)
    made.done(second, None, 10.0)
    assert made.add([Batch(9, SMTP, (1,))], 11.0) == []


@pytest.mark.parametrize(("cohorts", "tries"), [(1, 5), (3, 6), (0, 100)])
def test_how_many_failures_it_takes(cohorts: int, tries: int) -> None:
    made = schedule(Limits(failed_cohorts=cohorts))
    fill(made, SMTP, 100)
    done = 0
    while running := made.start(1.0):
        for batch in running:
            done += 1
            made.done(batch, REFUSED, 10.0)
    assert done == tries


def test_a_success_makes_failures_forgotten() -> None:
    made = schedule(Limits(initial=2))
    fill(made, SMTP, 6)
    first, second = made.start(1.0)
    assert made.done(first, REFUSED, 10.0) == []
    assert made.done(second, None, 10.0) == []
    third, fourth = made.start(10.0)
    assert made.done(third, REFUSED, 10.0) == []
    assert made.done(fourth, None, 10.0) == []


def test_a_lone_failure_is_forgotten_when_nothing_waits() -> None:
    """As in Postfix, which remembers nothing of a destination without mail, unless it is dead."""
    made = schedule()
    for number in range(20):
        (batch,) = fill(made, SMTP, 1, first=number)
        assert made.start(1.0) == [batch]
        assert made.done(batch, REFUSED, 10.0) == []


def test_flush_gives_the_dead_another_chance() -> None:
    made = schedule(Limits(initial=1))
    (batch,) = fill(made, SMTP, 1)
    made.start(1.0)
    made.done(batch, REFUSED, 10.0)
    assert made.add([batch], 11.0) == [Suspension(batch, REFUSED)]
    made.revive(12.0)
    assert made.add([batch], 12.0) == []


def test_the_dead_are_forgotten_in_time() -> None:
    made = schedule(Limits(initial=1))
    (batch,) = fill(made, SMTP, 1)
    made.start(1.0)
    made.done(batch, REFUSED, 10.0)
    made.expire(10.0 + 300 + 3999)
    assert made._destinations
    made.expire(10.0 + 300 + 4000)
    assert not made._destinations


# Rate delays


def test_a_destination_with_a_rate_delay_gets_one_delivery_at_a_time() -> None:
    made = schedule(Limits(rate_delay=10))
    waiting = fill(made, SMTP, 3)
    other = fill(made, OTHER, 1, first=11)
    assert made.start(0.0) == [waiting[0], *other]
    assert made.next_start() is None
    made.done(waiting[0], None, 2.0)
    assert made.start(2.0) == []
    assert made.next_start() == 12.0
    assert made.start(11.9) == []
    assert made.start(12.0) == [waiting[1]]
    made.done(waiting[1], None, 13.0)
    assert made.start(23.0) == [waiting[2]]


def test_a_rest_outlasts_an_empty_queue() -> None:
    made = schedule(Limits(rate_delay=10))
    (first,) = fill(made, SMTP, 1)
    made.start(0.0)
    made.done(first, None, 2.0)
    (second,) = fill(made, SMTP, 1, first=2, now=3.0)
    assert made.start(3.0) == []
    assert made.start(12.0) == [second]
    made.done(second, None, 12.0)
    made.expire(22.0)
    assert not made._destinations


def test_a_transport_with_a_rate_delay_delivers_one_after_the_other() -> None:
    made = schedule(Limits(transport_rate_delay=5))
    fill(made, SMTP, 2)
    fill(made, OTHER, 1, first=11)
    order: list[tuple[float, int]] = []
    now = 0.0
    while batches := made.start(now):
        (batch,) = batches
        order.append((now, batch.message))
        made.done(batch, None, now + 1)
        now = made.next_start() or now
    assert [when for when, _ in order] == [0.0, 6.0, 12.0]
    assert sorted(message for _, message in order) == [1, 2, 11]


# Withdrawals and new limits


def test_a_message_can_be_withdrawn() -> None:
    made = schedule(Limits(initial=1))
    waiting = fill(made, SMTP, 3)
    running = made.start(1.0)
    assert made.withdraw(1, 1.0) == []
    assert made.withdraw(2, 1.0) == [waiting[1]]
    made.done(running[0], None, 1.0)
    assert made.start(1.0) == [waiting[2]]
    made.done(waiting[2], None, 1.0)
    made.expire(1.0)
    assert not made._destinations


def test_withdrawing_all_that_waits() -> None:
    made = schedule(Limits(initial=1))
    fill(made, SMTP, 2)
    (running,) = made.start(1.0)
    made.withdraw(2, 1.0)
    made.done(running, None, 1.0)
    assert made.start(1.0) == []
    assert len(fill(made, SMTP, 1, first=8)) == len(made.start(1.0))


def test_withdrawing_what_comes_next() -> None:
    made = schedule(Limits(processes=1))
    waiting = fill(made, SMTP, 3)
    made.withdraw(1, 1.0)
    assert made.start(1.0) == [waiting[1]]


def test_new_limits_apply_to_what_waits() -> None:
    made = schedule(Limits(processes=1))
    fill(made, SMTP, 3)
    assert len(made.start(1.0)) == 1
    made.adopt({"smtp": Limits(processes=2)}, penalty=60, probation=400)
    assert len(made.start(1.0)) == 1
