"""Messages that a local delivery sends on."""

from __future__ import annotations

from gatepost.mail.delivery import Forwarding, Result, Status
from gatepost.mail.envelope import Envelope, Notify, Recipient
from gatepost.mail.reply import Reply
from gatepost.queue.active import ActiveMessage
from gatepost.queue.body import MemoryBody
from gatepost.queue.forwarding import send_on
from gatepost.queue.plan import Plan
from gatepost.queue.record import Identity, ReportOrder, Row, StoredMessage
from gatepost.queue.rules import QueueRules
from tests.fakes.oracle import step

PERSON = Recipient("x@b.example", "x@b.example", Notify.DEFAULT)


def message(number: int) -> StoredMessage:
    rows = (Row(1, PERSON),)
    return StoredMessage(
        Identity(number, f"Q{number}"), Envelope("s@b.example", ()), rows, MemoryBody(b""), 1.0, 1.0, 1.0
    )


def plan(*answers: StoredMessage | Reply) -> Plan:
    left = list(answers)

    async def forward(_: StoredMessage, __: Forwarding) -> StoredMessage | Reply:
        return left.pop(0)

    async def unasked(*_: object) -> None:
        raise AssertionError("nobody asks for this")

    async def expand(envelope: Envelope) -> tuple[Recipient, ...]:
        return envelope.recipients

    async def report(_: ReportOrder) -> StoredMessage | None:
        return None

    return Plan({}, QueueRules(), unasked, expand, report, forward)  # type: ignore[arg-type] # never called


def result(count: int) -> Result:
    forwards = (Forwarding("s@b.example", (PERSON,)),) * count
    return Result(1, Status.SENT, "2.0.0", "", "local", forwards=forwards)


def test_each_is_told_by_its_queue_id() -> None:
    active = ActiveMessage(message(1), 1.0)
    made = step(send_on(active, result(2), plan(message(2), message(3))))
    assert made.told is not None
    assert [told.text for told in made.told] == ["forwarded as Q2", "forwarded as Q3"]
    assert [one.queue_id for one in active.made] == ["Q2", "Q3"]
    assert [one.queue_id for one in active.settlement().reports] == ["Q2", "Q3"]
    assert active.unsaved


def test_they_are_written_once() -> None:
    active = ActiveMessage(message(1), 1.0)
    step(send_on(active, result(1), plan(message(2))))
    settlement = active.settlement()
    assert [one.queue_id for one in active.written(settlement)] == ["Q2"]
    assert active.written(settlement) == []
    assert not active.unsaved


def test_one_that_cannot_be_made_fails_all() -> None:
    active = ActiveMessage(message(1), 1.0)
    made = step(send_on(active, result(2), plan(message(2), Reply.of(451, "4.3.0", "no"))))
    assert (made.status, made.dsn, made.text) == (Status.DEFERRED, "4.3.0", "unable to forward: 451 4.3.0 no")
    assert active.made == []
