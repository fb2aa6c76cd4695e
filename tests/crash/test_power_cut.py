"""Power cuts: every state that the disk could be in is built and opened, and what was answered with 250 is there.

Short lists of doubts are gone through exhaustively, long ones by chance; GATEPOST_SEED repeats a run and GATEPOST_CUTS
says how many states of each cut are tried at most.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from gatepost.queue import body, database, writer
from gatepost.queue.embedded import open_store
from gatepost.queue.record import Fate, Settlement
from gatepost.queue.spool import sync_folder
from tests.crash.disk import Choice, Platter, Recorder, RecordingDisk, recorded
from tests.crash.test_queue import BODY_LIMIT, Told, check, content, make_slot, work
from tests.queue.contract import accept

SEED = int(os.environ.get("GATEPOST_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)

STATES = int(os.environ.get("GATEPOST_CUTS", "6"))
"""States of one cut that are tried; where there are no more than twice as many, all of them."""


def trace(folder: Path, patch: pytest.MonkeyPatch) -> Recorder:
    """Two owners, one after the other, with a log that is folded into the database all the time."""
    patch.setattr(writer, "CHECKPOINT_PAGES", 12)
    slot = make_slot(folder)
    recorder = Recorder(folder)

    async def first(disk: RecordingDisk) -> None:
        store = open_store(slot, body_limit=BODY_LIMIT, vfs=disk.NAME)
        await work(store, recorder.tell)
        await store.close()

    async def second(disk: RecordingDisk) -> None:
        store = open_store(slot, body_limit=BODY_LIMIT, vfs=disk.NAME)
        for number in (10, 11, 12):
            recorder.tell(f"try {number}")
            message = await accept(store, content(number))
            recorder.tell(f"took {number}")
        recorder.tell("drop 12")
        await store.settle(Settlement(message, Fate.REMOVE))
        recorder.tell("gone 12")
        await store.close()

    disk = RecordingDisk(recorder)
    with recorded(recorder):
        asyncio.run(first(disk))
        asyncio.run(second(disk))
    disk.unregister()
    return recorder


def choices(doubts: int, chance: random.Random) -> Iterator[Choice]:
    """Which states of a cut are tried: nothing of what is in doubt happened, everything did, and what lies between."""
    if 1 << doubts <= 2 * STATES:
        yield from (Choice(bits) for bits in range(1 << doubts))
        return
    yield Choice(0)
    yield Choice((1 << doubts) - 1)
    yield from (Choice(chance=chance) for _ in range(STATES))


def cut_everywhere(recorder: Recorder, place: Path) -> int:
    """Build and check states after every step; how many there were."""
    chance = random.Random(SEED)
    slot = make_slot(recorder.root)
    platter = Platter(recorder.root, (recorder.root, slot.folder.parent, slot.folder, slot.bodies))
    told = Told()
    tried = 0
    for number, step in enumerate(recorder.steps):
        platter.do(step)
        if step.verb == "tell":
            told.words.append(step.word)
        for choice in choices(platter.doubts, chance):
            platter.build(place, choice)
            tried += 1
            try:
                check(place, told, died=True)
            except Exception as error:
                raise AssertionError(f"GATEPOST_SEED={SEED}: state {tried}, cut after step {number}") from error
            shutil.rmtree(place)
    return tried


def test_whatever_the_cut_leaves_what_was_accepted_is_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = trace(folder / "first", monkeypatch)
    verbs = {step.verb for step in recorder.steps}
    assert verbs == {"create", "write", "truncate", "sync", "sync folder", "rename", "remove", "tell"}
    tried = cut_everywhere(recorder, folder / "cut")
    print(f"GATEPOST_SEED={SEED}: {tried} states after {len(recorder.steps)} steps")
    assert tried > 1000


def without_syncs(patch: pytest.MonkeyPatch) -> None:
    """The database is written, and nobody waits for the disk."""
    usual = database._set_modes

    def unsafe(connection: apsw.Connection) -> None:
        usual(connection)
        connection.execute("PRAGMA synchronous = OFF")

    patch.setattr(database, "_set_modes", unsafe)


def with_fewer_syncs(patch: pytest.MonkeyPatch) -> None:
    """The log is synced before it is folded into the database, but not at a commit."""
    usual = database._set_modes

    def unsafe(connection: apsw.Connection) -> None:
        usual(connection)
        connection.execute("PRAGMA synchronous = NORMAL")

    patch.setattr(database, "_set_modes", unsafe)


def without_names(patch: pytest.MonkeyPatch) -> None:
    """Large contents are synced, but not their names."""
    patch.setattr(body, "sync_folder", lambda _: None)


def without_content(patch: pytest.MonkeyPatch) -> None:
    """The names of large contents are synced, but not what is in them."""

    def unsafe(self: body.FileDraft) -> None:
        sync_folder(self._path.parent)
        os.close(self._descriptor)
        self._descriptor = -1
        self._syncing = False

    patch.setattr(body.FileDraft, "_sync", unsafe)


@pytest.mark.parametrize("spoil", [without_syncs, with_fewer_syncs, without_names, without_content])
def test_a_store_that_does_not_wait_for_the_disk_is_found_out(
    folder: Path, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[pytest.MonkeyPatch], None]
) -> None:
    """The harness can fail."""
    with monkeypatch.context() as patch:
        spoil(patch)
        recorder = trace(folder / "first", patch)
    with pytest.raises(AssertionError, match="cut after step"):
        cut_everywhere(recorder, folder / "cut")
