"""Setting a damaged database aside."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import apsw
import pytest

from gatepost.queue import damage
from gatepost.queue.database import Database, create
from gatepost.queue.ids import FIRST
from gatepost.queue.spool import Slot, Spool

NOW = 1_700_000_000.0
FOLDER = "damaged-20231114T221320"


@pytest.fixture
def slot(tmp_path: Path) -> Slot:
    spool = Spool(tmp_path)
    spool.create()
    made = spool.slot(3)
    made.create()
    return made


def fill(slot: Slot, count: int = FIRST + 5) -> None:
    create(slot, count, None)
    (slot.bodies / "A1").write_bytes(b"x")


def aside(slot: Slot) -> list[str]:
    return sorted(str(path.relative_to(slot.folder)) for path in slot.folder.glob("damaged-*/**/*"))


def test_nothing_is_known_against_a_good_one(slot: Slot) -> None:
    assert damage.finding(slot) == ""
    fill(slot)
    assert damage.finding(slot) == ""
    assert damage.kept(slot) == []


def test_all_of_it_moves_and_the_counter_goes_on(slot: Slot) -> None:
    fill(slot)
    damage.mark(slot, "malformed\udcff")
    assert damage.finding(slot) == "malformed\\udcff"
    assert damage.set_aside(slot, lambda: NOW) == FIRST + 5
    assert aside(slot) == [f"{FOLDER}/bodies", f"{FOLDER}/bodies/A1", f"{FOLDER}/queue.db"]
    assert damage.finding(slot) == ""
    assert list(slot.bodies.iterdir()) == []
    (kept,) = damage.kept(slot)
    assert (kept.folder.name, kept.number) == (FOLDER, 3)
    assert damage.put_away(kept).name == "salvaged-20231114T221320"
    assert damage.kept(slot) == []


def test_a_second_one_in_the_same_second(slot: Slot) -> None:
    for _ in range(2):
        fill(slot)
        damage.set_aside(slot, lambda: NOW)
    assert [kept.folder.name for kept in damage.kept(slot)] == [FOLDER, f"{FOLDER}-1"]


def test_a_counter_that_cannot_be_read_is_one_that_was_never_reached(slot: Slot) -> None:
    slot.database.write_bytes(b"no database" * 1000)
    assert damage.set_aside(slot, lambda: NOW) == int(NOW * 1000)


def test_an_empty_file_is_damaged(slot: Slot) -> None:
    slot.database.touch()
    assert damage.finding(slot) == "the file is empty"


@pytest.mark.parametrize("at", range(1, 4))
def test_a_move_that_was_interrupted_is_finished(slot: Slot, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left behind or overwritten, wherever it ended."""
    fill(slot)
    slot.database.with_name("queue.db-wal").write_bytes(b"")
    rename, moves = Path.rename, iter(range(1, 10))

    def dies(self: Path, target: Path) -> Path:
        if next(moves) == at:
            raise KeyboardInterrupt
        return rename(self, target)

    damage.mark(slot, "malformed")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", dies)
        with suppress(KeyboardInterrupt):
            damage.set_aside(slot, lambda: NOW)
    slot.create()  # as every start does
    assert damage.finding(slot) == "malformed"
    damage.set_aside(slot, lambda: NOW + 60)
    names = [f"{FOLDER}/bodies", f"{FOLDER}/bodies/A1", f"{FOLDER}/queue.db"]
    assert [name for name in aside(slot) if not name.endswith(("-wal", "-shm"))] == names


@pytest.mark.parametrize("content", [b"", b"no database" * 1000])
def test_a_new_one_takes_its_place(slot: Slot, content: bytes) -> None:
    slot.database.write_bytes(content)
    database = Database(slot, long_ids=False, vfs=None)
    assert database.finding in {"the file is empty", "NotADBError: file is not a database"}
    assert database.writing.execute("SELECT count(*) FROM message").get == 0
    database.reading.close()
    database.writing.close()
    (kept,) = damage.kept(slot)
    assert kept.database.read_bytes() == content


def test_what_sqlite_says_of_damage() -> None:
    connection = apsw.Connection("")
    connection.execute("CREATE TABLE t (x)")
    with pytest.raises(damage.DAMAGE):
        raise apsw.exception_for(apsw.SQLITE_CORRUPT)
    connection.close()
