"""A database that is damaged makes room for a new one, and is kept with all that belongs to it.

What a query finds broken on the page of one message's content costs that message only (`reader`). Whatever else SQLite
calls corrupt, or no database at all, ends the ownership: the slot is marked, the next owner sets the old files aside
and begins anew, and what can still be read is taken over from there (`salvage`).

```
slot-0/
├── damaged              the mark, with the reason; until the next owner has read it
└── damaged-20260131T121500/
    ├── queue.db         and queue.db-wal
    └── bodies/
```

The database is moved last. So a folder without one is the beginning of a move that was interrupted, and is finished.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import apsw

from gatepost.queue.ids import FIRST
from gatepost.queue.spool import Slot, sync_folder

DAMAGE = (apsw.CorruptError, apsw.NotADBError)
"""What SQLite raises where a file is not what was written."""

_FOLDERS = "damaged-*"


def mark(slot: Slot, reason: str) -> None:
    """Have the next owner begin anew. Where even that cannot be written, the damage will be found again."""
    with suppress(OSError):
        _mark(slot).write_text(f"{reason}\n", "utf-8", "backslashreplace")


def finding(slot: Slot) -> str:
    """Why the slot's database is to be set aside; empty where nothing is known against it."""
    try:
        return _mark(slot).read_text("utf-8", "replace").strip() or "marked as damaged"
    except FileNotFoundError:
        pass
    if any(not (folder / slot.database.name).exists() for folder in _folders(slot)):
        return "a move of damaged files was interrupted"
    with suppress(FileNotFoundError):
        return "" if slot.database.stat().st_size else "the file is empty"
    return ""


def set_aside(slot: Slot, clock: Callable[[], float] = time.time) -> int:
    """Move the database and its bodies away; returns from where a new one must count identities. Raises OSError."""
    begun = [folder for folder in _folders(slot) if not (folder / slot.database.name).exists()]
    folder = begun[0] if begun else _new_folder(slot, clock())
    if not (folder / slot.bodies.name).exists():
        slot.bodies.rename(folder / slot.bodies.name)
    log = slot.database.with_name(f"{slot.database.name}-wal")
    for path in (log, slot.database):
        if path.exists():
            path.rename(folder / path.name)
    if not (folder / slot.database.name).exists():
        (folder / slot.database.name).touch(0o600)  # there was none to move
    slot.database.with_name(f"{slot.database.name}-shm").unlink(missing_ok=True)
    slot.create()
    sync_folder(folder)
    sync_folder(slot.folder)
    _mark(slot).unlink(missing_ok=True)
    return _count(folder / slot.database.name, clock())


def kept(slot: Slot) -> list[Slot]:
    """What was set aside and has not been salvaged, as slots with files of their own, the oldest first."""
    return [Slot(folder, slot.number) for folder in _folders(slot) if (folder / slot.database.name).exists()]


def put_away(aside: Slot) -> Path:
    """Note that all has been salvaged that can be; returns where the files are now. Raises OSError."""
    done = aside.folder.with_name(aside.folder.name.replace("damaged-", "salvaged-", 1))
    aside.folder.rename(done)
    sync_folder(done.parent)
    return done


def _mark(slot: Slot) -> Path:
    return slot.folder / "damaged"


def _folders(slot: Slot) -> Iterator[Path]:
    yield from sorted(path for path in slot.folder.glob(_FOLDERS) if path.is_dir())


def _new_folder(slot: Slot, now: float) -> Path:
    name = time.strftime("damaged-%Y%m%dT%H%M%S", time.gmtime(now))
    for attempt in range(1000):
        folder = slot.folder / (f"{name}-{attempt}" if attempt else name)
        with suppress(FileExistsError):
            folder.mkdir(0o700)
            return folder
    raise FileExistsError(f"{slot.folder}: too many damaged databases")


def _count(database: Path, now: float) -> int:
    """The counter of a damaged database; where it cannot be read, one that time has certainly not reached."""
    try:
        with closing(apsw.Connection(str(database))) as connection:
            found = connection.execute("SELECT count FROM owner").get
    except apsw.Error:
        found = None
    return found if isinstance(found, int) and found >= FIRST else max(FIRST, int(now * 1000))
