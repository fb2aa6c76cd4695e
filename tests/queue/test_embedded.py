"""The embedded store: the contract, and what is its own."""

from __future__ import annotations

import asyncio
from functools import partialmethod
from pathlib import Path

import apsw
import pytest

from gatepost.queue import schema
from gatepost.queue.embedded import EmbeddedStore, open_store
from gatepost.queue.record import Damaged, Fate, MessageState, Selection, Settlement, StoredMessage
from gatepost.queue.spool import Slot, Spool
from gatepost.queue.store import OwnerLost, QueueStore, SlotBusy, StoreFailed
from tests.queue.contract import NOW, Contract, accept, fetch, read


def make_slot(folder: Path, number: int = 0) -> Slot:
    spool = Spool(folder)
    spool.create()
    slot = spool.slot(number)
    slot.create()
    return slot


def opened(folder: Path, number: int = 0) -> EmbeddedStore:
    return open_store(make_slot(folder, number))


class TestContract(Contract):
    """The embedded store keeps the contract."""

    def open(self, folder: Path) -> QueueStore:
        return opened(folder)


def test_one_owner_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def use() -> None:
        monkeypatch.setattr("gatepost.queue.spool.Slot.lock", partialmethod(Slot.lock, patience=0))
        store = opened(tmp_path)
        with pytest.raises(SlotBusy, match=r"locked by process \d+"):
            opened(tmp_path)
        other = opened(tmp_path, 1)
        assert list(Spool(tmp_path).slots()) == [0, 1]
        assert store.identify(NOW).number != other.identify(NOW).number
        await store.close()
        await other.close()
        await opened(tmp_path).close()

    asyncio.run(use())


def test_an_owner_that_was_replaced_writes_nothing(tmp_path: Path) -> None:
    """The lock file was removed by hand, so that a second process became the owner: the first one finds out."""

    async def use() -> None:
        first = opened(tmp_path)
        kept = await accept(first)
        (make_slot(tmp_path).folder / "lock").unlink()
        second = opened(tmp_path)
        with pytest.raises(OwnerLost):
            await accept(first)
        with pytest.raises(OwnerLost):
            await first.settle(Settlement(kept, Fate.REMOVE))
        assert await second.due(NOW, 10) == [kept.identity.number]
        await second.close()
        await first.close()

    asyncio.run(use())


def test_a_large_body_is_a_file_that_goes_with_its_message(tmp_path: Path) -> None:
    async def use() -> None:
        store = opened(tmp_path)
        bodies = make_slot(tmp_path).bodies
        sent = await accept(store, b"x" * 300_000)
        other = await accept(store, b"y" * 300_000)
        assert {path.name for path in bodies.iterdir()} == {sent.queue_id, other.queue_id}
        await store.settle(Settlement(await fetch(store, sent), Fate.REMOVE))
        await store.erase([other.identity.number])
        assert list(bodies.iterdir()) == []
        await store.close()

    asyncio.run(use())


def test_a_file_without_a_message_is_removed_at_the_start(tmp_path: Path) -> None:
    async def use() -> None:
        store = opened(tmp_path)
        sent = await accept(store, b"x" * 300_000)
        draft = store.draft(store.identify(NOW))
        draft.write(b"z" * 300_000)
        await draft.seal(b"")
        await store.close()
        bodies = make_slot(tmp_path).bodies
        assert len(list(bodies.iterdir())) == 2
        again = opened(tmp_path)
        assert [path.name for path in bodies.iterdir()] == [sent.queue_id]
        await again.close()

    asyncio.run(use())


