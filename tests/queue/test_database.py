"""Making and opening a slot's database."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from gatepost.queue import schema
from gatepost.queue.database import Database
from gatepost.queue.ids import FIRST
from gatepost.queue.spool import Slot, Spool
from gatepost.queue.store import StoreFailed


@pytest.fixture
def slot(tmp_path: Path) -> Slot:
    spool = Spool(tmp_path)
    spool.create()
    made = spool.slot(0)
    made.create()
    return made


def opened(slot: Slot) -> Database:
    return Database(slot, long_ids=False, vfs=None)


def closed(database: Database) -> None:
    database.reading.close()
    database.writing.close()


def test_a_new_one_counts_from_the_beginning(slot: Slot) -> None:
    database = opened(slot)
    assert database.identities.count == FIRST
    closed(database)
    assert [path.name for path in slot.folder.glob("queue.db*")] == ["queue.db"]


def test_what_a_power_cut_left_of_a_beginning_is_replaced(slot: Slot) -> None:
    for name in ("queue.db.new", "queue.db.new-wal", "queue.db.new-journal"):
        (slot.folder / name).write_bytes(b"half of it")
    closed(opened(slot))
    assert [path.name for path in slot.folder.glob("queue.db*")] == ["queue.db"]


def test_every_commit_waits_for_the_disk(slot: Slot) -> None:
    database = opened(slot)
    modes = [database.writing.execute(f"PRAGMA {name}").get for name in ("journal_mode", "synchronous", "page_size")]
    assert modes == ["wal", 2, schema.PAGE_SIZE]
    closed(database)


def test_another_program_s_database_is_left_alone(slot: Slot) -> None:
    other = apsw.Connection(str(slot.database))
    other.execute("CREATE TABLE other (x)")
    other.close()
    with pytest.raises(StoreFailed, match="not a queue of this version"):
        opened(slot)
