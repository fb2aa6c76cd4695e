"""Nothing accepted is lost: the disk fails, or the process dies, at every point of a piece of work.

The work: messages of both sizes come in, several at a time; some are delivered, deferred, reported; then more come.
What was told to the outside (accepted, delivered) is compared with what the next owner of the slot finds.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from gatepost.queue.embedded import EmbeddedStore, open_store
from gatepost.queue.record import Fate, MessageState, Settlement, StoredMessage
from gatepost.queue.spool import Slot, Spool
from gatepost.queue.store import StoreError, StoreFull
from tests.crash.faults import (
    FaultyDisk,
    Trap,
    broken_database,
    broken_disk,
    die,
    forbidden,
    full_database,
    full_disk,
    patched,
    read_only_disk,
    too_many_files,
)
from tests.queue.contract import NOW, accept, read

SMALL, LARGE = 500, 40_000
BODY_LIMIT = 20_000

Tell = Callable[[str], None]


def make_slot(folder: Path) -> Slot:
    spool = Spool(folder)
    spool.create()
    slot = spool.slot(0)
    slot.create()
    return slot


def content(number: int) -> bytes:
    """Different for each message, small or large."""
    size = LARGE if number % 3 == 0 else SMALL
    return (b"%d " % number) * (size // 4)


async def work(store: EmbeddedStore, tell: Tell) -> None:
    """`tell` hears `try N`, `took N`, `drop N` (before), `gone N` (after), and `late N` for a deferral."""
    taken: dict[int, StoredMessage] = {}

    async def take(number: int) -> None:
        tell(f"try {number}")
        try:
            taken[number] = await accept(store, content(number))
        except StoreError:
            tell(f"no {number}")
            return
        tell(f"took {number}")

    async def finish(number: int) -> None:
        if number not in taken:
            return
        tell(f"drop {number}")
        await store.settle(Settlement(taken[number], Fate.REMOVE))
        tell(f"gone {number}")

    async def defer(number: int) -> None:
        if number in taken:
            late = replace(taken[number], state=MessageState.DEFERRED, due=NOW + 5, attempts=1)
            await store.settle(Settlement(late, Fate.UPDATE, (), (1,)))
            tell(f"late {number}")

    await asyncio.gather(*(take(number) for number in range(6)))
    await asyncio.gather(finish(0), finish(1), defer(2), return_exceptions=True)
    await asyncio.gather(take(6), take(7), finish(4), return_exceptions=True)
    await asyncio.gather(finish(3), finish(6), return_exceptions=True)


@dataclass
class Told:
    """What the outside has heard."""

    words: list[str] = field(default_factory=list)

    def numbers(self, verb: str) -> set[int]:
        return {int(word.split()[1]) for word in self.words if word.split()[0] == verb}


def check(folder: Path, told: Told, *, died: bool) -> None:
    """The next owner finds what was accepted and not delivered, whole, and nothing that was refused or delivered."""

    async def session() -> None:
        store = open_store(make_slot(folder), body_limit=BODY_LIMIT)
        found: dict[int, StoredMessage] = {}
        for message in await store.load(await store.due(NOW + 100, 1000)):
            assert isinstance(message, StoredMessage), message
            body = (await read(message)).removeprefix(b"Subject: x\r\n\r\n")
            number = int(body.split()[0])
            assert body == content(number)
            assert number not in found, "a message came twice"
            found[number] = message
        taken, dropping, gone = told.numbers("took"), told.numbers("drop"), told.numbers("gone")
        assert taken - dropping <= found.keys()
        assert not found.keys() & gone
        if died:
            assert found.keys() <= told.numbers("try") - told.numbers("no")
        else:
            assert found.keys() <= taken
        for number in told.numbers("late"):
            assert [row.number for row in found[number].rows] == [2]
            assert found[number].state is MessageState.DEFERRED
        bodies = {path.name for path in make_slot(folder).bodies.iterdir()}
        assert bodies == {message.queue_id for number, message in found.items() if number % 3 == 0}
        ids = {message.queue_id for message in found.values()}
        assert (await accept(store)).queue_id not in ids
        await store.close()

    asyncio.run(session())


def run_with(folder: Path, trap: Trap, told: Told, *, files: bool) -> None:
    """Open before the trap is armed, work, disarm it; then the same process must be able to go on."""
    trap.armed = False

    async def session() -> None:
        disk = FaultyDisk(trap if not files else Trap(0, lambda: None, last=False))
        store = open_store(make_slot(folder), body_limit=BODY_LIMIT, vfs=disk.NAME)
        with patched(trap if files else Trap(0, lambda: None, last=False)):
            trap.armed = True
            await work(store, told.words.append)
            trap.armed = False
            told.words += ["try 90", "try 93"]
            for number in (90, 93):
                await accept(store, content(number))
                told.words.append(f"took {number}")
        await store.close()
        disk.unregister()

    asyncio.run(session())


@pytest.mark.parametrize("last", [True, False], ids=["from then on", "once"])
@pytest.mark.parametrize("act", [full_database, broken_database])
def test_the_database_cannot_be_written(folder: Path, act: Callable[[], None], last: bool) -> None:
    at = 0
    for at in range(1, 200):
        told = Told()
        trap = Trap(at, act, last=last)
        place = folder / str(at)
        run_with(place, trap, told, files=False)
        check(place, told, died=False)
        if not trap.went_off:
            break
    assert 10 < at < 199


@pytest.mark.parametrize("last", [True, False], ids=["from then on", "once"])
@pytest.mark.parametrize("act", [full_disk, broken_disk, too_many_files, read_only_disk, forbidden])
def test_a_body_file_cannot_be_written(folder: Path, act: Callable[[], None], last: bool) -> None:
    at = 0
    for at in range(1, 200):
        told = Told()
        trap = Trap(at, act, last=last)
        place = folder / str(at)
        run_with(place, trap, told, files=True)
        check(place, told, died=False)
        assert told.numbers("no") <= {0, 3, 6}
        if not trap.went_off:
            break
    assert 5 < at < 199


def in_child(folder: Path, at: int, told: Told) -> bool:
    """Work in another process that dies at a point; whether it died there."""
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(ours)
            asyncio.run(_child(folder, at, theirs))
        finally:
            os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "r", encoding="ascii") as heard:
        told.words += heard.read().splitlines()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


async def _child(folder: Path, at: int, end: int) -> None:
    write = os.write  # what it tells is not part of the work

    def tell(word: str) -> None:
        write(end, f"{word}\n".encode())

    trap = Trap(at, die)
    disk = FaultyDisk(trap)
    with patched(trap):
        store = open_store(make_slot(folder), body_limit=BODY_LIMIT, vfs=disk.NAME)
        await work(store, tell)
        await store.close()


def test_the_process_dies(folder: Path) -> None:
    """At every write and sync: of opening, of the work, and of closing."""
    at = 0
    for at in range(1, 400):
        told = Told()
        place = folder / str(at)
        died = in_child(place, at, told)
        check(place, told, died=True)
        if not died:
            break
    assert 30 < at < 399


def test_a_full_disk_refuses_at_once_and_recovers(folder: Path) -> None:
    """Not half of a message is there, and the first one after the trouble is taken."""
    trap = Trap(1, full_database)
    trap.armed = False

    async def session() -> None:
        disk = FaultyDisk(trap)
        store = open_store(make_slot(folder), vfs=disk.NAME)
        trap.armed = True
        refused = await asyncio.gather(*(accept(store) for _ in range(50)), return_exceptions=True)
        assert {type(error) for error in refused} == {StoreFull}
        assert await store.due(NOW, 100) == []
        trap.armed = False
        taken = await accept(store)
        assert await store.due(NOW, 100) == [taken.identity.number]
        await store.close()
        disk.unregister()

    asyncio.run(session())