def damage(slot: Slot, statement: str) -> None:
    connection = apsw.Connection(str(slot.database))
    connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("UPDATE body SET head = x'41'", "envelope or content does not match its checksum"),
        ("UPDATE message SET sender = 'other@b.example'", "envelope or content does not match its checksum"),
        ("UPDATE message SET envelope = '[1]'", "envelope or content does not match its checksum"),
        ("UPDATE recipient SET address = 'x@y' WHERE number = 2", "recipient 2 does not match its checksum"),
        ("UPDATE recipient SET state = 9 WHERE number = 1", "9 is not a valid RowState"),
        ("DELETE FROM recipient", "no recipient rows"),
        ("DELETE FROM body", "no content"),
    ],
)
def test_a_damaged_message_is_a_finding(tmp_path: Path, statement: str, finding: str) -> None:
    async def use() -> None:
        store = opened(tmp_path)
        sent = await accept(store)
        await store.close()
        damage(make_slot(tmp_path), statement)
        store = opened(tmp_path)
        assert await store.load([sent.identity.number]) == [Damaged(sent.identity, finding)]
        (listed,) = await store.browse(Selection(), 0, 10)
        assert listed.queue_id == sent.queue_id
        await store.close()

    asyncio.run(use())


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        (None, "body file: No such file or directory"),
        (b"x" * 299_999, "body file has 299999 bytes, not 300000"),
        (b"y" * 300_000, "body file does not match its checksum"),
    ],
)
def test_a_damaged_body_file_is_a_finding(tmp_path: Path, content: bytes | None, finding: str) -> None:
    async def use() -> None:
        store = opened(tmp_path)
        sent = await accept(store, b"x" * 300_000)
        path = make_slot(tmp_path).bodies / sent.queue_id
        path.unlink() if content is None else path.write_bytes(content)
        assert await store.load([sent.identity.number]) == [Damaged(sent.identity, finding)]
        await store.close()

    asyncio.run(use())


def test_a_page_that_cannot_be_read_costs_the_messages_on_it_only(tmp_path: Path) -> None:
    async def use() -> None:
        store = opened(tmp_path)
        sent = [await accept(store, bytes([65 + n]) * 60_000) for n in range(3)]
        await store.close()
        path = make_slot(tmp_path).database
        content = bytearray(path.read_bytes())
        start = content.index(b"B" * 1000)
        content[start - 2000 : start + 40_000] = b"\xff" * 42_000
        path.write_bytes(content)
        store = opened(tmp_path)
        found = await store.load([message.identity.number for message in sent])
        damaged = [message for message in found if isinstance(message, Damaged)]
        whole = [message for message in found if isinstance(message, StoredMessage)]
        assert sent[1].identity.number in {message.identity.number for message in damaged}
        assert len(found) == 3
        for message in whole:
            assert len(await read(message)) == 60_014
        await store.close()

    asyncio.run(use())


def test_what_is_no_queue_is_left_alone(tmp_path: Path) -> None:
    slot = make_slot(tmp_path)
    damage(slot, "CREATE TABLE other (x)")
    with pytest.raises(StoreFailed, match="not a queue of this version"):
        open_store(slot)


def test_a_file_of_another_slot_is_refused(tmp_path: Path) -> None:
    asyncio.run(opened(tmp_path).close())
    other = make_slot(tmp_path, 1)
    make_slot(tmp_path).database.rename(other.database)
    with pytest.raises(StoreFailed, match="belongs to slot 0, not 1"):
        open_store(other)


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    async def use() -> None:
        store = opened(tmp_path)
        await accept(store, b"x" * 300_000)
        slot = make_slot(tmp_path)
        paths = [slot.folder.parent, slot.folder, slot.bodies, *slot.folder.iterdir(), *slot.bodies.iterdir()]
        assert {path.stat().st_mode & 0o077 for path in paths} == {0}
        await store.close()

    asyncio.run(use())


def test_it_is_durable_by_its_settings(tmp_path: Path) -> None:
    async def use() -> None:
        store = opened(tmp_path)
        connection = store._writer._connection
        assert connection.execute("PRAGMA journal_mode").get == "wal"
        assert connection.execute("PRAGMA synchronous").get == 2
        assert connection.execute("PRAGMA page_size").get == schema.PAGE_SIZE
        assert connection.execute("PRAGMA secure_delete").get == 0
        await store.close()

    asyncio.run(use())


def test_counts(tmp_path: Path) -> None:
    async def use() -> None:
        store = opened(tmp_path)
        await accept(store)
        await accept(store, state=MessageState.HOLD)
        assert await store.counts() == {MessageState.ACTIVE: 1, MessageState.HOLD: 1}
        await store.close()

    asyncio.run(use())
