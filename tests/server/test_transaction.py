"""A transaction: what it collects, and that nothing of it is left."""

from __future__ import annotations

from gatepost.mail.envelope import Envelope, Origin, Recipient, Ret
from gatepost.mail.peer import Peer
from gatepost.policy.facts import Facts
from gatepost.policy.outcome import Discard, Hold
from gatepost.server.transaction import Transaction
from gatepost.smtp.commands import MailParameters
from tests.fakes.oracle import FakeOracle
from tests.fakes.smtpd import FakeIntake

PARAMETERS = MailParameters(size=7, smtputf8=True, auth="kibuna", ret=Ret.HDRS, envid="x")


def transaction() -> Transaction:
    return Transaction("a@b.example", PARAMETERS, FakeOracle(), 1_000.5)


def test_facts_and_envelope() -> None:
    made = transaction()
    made.recipients += [Recipient("x@mx.example", "x@mx.example"), Recipient("y@mx.example", "y@mx.example")]
    made.act([Hold()])
    facts = made.facts(Facts(peer=Peer("192.0.2.7")))
    assert ("a@b.example", 2, "x@mx.example", "kibuna", 7) == (
        facts.sender,
        facts.recipient_count,
        facts.first_recipient,
        facts.sasl_sender,
        facts.size,
    )
    assert (True, False) == (facts.held, facts.discarded)
    assert facts.instance
    origin = Origin(client="x")
    expected = Envelope("a@b.example", tuple(made.recipients), Ret.HDRS, "x", smtputf8=True, origin=origin)
    assert expected == made.envelope(origin)
    made.act([Discard()])
    assert made.facts(facts).discarded


def test_instances_differ() -> None:
    assert transaction().instance != transaction().instance


def test_the_queue_id_comes_with_the_draft() -> None:
    intake, made = FakeIntake(), transaction()
    assert "" == made.queue_id
    draft = made.open(intake)
    assert draft is made.open(intake)
    assert "Q00001" == made.queue_id
    made.close()
    assert not intake.open
    made.close()


def test_content_is_counted_and_cut() -> None:
    intake, made = FakeIntake(), transaction()
    draft = made.open(intake)
    assert made.take(b"12345", 8)
    assert not made.take(b"6789", 8)
    assert 9 == made.size
    assert b"12345678" == getattr(draft, "content", b"")
    assert made.take(b"x", 0)


def test_what_was_handed_over_is_not_dropped() -> None:
    intake, made = FakeIntake(), transaction()
    made.open(intake)
    made.hand_over()
    made.close()
    assert {"Q00001"} == intake.open


def test_one_recipient_is_the_only_one() -> None:
    made = transaction()
    assert made.only_recipient is None
    made.recipients.append(Recipient("x@mx.example", "x@mx.example"))
    assert "x@mx.example" == made.only_recipient
    made.recipients.append(Recipient("y@mx.example", "y@mx.example"))
    assert made.only_recipient is None
