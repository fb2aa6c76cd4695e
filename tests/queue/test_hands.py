"""What is in the runner's hands: memory, and when to look for more."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gatepost.mail.delivery import Body
from gatepost.mail.envelope import Envelope, Recipient
from gatepost.mail.events import Event
from gatepost.maillog import Logger, text
from gatepost.queue.active import ActiveMessage
from gatepost.queue.body import MemoryBody
from gatepost.queue.hands import Clocks, Hands
from gatepost.queue.record import Identity, Row, StoredMessage
from gatepost.queue.rules import QueueRules
from tests.fakes.plan import make_plan
from tests.fakes.store import FakeStore

CLOCKS = Clocks(lambda: 5.0, lambda: 5.0)


def message(number: int, size: int = 10) -> StoredMessage:
    rows = (Row(1, Recipient("x@smtp.example", "x@smtp.example")),)
    return StoredMessage(Identity(number, f"A{number}"), Envelope("", ()), rows, MemoryBody(b"x" * size), 1.0, 1.0, 1.0)


def hands(lines: list[str] | None = None, rules: QueueRules | None = None) -> Hands:
    def log(_tag: str, _number: int, event: Event) -> None:
        if lines is not None:
            lines.append(text(event))

    return Hands(
        FakeStore(),
        make_plan(rules=rules or QueueRules()),
        Logger(log),
        number=1,
        clocks=CLOCKS,
    )


def test_memory_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatepost.queue.hands.MEMORY", 25)
    made = hands()
    left: list[StoredMessage] = []

    def leave(message: StoredMessage) -> Body:
        left.append(message)
        return message.body

    monkeypatch.setattr(made.store, "leave_in_ledger", leave)
    first, second = made.take(message(1)), made.take(message(2))
    third = made.take(message(3))
    assert [one.queue_id for one in left] == ["A3"]
    for active in (first, second, third):
        assert made.holds(active)
        made.drop(active)
    made.take(message(4))
    assert len(left) == 1


@pytest.mark.parametrize(
    ("more", "withdrawn", "woken"), [(False, False, False), (True, False, True), (False, True, True)]
)
def test_the_ledger_is_looked_into_when_there_is_room_for_more(more: bool, withdrawn: bool, woken: bool) -> None:
    made = hands(rules=replace(QueueRules(), active_limit=2))
    active = made.take(message(1))
    made.more, active.withdrawn = more, withdrawn
    made.drop(active)
    assert made.wake.is_set() is woken


def test_what_was_dropped_is_not_dropped_twice() -> None:
    made = hands()
    first = made.take(message(1))
    made.drop(first)
    second = made.take(message(1))
    made.drop(first)
    assert made.holds(second)


def test_an_unforeseen_failure_lets_go_of_its_message() -> None:
    lines: list[str] = []

    async def fail(_: ActiveMessage) -> None:
        raise ZeroDivisionError("oops")

    async def use() -> bool:
        made = hands(lines)
        active = made.take(message(1))
        made.spawn(fail(active), active)
        await made.finish(1.0)
        return made.holds(active)

    assert asyncio.run(use()) is False
    assert lines == ["warning: A1: internal error: ZeroDivisionError('oops')"]
