"""The shared table of client limits: exact counts, whoever counts."""

from __future__ import annotations

import fcntl
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.server import limits
from gatepost.server.limits import BUCKETS, ROWS, ClientLimits, Counter, Counts, make_table

NOW = 1_000.0
MINUTE = 60.0


def workers(count: int) -> list[ClientLimits]:
    descriptor = make_table(count)
    return [ClientLimits(descriptor, count, column, MINUTE) for column in range(count)]


def test_connections_of_all_workers_add_up() -> None:
    one, two = workers(2)
    assert Counts(1, 1) == one.connect("smtp", "192.0.2.1", NOW)
    assert Counts(2, 2) == two.connect("smtp", "192.0.2.1", NOW)
    one.disconnect("smtp", "192.0.2.1", NOW)
    assert Counts(2, 3) == two.connect("smtp", "192.0.2.1", NOW)


def test_services_and_clients_are_counted_apart() -> None:
    (one,) = workers(1)
    one.connect("smtp", "192.0.2.1", NOW)
    assert 1 == one.connect("submission", "192.0.2.1", NOW).connections
    assert 1 == one.connect("smtp", "192.0.2.2", NOW).connections


def test_a_rate_begins_anew_when_its_time_is_over() -> None:
    (one,) = workers(1)
    assert [1, 2] == [one.count("smtp", "192.0.2.1", Counter.MESSAGE, NOW) for _ in range(2)]
    assert 1 == one.count("smtp", "192.0.2.1", Counter.RECIPIENT, NOW)
    assert 3 == one.count("smtp", "192.0.2.1", Counter.MESSAGE, NOW + MINUTE - 1)
    assert 1 == one.count("smtp", "192.0.2.1", Counter.MESSAGE, NOW + MINUTE)


def test_the_time_of_a_rate_does_not_end_connections() -> None:
    (one,) = workers(1)
    one.connect("smtp", "192.0.2.1", NOW)
    assert Counts(2, 1) == one.connect("smtp", "192.0.2.1", NOW + 2 * MINUTE)


def test_looking_does_not_count() -> None:
    (one,) = workers(1)
    one.count("smtp", "192.0.2.1", Counter.TLS_SESSION, NOW)
    assert [1, 1] == [one.rate("smtp", "192.0.2.1", Counter.TLS_SESSION, NOW) for _ in range(2)]


def test_the_connections_of_a_dead_worker_are_gone() -> None:
    one, two = workers(2)
    one.connect("smtp", "192.0.2.1", NOW)
    two.connect("smtp", "192.0.2.1", NOW)
    two.clear(0)
    assert 2 == two.connect("smtp", "192.0.2.1", NOW).connections


def test_a_disconnect_too_many_does_no_harm() -> None:
    (one,) = workers(1)
    one.disconnect("smtp", "192.0.2.1", NOW)
    assert 1 == one.connect("smtp", "192.0.2.1", NOW).connections


def test_a_full_bucket_lets_clients_pass_and_is_used_again() -> None:
    (one,) = workers(1)
    clients = [f"client {number}" for number in range(BUCKETS * ROWS)]
    counts = [one.connect("smtp", client, NOW).connections for client in clients]
    assert {0, 1} == set(counts)
    uncounted = clients[counts.index(0)]
    for client, count in zip(clients, counts, strict=True):
        if count:
            one.disconnect("smtp", client, NOW)
    assert 0 == one.connect("smtp", uncounted, NOW).connections
    assert 1 == one.connect("smtp", uncounted, NOW + MINUTE).connections


def test_workers_are_processes() -> None:
    """Counts of a forked process are seen by its parent, and no count is lost between them."""
    one, two = workers(2)
    child = os.fork()
    if child == 0:
        for _ in range(2_000):
            two.count("smtp", "192.0.2.1", Counter.AUTH, NOW)
        os._exit(0)
    for _ in range(2_000):
        one.count("smtp", "192.0.2.1", Counter.AUTH, NOW)
    os.waitpid(child, 0)
    assert 4_001 == one.count("smtp", "192.0.2.1", Counter.AUTH, NOW)


@pytest.mark.parametrize(("locks", "count"), [(0, 1), (4, 2)])
def test_only_several_workers_take_locks(monkeypatch: pytest.MonkeyPatch, locks: int, count: int) -> None:
    taken: list[int] = []
    monkeypatch.setattr(fcntl, "lockf", lambda *how: taken.append(how[1]))
    first = workers(count)[0]
    assert Counts(1, 1) == first.connect("smtp", "192.0.2.1", NOW)
    first.disconnect("smtp", "192.0.2.1", NOW)
    assert locks == len(taken)


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.booleans(), st.integers(0, 1)), max_size=40))
def test_counts_are_those_of_a_plain_table(steps: list[tuple[str, bool, int]]) -> None:
    both = workers(2)
    plain = {(client, worker): 0 for client in "ab" for worker in (0, 1)}
    for client, comes, worker in steps:
        if comes:
            plain[client, worker] += 1
            expected = plain[client, 0] + plain[client, 1]
            assert expected == both[worker].connect("smtp", client, NOW).connections
        else:
            plain[client, worker] = max(plain[client, worker] - 1, 0)
            both[worker].disconnect("smtp", client, NOW)
    for each in both:
        each.close()


def test_the_table_is_small() -> None:
    assert os.fstat(make_table(8)).st_size < 10_000_000
    assert limits.BUCKETS * limits.ROWS >= 50_000
