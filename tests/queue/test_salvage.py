"""What can still be read of a damaged database goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from gatepost.maillog import Logger
from gatepost.queue.damage import kept, mark
from gatepost.queue.embedded import EmbeddedStore, open_store
from gatepost.queue.record import MessageState, Selection, StoredMessage
from gatepost.queue.salvage import Salvager, Wreck
from gatepost.queue.schema import PAGE_SIZE
from gatepost.queue.spool import Slot
from gatepost.queue.store import StoreDamaged
from tests.crash.test_queue import make_slot
from tests.queue.contract import NOW, accept, read

COUNT = 400
SIZE = 12_000
"""Bytes of a content: about one a page."""


async def fill(slot: Slot, count: int = COUNT) -> list[StoredMessage]:
    """Messages small and large, one of them on hold; the log is folded into the database."""
    store = open_store(slot)
    sent = await asyncio.gather(*(accept(store, b"%d " % n * (SIZE // 5)) for n in range(count)))
    sent.append(await accept(store, b"x" * 300_000))
    sent.append(await accept(store, state=MessageState.HOLD))
    await store.close()
    return sent


async def salvaged(store: EmbeddedStore, slot: Slot) -> tuple[list[StoredMessage], list[str]]:
    """What was submitted, and the findings."""
    submitted: list[StoredMessage] = []
    lines: list[str] = []
    emit = Logger(lambda *words: lines.append(str(words))).bind("qmgr", 1)
    await Salvager(store, slot, submitted.append, emit).run()
    return submitted, lines


def pages_of(slot: Slot, table: str) -> list[int]:
    """The pages of a table that hold rows, counted from 1."""
    connection = apsw.Connection(str(slot.database))
    found = connection.execute("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf'", (table,)).fetchall()
    connection.close()
    return [int(str(number)) for (number,) in found]


def spoil(slot: Slot, pages: list[int]) -> None:
    """Overwrite pages."""
    with slot.database.open("r+b") as stream:
        for number in pages:
            stream.seek((number - 1) * PAGE_SIZE)
            stream.write(b"\xa5" * PAGE_SIZE)


def test_a_marked_one_that_is_whole_is_taken_over_whole(tmp_path: Path) -> None:
    async def use() -> None:
        slot = make_slot(tmp_path)
        sent = await fill(slot)
        mark(slot, "malformed")
        store = open_store(slot)
        assert store.finding == "malformed"
        assert await store.counts() == {}
        early = await accept(store)
        assert early.identity.number > sent[-1].identity.number
        submitted, lines = await salvaged(store, slot)
        assert {message.queue_id for message in submitted} == {message.queue_id for message in sent}
        found = {message.queue_id: message for message in await store.browse(Selection(), 0, 1000)}
        assert found.keys() == {message.queue_id for message in (*sent, early)}
        for message in sent:
            assert found[message.queue_id].state is message.state
            assert found[message.queue_id].rows == message.rows
            if message is not sent[-2]:
                assert await read(found[message.queue_id]) == await read(message)
        assert await read(found[sent[-2].queue_id]) == b"Subject: x\r\n\r\n" + b"x" * 300_000
        assert f"salvaged {COUNT + 2} messages, 0 are lost" in lines[-1]
        assert kept(slot) == []
        await store.close()

    asyncio.run(use())


@pytest.mark.parametrize(
    ("table", "least"),
    [("body", COUNT - 20), ("message", COUNT // 2), ("recipient", COUNT // 4), ("message_due", COUNT + 2)],
)
def test_pages_that_cannot_be_read_cost_what_is_on_them(tmp_path: Path, table: str, least: int) -> None:
    async def use() -> None:
        slot = make_slot(tmp_path)
        sent = await fill(slot)
        pages = pages_of(slot, table)
        spoil(slot, pages[len(pages) // 2 :][:2] if len(pages) > 3 else pages[1:2])
        mark(slot, "malformed")
        store = open_store(slot)
        submitted, lines = await salvaged(store, slot)
        whole = {message.queue_id for message in sent}
        assert least <= len(submitted) <= (len(sent) if table == "message_due" else len(sent) - 1)
        assert {message.queue_id for message in submitted} <= whole
        for message in await store.load([message.identity.number for message in submitted]):
            assert isinstance(message, StoredMessage)
        assert "salvaged" in lines[-1]
        await store.close()

    asyncio.run(use())


@pytest.mark.parametrize("pages", [[1], [1, 2]], ids=["first page", "first two pages"])
def test_the_first_page_is_that_of_a_new_one(tmp_path: Path, pages: list[int]) -> None:
    async def use() -> None:
        slot = make_slot(tmp_path)
        sent = await fill(slot)
        spoil(slot, pages)
        store = open_store(slot)
        assert store.finding == "NotADBError: file is not a database"
        submitted, _ = await salvaged(store, slot)
        assert {message.queue_id for message in submitted} == {message.queue_id for message in sent}
        await store.close()

    asyncio.run(use())


def test_a_salvage_that_is_begun_again_doubles_nothing(tmp_path: Path) -> None:
    async def use() -> None:
        slot = make_slot(tmp_path)
        sent = await fill(slot, 120)
        mark(slot, "malformed")
        store = open_store(slot)
        first: list[StoredMessage] = []
        salvager = Salvager(store, slot, first.append, Logger(lambda *_: None).bind("qmgr", 1))

        def stop_after(message: StoredMessage) -> None:
            first.append(message)
            if len(first) == 10:
                salvager.stop()

        salvager._submit = stop_after
        await salvager.run()
        assert 10 <= len(first) < 120
        await store.erase([first[0].identity.number])  # delivered meanwhile
        await store.close()
        store = open_store(slot)
        second, _ = await salvaged(store, slot)
        assert len(first) + len(second) == len(sent)
        assert not {message.queue_id for message in first} & {message.queue_id for message in second}
        await store.close()

    asyncio.run(use())


def test_nothing_at_all_can_be_read(tmp_path: Path) -> None:
    async def use() -> None:
        slot = make_slot(tmp_path)
        slot.database.write_bytes(b"this is no database at all" * 10_000)
        store = open_store(slot)
        submitted, lines = await salvaged(store, slot)
        assert submitted == []
        assert "nothing more can be salvaged" in lines[-1] or "salvaged 0 messages" in lines[-1]
        await accept(store)
        assert await store.counts() == {MessageState.ACTIVE: 1}
        await store.close()

    asyncio.run(use())


def test_numbers_are_found_around_a_hole(tmp_path: Path) -> None:
    async def use() -> None:
        slot = make_slot(tmp_path)
        sent = await fill(slot, 1500)
        pages = pages_of(slot, "message")
        assert len(pages) > 6
        spoil(slot, pages[2:4])
        wreck = Wreck(slot)
        found = [number for some in wreck.numbers() for number in some]
        wreck.close()
        everything = sorted(message.identity.number for message in sent)
        assert found == sorted(set(found))
        missing = sorted(set(everything) - set(found))
        assert everything[: everything.index(missing[0])] == [n for n in found if n < missing[0]]
        assert everything[everything.index(missing[-1]) + 1 :] == [n for n in found if n > missing[-1]]
        assert len(missing) <= 2 * 1500 / len(pages) * 1.5

    asyncio.run(use())


Use = Callable[[EmbeddedStore, list[StoredMessage]], object]


@pytest.mark.parametrize("table", ["message", "message_due", "recipient"])
def test_damage_that_is_met_at_work_ends_the_ownership(tmp_path: Path, table: str) -> None:
    """Whatever is done first: what was accepted goes on under the next owner."""

    async def use() -> None:
        slot = make_slot(tmp_path)
        sent = await fill(slot, 40)
        spoil(slot, pages_of(slot, table)[:1])
        store = open_store(slot)
        told: list[str] = []
        store.damaged = told.append
        with pytest.raises(StoreDamaged):  # noqa: PT012 - one of them meets it
            await store.due(NOW, 1000)
            await store.erase([message.identity.number for message in sent])
        assert told
        await store.close()
        store = open_store(slot)
        assert "malformed" in store.finding
        submitted, _ = await salvaged(store, slot)
        if table == "message_due":
            assert len(submitted) == len(sent)
        await accept(store)
        await store.close()

    asyncio.run(use())
