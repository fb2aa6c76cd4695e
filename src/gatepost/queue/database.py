"""A slot's database: made, opened, checked, and in the mode that durability needs.

A new one is made under another name, synced and renamed, so that a database is there whole or not at all, whenever the
power fails. One that is damaged is set aside for a new one.
"""

from __future__ import annotations

from contextlib import closing

import apsw

from gatepost.queue import damage, schema
from gatepost.queue.ids import FIRST, Identities
from gatepost.queue.ledger import STATEMENTS, Ledger
from gatepost.queue.spool import Slot, sync_folder
from gatepost.queue.store import StoreFailed

JOURNAL_LIMIT = 64 * 1024 * 1024
"""Bytes that the write-ahead log keeps when it is empty; on a full disk they are what results are still recorded in."""


class Database:
    """The two connections to the database of a slot that we own. Making one raises apsw.Error, StoreFailed, OSError.

    `finding` is what was wrong with the one before it, which has been set aside then; empty where nothing was.
    """

    def __init__(self, slot: Slot, *, long_ids: bool, vfs: str | None) -> None:
        self.finding = damage.finding(slot)
        first = damage.set_aside(slot) if self.finding else FIRST
        try:
            self._open(slot, first, long_ids=long_ids, vfs=vfs)
        except damage.DAMAGE as error:
            self.finding = f"{type(error).__name__}: {error}"
            self._open(slot, damage.set_aside(slot), long_ids=long_ids, vfs=vfs)

    def _open(self, slot: Slot, first: int, *, long_ids: bool, vfs: str | None) -> None:
        if not slot.database.exists():
            create(slot, first, vfs)
        self.writing = apsw.Connection(str(slot.database), vfs=vfs, statementcachesize=STATEMENTS)
        try:
            self._configure()
            incarnation, count = self._become_owner(slot.number)
            self.reading = apsw.Connection(str(slot.database), flags=apsw.SQLITE_OPEN_READONLY, vfs=vfs)
        except BaseException:
            self.writing.close()
            raise
        self.reading.wal_autocheckpoint(0)
        self.identities = Identities(slot.number, count, long=long_ids)
        self.ledger = Ledger(self.writing, slot.number, incarnation)

    def _configure(self) -> None:
        run = self.writing.execute
        self.writing.set_busy_timeout(5000)  # an administrator's sqlite3 may be looking
        application, version = run("PRAGMA application_id").get, run("PRAGMA user_version").get
        if application != schema.APPLICATION_ID or version != schema.VERSION:
            raise StoreFailed(f"not a queue of this version (application id {application}, format {version})")
        _set_modes(self.writing)

    def _become_owner(self, slot: int) -> tuple[int, int]:
        """Take a new incarnation, after which every writer of an earlier one is refused."""
        run = self.writing.execute
        run("BEGIN IMMEDIATE")
        found = run("UPDATE owner SET incarnation = incarnation + 1 RETURNING slot, incarnation, count").fetchone()
        if found is None or found[0] != slot:
            run("ROLLBACK")
            raise StoreFailed(f"this file belongs to slot {found and found[0]}, not {slot}")
        run("COMMIT")
        return found[1], found[2]


def create(slot: Slot, count: int, vfs: str | None) -> None:
    """Make an empty database; `count` is where identities begin. Raises apsw.Error, StoreFailed, OSError."""
    fresh = slot.database.with_name("queue.db.new")
    for name in (fresh.name, f"{fresh.name}-wal", f"{fresh.name}-shm", f"{fresh.name}-journal"):
        fresh.with_name(name).unlink(missing_ok=True)  # of a beginning that came to nothing
    fresh.touch(0o600)  # SQLite's other files take over the mode and the owner
    with closing(apsw.Connection(str(fresh), vfs=vfs)) as connection:
        run = connection.execute
        run(f"PRAGMA page_size = {schema.PAGE_SIZE}")
        run("PRAGMA auto_vacuum = INCREMENTAL")
        _set_modes(connection)
        run("BEGIN IMMEDIATE")
        run(schema.CREATE)
        run(schema.CREATE_ORIGIN)
        run("INSERT INTO owner VALUES (?, 0, ?)", (slot.number, count))
        run(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        run(f"PRAGMA user_version = {schema.VERSION}")
        run("COMMIT")
    fresh.rename(slot.database)
    sync_folder(slot.folder)


def _set_modes(connection: apsw.Connection) -> None:
    run = connection.execute
    mode = run("PRAGMA journal_mode = WAL").get
    if mode != "wal":
        raise StoreFailed(f"the file system cannot hold a queue: SQLite's journal mode is {mode}, not wal")
    run("PRAGMA synchronous = FULL")
    run("PRAGMA secure_delete = OFF")  # some builds overwrite what is deleted, which doubles the writing
    run(f"PRAGMA journal_size_limit = {JOURNAL_LIMIT}")
    run("PRAGMA cache_size = -16384")
    run("PRAGMA temp_store = MEMORY")
