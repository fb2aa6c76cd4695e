"""What comes of deliveries; test_runner shows the whole, here is what is written when."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from gatepost.mail.delivery import Result, Status
from gatepost.mail.envelope import Envelope, Recipient
from gatepost.maillog import Logger
from gatepost.queue.active import ActiveMessage
from gatepost.queue.body import MemoryBody
from gatepost.queue.hands import Clocks, Hands
from gatepost.queue.record import Fate, Row, StoredMessage
from gatepost.queue.recording import Recorder
from gatepost.queue.store import OwnerLost, StoreFull
from tests.fakes.plan import make_plan
from tests.fakes.store import FakeStore


def with_two_recipients(
    test: Callable[[Recorder, ActiveMessage, FakeStore], Awaitable[None]], pauses: list[float] | None = None
) -> FakeStore:
    store = FakeStore()

    async def pause(seconds: float) -> None:
        if pauses is not None:
            pauses.append(seconds)
        if pauses is None or len(pauses) == 9:
            store.refuse = None

    async def session() -> None:
        hands = Hands(
            store, make_plan(), Logger(lambda *_: None), number=0, clocks=Clocks(lambda: 5.0, lambda: 5.0, pause)
        )
        rows = tuple(Row(number, Recipient(f"{number}@b.example", f"{number}@b.example")) for number in (1, 2))
        message = StoredMessage(store.identify(1.0), Envelope("", ()), rows, MemoryBody(b""), 1.0, 1.0, 1.0)
        await store.commit(message)
        active = hands.take(message)
        active.claims = 2
        await test(Recorder(hands, 0, lambda _: None), active, store)

    asyncio.run(session())
    return store


def result(row: int, status: Status = Status.SENT) -> Result:
    return Result(row, status, "2.0.0", "said")


@pytest.mark.parametrize(
    ("last", "fates"),
    [(Status.SENT, [Fate.KEEP, Fate.REMOVE]), (Status.DEFERRED, [Fate.KEEP, Fate.UPDATE])],
)
def test_results_are_written_as_they_come_and_the_end_with_the_last(last: Status, fates: list[Fate]) -> None:
    async def use(recorder: Recorder, active: ActiveMessage, _: FakeStore) -> None:
        assert await recorder.absorb(active, [result(1)], 5.0) == []
        assert await recorder.absorb(active, [result(2, last)], 5.0) == []
        assert not active.unsaved or last is Status.SENT

    store = with_two_recipients(use)
    assert [settlement.fate for settlement in store.settlements] == fates


def test_a_claim_that_brings_nothing_writes_nothing() -> None:
    async def use(recorder: Recorder, active: ActiveMessage, _: FakeStore) -> None:
        await recorder.absorb(active, [], 5.0)

    assert with_two_recipients(use).settlements == []


def test_a_write_that_fails_is_tried_at_ever_longer_intervals() -> None:
    pauses: list[float] = []

    async def use(recorder: Recorder, active: ActiveMessage, store: FakeStore) -> None:
        store.refuse = StoreFull("full")
        await recorder.absorb(active, [result(1)], 5.0)

    store = with_two_recipients(use, pauses)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert [settlement.removed for settlement in store.settlements] == [(1,)]


def test_who_is_no_longer_the_owner_writes_nothing() -> None:
    async def use(recorder: Recorder, active: ActiveMessage, store: FakeStore) -> None:
        store.refuse = OwnerLost("gone")
        assert not await recorder.write(active, active.settlement())

    assert with_two_recipients(use).settlements == []
