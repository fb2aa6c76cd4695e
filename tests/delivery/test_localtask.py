"""How parts of a delivery add up."""

from __future__ import annotations

import pytest

from gatepost.delivery.localtask import Task, is_put_off, summed_up
from gatepost.mail.delivery import Forwarding, Status
from gatepost.mail.envelope import Recipient
from tests.fakes.jobs import job
from tests.fakes.oracle import FakeOracle

RECIPIENT = Recipient("joe@b.example", "team@b.example", via="team@b.example")
TASK = Task(job(RECIPIENT), 1, RECIPIENT, FakeOracle(), lambda _: None, "local")
SENT = TASK.result(Status.SENT, "2.0.0", "delivered", "joe@b.example")
FAILED = TASK.bounced("5.1.1", "no", "inner@b.example")
LATER = TASK.deferred("4.2.0", "later")
ROWS = (Recipient("ann@b.example", "team@b.example"),)
FORWARDS = (Forwarding("", ROWS),)


def test_a_part_is_told_of_whom_it_concerns() -> None:
    assert (SENT.address, FAILED.address) == ("", "inner@b.example")
    assert (TASK.address, TASK.mark) == ("joe@b.example", "team@b.example")


@pytest.mark.parametrize(
    ("parts", "status", "text", "goes_on"),
    [
        ((), Status.SENT, "alias expanded", True),
        ((SENT,), Status.SENT, "delivered", True),
        ((SENT, FAILED, SENT), Status.BOUNCED, "no", True),
        ((FAILED, LATER), Status.DEFERRED, "later", False),
    ],
)
def test_sums(parts: tuple[object, ...], status: Status, text: str, goes_on: bool) -> None:
    whole = summed_up(TASK, parts, ROWS, FORWARDS)  # type: ignore[arg-type] # they are results
    assert (whole.status, whole.text, whole.told) == (status, text, parts)
    assert (whole.new_recipients, whole.forwards) == ((ROWS, FORWARDS) if goes_on else ((), ()))
    assert is_put_off(parts) is not goes_on  # type: ignore[arg-type] # as above


def test_what_is_sent_on_is_told_of_the_address_that_led_here() -> None:
    assert summed_up(TASK, [], ROWS, FORWARDS).address == "team@b.example"
