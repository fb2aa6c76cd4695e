"""From a program's request to a message of the queue."""

from __future__ import annotations

import asyncio

import pytest

from gatepost.config.settings import Settings
from gatepost.mail import replies
from gatepost.mail.envelope import Notify, Ret
from gatepost.mail.events import Event
from gatepost.mail.events.queue import PickedUp
from gatepost.server.drop import Receipt, Request
from gatepost.server.pickup import TOO_BIG, Desk, Pickup, begin
from tests.fakes.smtpd import FakeIntake

REQUEST = Request("joe", ("kibuna@ohio.net", "a b@ohio.net"), 20, "Joe", "SUCCESS,DELAY", "HDRS", "id")


def desk(intake: FakeIntake, seen: list[Event], text: str = "") -> Desk:
    settings = Settings.parse(f"myhostname = mx.example\nmail_name = Gatepost\n{text}")
    return Desk(intake, seen.append, settings, lambda: 1_777_777_777.0)  # type: ignore[arg-type]  # has the queue's methods


def test_a_request_becomes_a_message_with_who_sent_it() -> None:
    intake, seen = FakeIntake(), list[Event]()
    message = begin(REQUEST, 1000, desk(intake, seen))
    assert isinstance(message, Pickup)
    message.write(b"Subject: x\r\n\r\n")
    message.write(b"body\r\n")
    receipt = asyncio.run(message.finish())
    ((submission, content),) = intake.taken
    assert [PickedUp(receipt.queue_id, 1000, "joe")] == seen
    assert b"Subject: x\r\n\r\nbody\r\n" == content
    envelope = submission.envelope
    assert ("joe", Ret.HDRS, "id") == (envelope.sender, envelope.ret, envelope.envid)
    assert [Notify.SUCCESS | Notify.DELAY] * 2 == [recipient.notify for recipient in envelope.recipients]
    assert envelope.origin.is_local
    assert submission.local_rewrite
    assert "Joe" == submission.full_name
    assert submission.received_header.startswith("Received: by mx.example (Gatepost, from userid 1000)\r\n\tid ")


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (Request("a\nb", ("c@d",)), "control characters"),
        (Request("a", ("c\0@d",)), "control characters"),
        (Request("a", ()), "no recipients"),
        (Request("a", ("c@d",), 1001), "too big"),
    ],
)
def test_what_cannot_be_taken_is_refused_for_good(request_: Request, reason: str) -> None:
    refusal = begin(request_, 0, desk(FakeIntake(), [], "message_size_limit = 1000\n"))
    assert isinstance(refusal, Receipt)
    assert not refusal.temporary
    assert reason in refusal.reason


def test_the_limit_counts_what_really_came() -> None:
    intake = FakeIntake()
    message = begin(Request("a", ("c@d",), 10), 0, desk(intake, [], "message_size_limit = 1000\n"))
    assert isinstance(message, Pickup)
    message.write(b"x" * 1001)
    assert TOO_BIG == asyncio.run(message.finish())
    assert not intake.taken
    assert not intake.open


def test_a_refusal_of_the_queue_is_passed_on() -> None:
    intake = FakeIntake()
    intake.refusal = replies.STORAGE_FULL
    message = begin(REQUEST, 0, desk(intake, []))
    assert isinstance(message, Pickup)
    receipt = asyncio.run(message.finish())
    assert receipt.temporary
    assert "storage" in receipt.reason


def test_a_program_that_goes_away_leaves_nothing() -> None:
    intake = FakeIntake()
    message = begin(REQUEST, 0, desk(intake, []))
    assert isinstance(message, Pickup)
    message.discard()
    assert not intake.open
