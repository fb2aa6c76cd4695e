"""What memory adds to a message under delivery."""

from __future__ import annotations

from dataclasses import replace

from gatepost.mail.delivery import Result, Status
from gatepost.mail.envelope import Envelope, Recipient
from gatepost.maillog import text
from gatepost.queue.active import ActiveMessage
from gatepost.queue.body import MemoryBody
from gatepost.queue.record import Fate, Identity, Row, StoredMessage
from gatepost.queue.rules import QueueRules
from gatepost.queue.schedule import Batch, Target

ROWS = (
    Row(1, Recipient("a b@example.com", "a b@example.com")),
    Row(2, Recipient("x@example.com", "Y@example.com")),
)
MESSAGE = StoredMessage(
    Identity(9, "A1"), Envelope("s@b.example", ()), ROWS, MemoryBody(b"12345"), 100.0, 100.5, 101.0, attempts=2
)
RULES = QueueRules()


def active() -> ActiveMessage:
    return ActiveMessage(MESSAGE, 103.0)


def result(row: int, status: Status = Status.SENT) -> Result:
    return Result(row, status, "2.0.0", "said", "mx[192.0.2.1]:25", 0.5, 0.25, connection_uses=3)


def test_the_first_line() -> None:
    assert text(active().activation(2)) == "A1: from=<s@b.example>, size=5, nrcpt=2 (queue active)"


def test_a_line_has_the_address_quoted_the_original_if_it_differs_and_all_times() -> None:
    message = active()
    line = message.line(result(1), 104.0, RULES)
    assert line is not None
    assert text(line) == (
        'A1: to=<"a b"@example.com>, relay=mx[192.0.2.1]:25, conn_use=3, delay=4.8, delays=3/1/0.5/0.25, dsn=2.0.0, '
        "status=sent (said)"
    )
    message.routed[2] = Recipient("z@example.com", "Y@example.com")
    line = message.line(replace(result(2), connection_uses=1), 103.0, RULES)
    assert line is not None
    assert text(line).startswith("A1: to=<z@example.com>, orig_to=<Y@example.com>, relay=mx[192.0.2.1]:25, delay=")


def test_the_original_is_not_repeated_for_its_case() -> None:
    message = active()
    message.routed[2] = Recipient("y@example.com", "Y@example.com")
    line = message.line(result(2), 103.0, RULES)
    assert line is not None
    assert line.original == ""


def test_a_result_for_a_row_that_is_gone_is_nothing() -> None:
    message = active()
    assert message.line(result(7), 103.0, RULES) is None
    assert message.apply(result(7), RULES) == ()
    assert not message.unsaved


def test_who_was_not_tried_yet() -> None:
    message = active()
    message.apply(result(1), RULES)
    assert message.untried
    message.apply(result(2, Status.DEFERRED), RULES)
    assert not message.untried


def test_a_job_has_the_rows_as_they_were_routed() -> None:
    message = active()
    message.routed[2] = Recipient("z@example.com", "Y@example.com")
    job = message.job(Batch(9, Target("smtp", "mx"), (1, 2, 7)), 42)
    assert job.recipients == ((1, ROWS[0].recipient), (2, message.routed[2]))
    assert job.envelope == Envelope("s@b.example", (ROWS[0].recipient, message.routed[2]))
    assert (job.queue_id, job.transport, job.nexthop, job.number, job.attempts) == ("A1", "smtp", "mx", 42, 2)
    assert (job.arrived, job.received, job.activated) == (100.0, 100.5, 103.0)


def test_what_changes_after_a_write_began_is_still_unsaved() -> None:
    message = active()
    message.apply(result(1, Status.DEFERRED), RULES)
    first = message.settlement()
    assert (first.fate, first.changed, first.removed) == (Fate.KEEP, (message.rows[1],), ())
    message.apply(result(1), RULES)
    message.apply(result(2, Status.DEFERRED), RULES)
    message.written(first)
    second = message.settlement()
    assert ([row.number for row in second.changed], second.removed) == ([2], (1,))
    message.written(second)
    assert not message.unsaved


def test_no_row_number_comes_twice() -> None:
    """A number that was given out and is free again could be deleted by a write that is still on its way."""
    message = active()
    expanding = replace(result(2), new_recipients=(Recipient("n@example.com", "Y@example.com"),))
    assert [row.number for row in message.apply(expanding, RULES)] == [3]
    message.apply(replace(result(3)), RULES)
    message.written(message.settlement())
    again = replace(result(1), new_recipients=(Recipient("m@example.com", "Y@example.com"),))
    assert [row.number for row in message.apply(again, RULES)] == [4]


def test_recipients_worked_out_anew_take_the_place_of_the_old() -> None:
    message = ActiveMessage(replace(MESSAGE, renew=True), 103.0)
    message.renewed([Recipient("n@example.com", "Y@example.com")])
    assert [(row.number, row.recipient.address) for row in message.message.rows] == [(3, "n@example.com")]
    assert not message.base.renew
    assert message.removed == {1, 2}
