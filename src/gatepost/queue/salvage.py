"""What can still be read of a damaged database is taken over into the one that took its place.

Messages keep their queue ids. Only those that match their checksums are taken; the database and what is left of the
others stay where they are, for whoever knows more (`sqlite3 queue.db .recover`). The walk goes around pages that cannot
be read. Where it is the first page, which tells what is where, that of a new database takes its place, as the tables
begin at the same pages in each.

A salvage that is interrupted is begun again; what was taken over already is known by its origin.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

import apsw

from gatepost.mail.events import Emit, Warned
from gatepost.queue import damage
from gatepost.queue.body import FileBody
from gatepost.queue.database import create
from gatepost.queue.ids import SLOTS
from gatepost.queue.reader import Reader
from gatepost.queue.record import Damaged, Identity, StoredMessage, origin_of
from gatepost.queue.schema import PAGE_SIZE
from gatepost.queue.spool import Slot, Spool, sync_folder
from gatepost.queue.store import QueueStore, StoreError

AT_ONCE = 50
"""Messages that are read at a time."""

_FARTHEST = 1 << 62
"""Beyond every number."""


class Wreck:
    """A damaged database, opened for reading. Making one raises apsw.Error where nothing can be read."""

    def __init__(self, aside: Slot) -> None:
        try:
            self._connection = _opened(aside)
        except damage.DAMAGE:
            _transplant_first_page(aside)
            self._connection = _opened(aside)
        self._reader = Reader(self._connection, aside, _never)

    def numbers(self) -> Iterator[list[int]]:
        """The numbers of messages, as far as they can be found, some at a time."""
        after = 0
        while True:
            try:
                found = self._after(after, AT_ONCE)
            except damage.DAMAGE:
                found = self._around(after)
            if not found:
                return
            yield found
            after = found[-1]

    def load(self, numbers: Sequence[int]) -> list[StoredMessage | Damaged]:
        """Those messages."""
        return self._reader.load(numbers)

    def close(self) -> None:
        """Let go of it."""
        self._connection.close()

    def _after(self, number: int, limit: int) -> list[int]:
        query = "SELECT number FROM message WHERE number > ? ORDER BY number LIMIT ?"
        return [found for (found,) in self._connection.execute(query, (number, limit))]

    def _around(self, after: int) -> list[int]:
        """The next number that can be read behind a page that cannot."""
        with suppress(*damage.DAMAGE):
            return self._after(after, 1)
        step = SLOTS
        while after + step < _FARTHEST:  # first farther and farther, until something can be read
            with suppress(*damage.DAMAGE):
                self._after(after + step, 1)
                break
            step *= 2
        else:
            return []
        low, high = after + step // 2, after + step
        while high - low > SLOTS:  # then back to where it begins
            middle = (low + high) // 2
            try:
                self._after(middle, 1)
            except damage.DAMAGE:
                low = middle
            else:
                high = middle
        return self._after(high, 1)


@dataclass(slots=True)
class Salvage:
    """How many messages were taken over, and how many could not be."""

    taken: int = 0
    lost: int = 0


class Salvager:
    """Takes over what was set aside into `store`; `submit` has a message delivered, `emit` takes findings."""

    def __init__(self, store: QueueStore, slot: Slot, submit: Callable[[StoredMessage], None], emit: Emit) -> None:
        self._store = store
        self._slot = slot
        self._submit = submit
        self._emit = emit
        self._stopping = False

    def stop(self) -> None:
        """End soon; what is left is for the next start."""
        self._stopping = True

    async def run(self) -> None:
        """Everything that was set aside, the oldest first. What goes wrong is a finding, and is tried again later."""
        for aside in damage.kept(self._slot):
            try:
                done = await self._salvage(aside)
                if self._stopping:
                    return
                where = await asyncio.to_thread(damage.put_away, aside)
            except (apsw.Error, StoreError, OSError) as error:
                self._emit(Warned(f"nothing more can be salvaged from {aside.database}: {error}"))
                continue
            self._emit(
                Warned(f"salvaged {done.taken} messages, {done.lost} are lost; the damaged files are in {where}")
            )

    async def _salvage(self, aside: Slot) -> Salvage:
        done = Salvage()
        wreck = await asyncio.to_thread(Wreck, aside)
        try:
            pages = wreck.numbers()
            while not self._stopping and (numbers := await asyncio.to_thread(next, pages, None)):
                for message in await asyncio.to_thread(wreck.load, numbers):
                    await self._take(message, done)
        finally:
            await asyncio.to_thread(wreck.close)
        return done

    async def _take(self, message: StoredMessage | Damaged, done: Salvage) -> None:
        if isinstance(message, Damaged):
            done.lost += 1
            self._emit(Warned(f"{message.identity.queue_id}: cannot be salvaged: {message.finding}"))
            return
        body = message.body
        if isinstance(body, FileBody):
            own = replace(body, path=self._slot.bodies / message.queue_id)
            await asyncio.to_thread(_link, body.path, own.path)
            message = replace(message, body=own)
        if await self._store.adopt(message, origin_of(message)):
            self._submit(message)
        done.taken += 1


def _opened(aside: Slot) -> apsw.Connection:
    connection = apsw.Connection(str(aside.database))
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
        connection.execute("SELECT 1 FROM message LIMIT 0").fetchall()
    except apsw.SQLError as error:  # no such table: that page is not what it was, either
        connection.close()
        raise apsw.CorruptError(str(error)) from error
    except apsw.Error:
        connection.close()
        raise
    return connection


def _transplant_first_page(aside: Slot) -> None:
    """Give a database the first page of a new one; its own is kept beside it."""
    with tempfile.TemporaryDirectory(dir=aside.folder) as name:
        fresh = Spool(Path(name)).slot(aside.number)
        fresh.folder.mkdir(parents=True)
        create(fresh, 0, None)
        page = bytearray(fresh.database.read_bytes()[:PAGE_SIZE])
    with aside.database.open("r+b") as stream:
        (aside.folder / "first-page").write_bytes(stream.read(PAGE_SIZE))
        pages = os.fstat(stream.fileno()).st_size // PAGE_SIZE
        page[28:40] = pages.to_bytes(4) + bytes(8)  # so many pages, none of them unused (SQLite's file format, 1.3)
        stream.seek(0)
        stream.write(page)


def _link(source: Path, target: Path) -> None:
    """Have a body file in the new place, too, its name durable."""
    if not target.exists():
        try:
            os.link(source, target)
        except OSError:
            shutil.copyfile(source, target)
            with target.open("rb") as copy:
                os.fsync(copy.fileno())
    sync_folder(target.parent)


async def _never(identity: Identity) -> NoReturn:
    raise AssertionError(f"{identity.queue_id}: loaded messages have their bodies")
