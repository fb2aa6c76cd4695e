"""The books of one job."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gatepost.delivery.attempt import Attempt
from gatepost.delivery.rules import ClientRules
from gatepost.delivery.session import SessionReport
from gatepost.mail.delivery import Result, Status
from gatepost.mail.events import Event
from gatepost.maillog import text
from gatepost.smtp.client_values import Outcome, Server
from tests.fakes.jobs import job
from tests.fakes.oracle import FakeOracle

RULES = ClientRules()
SERVER = Server("mx.b.example", "192.0.2.7", "25")
RELAY = "mx.b.example[192.0.2.7]:25"
SENT, LATER, NEVER = Outcome("2.0.0", "250 ok"), Outcome("4.0.0", "450 later"), Outcome("5.0.0", "550 no")


class Books:
    """An attempt for `count` recipients, and what it logged."""

    def __init__(self, count: int, rules: ClientRules = RULES) -> None:
        self.events: list[Event] = []
        work = job(*(f"{name}@b.example" for name in "abcdef"[:count]))
        self.attempt = Attempt(work, self.events.append, FakeOracle, rules)

    def session(self, *outcomes: Outcome, is_final: bool = False) -> Books:
        report = SessionReport(outcomes=outcomes, order=tuple(range(len(outcomes))), uses=3)
        self.attempt.account(SERVER, report, setup=0.5, is_final=is_final)
        return self

    @property
    def results(self) -> list[tuple[int, str, str, str]]:
        return sorted((result.row, result.dsn, result.text, result.relay) for result in self.attempt.results)


def test_a_final_word_counts_whatever_it_is() -> None:
    books = Books(3).session(SENT, LATER, NEVER, is_final=True)
    assert books.results == [
        (1, "2.0.0", "250 ok", RELAY),
        (2, "4.0.0", "450 later", RELAY),
        (3, "5.0.0", "550 no", RELAY),
    ]
    assert not books.attempt.pending


def test_a_temporary_failure_is_left_to_the_next_host() -> None:
    books = Books(3).session(LATER, SENT, LATER)
    assert [recipient.address for recipient in books.attempt.mail().recipients] == ["a@b.example", "c@b.example"]
    assert [text(event) for event in books.events] == ["4Xyz: 450 later"]
    books.session(SENT, SENT)
    assert [status for *_, status, _ in books.results] == ["250 ok"] * 3


def test_without_another_host_each_keeps_its_own_failure() -> None:
    books = Books(2).session(LATER, Outcome("4.2.2", "452 full"))
    books.attempt.conclude()
    assert books.results == [(1, "4.0.0", "450 later", RELAY), (2, "4.2.2", "452 full", RELAY)]


def test_the_last_hosts_word_counts() -> None:
    books = Books(1).session(LATER)
    books.attempt.postpone(Outcome("4.4.1", "connect to x: refused"))
    books.attempt.conclude()
    assert books.results == [(1, "4.4.1", "connect to x: refused", "none")]
    assert books.attempt.results[0].destination_failed


def test_a_result_has_all_that_is_known() -> None:
    books = Books(1).session(SENT)
    assert books.attempt.results == [Result(1, Status.SENT, "2.0.0", "250 ok", RELAY, 0.5, 0.0, 3, relayed=True)]


@pytest.mark.parametrize(("relayed", "assumes"), [(True, False), (False, True)])
def test_a_server_without_reports_may_be_taken_for_the_last_one(relayed: bool, assumes: bool) -> None:
    books = Books(1, replace(RULES, assume_final=assumes)).session(SENT)
    assert relayed is books.attempt.results[0].relayed
