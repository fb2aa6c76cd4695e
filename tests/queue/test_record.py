"""The values of the queue."""

from __future__ import annotations

from dataclasses import replace

from gatepost.mail.envelope import Envelope, Recipient
from gatepost.queue.body import MemoryBody
from gatepost.queue.record import Identity, MessageState, Row, RowState, StoredMessage

ROWS = tuple(Row(number, Recipient(f"{number}@x", f"{number}@x")) for number in (1, 2, 3))
MESSAGE = StoredMessage(Identity(1, "A1"), Envelope("", ()), ROWS, MemoryBody(b""), 0.0, 0.0, 0.0)


def test_rows_change_come_and_go() -> None:
    changed = replace(ROWS[1], state=RowState.FAILED)
    new = Row(4, Recipient("4@x", "1@x"))
    assert MESSAGE.with_rows((changed, new), frozenset({1})).rows == (ROWS[2], changed, new)


def test_a_row_that_changes_and_goes_is_gone() -> None:
    assert MESSAGE.with_rows((ROWS[0],), frozenset({1})).rows == ROWS[1:]


def test_who_is_to_be_delivered() -> None:
    assert MESSAGE.with_rows((replace(ROWS[0], state=RowState.DELIVERED),)).pending == ROWS[1:]


def test_states_are_kept_as_numbers_that_never_change() -> None:
    assert [(state.word, state.value) for state in MessageState] == [
        ("active", 0),
        ("deferred", 1),
        ("hold", 2),
        ("damaged", 3),
    ]
    assert [(state.name, state.value) for state in RowState] == [
        ("PENDING", 0),
        ("FAILED", 1),
        ("DELIVERED", 2),
        ("EXPANDED", 3),
    ]
