"""discard, error and retry, beside what Postfix 3.7 logs for the same next hops."""

from __future__ import annotations

import asyncio

import pytest

from gatepost.delivery.simple import SimpleAgent, Verdict
from gatepost.mail.delivery import Status
from tests.fakes.jobs import job


@pytest.mark.parametrize(
    ("verdict", "nexthop", "status", "dsn", "text"),
    [
        (Verdict.ERROR, "4.7.1 soft error", Status.BOUNCED, "5.0.0", "soft error"),
        (Verdict.ERROR, "5.7.9 hard", Status.BOUNCED, "5.7.9", "hard"),
        (Verdict.ERROR, "plain words", Status.BOUNCED, "5.0.0", "plain words"),
        (Verdict.ERROR, "", Status.BOUNCED, "5.0.0", "Address is undeliverable"),
        (Verdict.RETRY, "5.1.1 hard retry", Status.DEFERRED, "4.0.0", "hard retry"),
        (Verdict.RETRY, "", Status.DEFERRED, "4.0.0", "Address is undeliverable"),
        (Verdict.RETRY, "4.2.1 words", Status.DEFERRED, "4.2.1", "words"),
        (Verdict.DISCARD, "silently", Status.SENT, "2.0.0", "silently"),
        (Verdict.DISCARD, "2.1.0 gone", Status.SENT, "2.1.0", "gone"),
    ],
)
def test_next_hops_are_the_text(verdict: Verdict, nexthop: str, status: Status, dsn: str, text: str) -> None:
    results = asyncio.run(SimpleAgent(verdict).deliver(job("a@b.example", "c@b.example", nexthop=nexthop)))
    assert [(1, status, dsn, text, "none"), (2, status, dsn, text, "none")] == [
        (result.row, result.status, result.dsn, result.text, result.relay) for result in results
    ]
