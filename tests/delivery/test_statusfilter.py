"""Delivery status filters."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from gatepost.config.own import OwnAddresses
from gatepost.delivery.statusfilter import Filtered
from gatepost.delivery.surroundings import Surroundings
from gatepost.mail.delivery import Job, Result, Status
from gatepost.mail.events import Event
from gatepost.maillog import text
from tests.fakes.jobs import job
from tests.fakes.oracle import FakeOracle

TABLE = {
    "5.1.1 unknown": "4.1.1 not yet known",
    "4.3.0 later": "5.3.0 never",
    "2.0.0 ok": "2.1.5 fine",
    "2.0.0 lie": "5.0.0 no",
    "5.2.2 full": "what?",
}


@dataclass
class Says:
    result: Result

    async def deliver(self, job: Job) -> Sequence[Result]:
        del job
        return [self.result]


def through(result: Result, tables: tuple[str, ...] = ("inline:a", "inline:f")) -> tuple[Result, list[str]]:
    events: list[Event] = []
    oracle = FakeOracle({"inline:a": {}, "inline:f": TABLE})
    world = Surroundings(lambda: oracle, lambda _: events.append, OwnAddresses())
    (found,) = asyncio.run(Filtered(Says(result), tables, world).deliver(job("a@b.example")))
    return found, [text(event) for event in events]


@pytest.mark.parametrize(
    ("status", "dsn", "words", "filtered"),
    [
        (Status.BOUNCED, "5.1.1", "unknown", (Status.DEFERRED, "4.1.1", "not yet known")),
        (Status.DEFERRED, "4.3.0", "later", (Status.BOUNCED, "5.3.0", "never")),
        (Status.SENT, "2.0.0", "ok", (Status.SENT, "2.1.5", "fine")),
        (Status.SENT, "2.0.0", "other", (Status.SENT, "2.0.0", "other")),
    ],
)
def test_results(status: Status, dsn: str, words: str, filtered: tuple[Status, str, str]) -> None:
    found, lines = through(Result(1, status, dsn, words))
    assert filtered == (found.status, found.dsn, found.text)
    assert lines == []


@pytest.mark.parametrize(("status", "dsn", "words"), [(Status.SENT, "2.0.0", "lie"), (Status.BOUNCED, "5.2.2", "full")])
def test_an_answer_that_makes_no_sense_changes_nothing(status: Status, dsn: str, words: str) -> None:
    found, lines = through(Result(1, status, dsn, words))
    assert (status, dsn, words) == (found.status, found.dsn, found.text)
    assert lines[0].startswith("warning: delivery status filter: no use for ")


def test_a_table_that_fails_changes_nothing() -> None:
    found, lines = through(Result(1, Status.BOUNCED, "5.1.1", "unknown"), ("inline:gone",))
    assert (found.dsn, len(lines)) == ("5.1.1", 1)


def test_what_the_log_tells_is_filtered_too() -> None:
    part = Result(1, Status.BOUNCED, "5.1.1", "unknown")
    found, _ = through(Result(1, Status.SENT, "2.0.0", "ok", told=(part,)))
    assert found.told is not None
    assert found.told[0].text == "not yet known"
