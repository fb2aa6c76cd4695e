"""A disk that remembers what reached it, so that every state that a power cut could leave can be built.

`Recorder` notes, in order, what is done to files below a folder: by SQLite through `RecordingDisk`, and by Python's own
calls within `recorded`. Then, for a cut after any of these steps:

1. What was written to a file before its last sync is there.
2. Of what was written since, any part may be there: whole writes, or single sectors of them; so may truncations.
3. Of names made, changed and removed in a folder since its last sync, any may be as they were before.
4. SQLite syncs the folder of a write-ahead log together with the first sync of a log it has made.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw

SECTOR = 512
"""Bytes that a disk writes as a whole, or not at all."""


@dataclass(slots=True)
class Node:
    """A file, whatever its name: what is on the disk for certain, and what has been done to it since."""

    content: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)  # (offset, data), or (size, None)


@dataclass(slots=True)
class Folder:
    """Names that are on the disk for certain, and what has been done to names since (None: removed)."""

    names: dict[str, Node] = field(default_factory=dict)
    pending: list[tuple[str, Node | None]] = field(default_factory=list)

    def now(self) -> dict[str, Node]:
        """The names as programs see them."""
        return _named(self.names, self.pending)


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was done: `word` is what the outside was told, else it is one of the calls below."""

    verb: str
    path: str = ""
    at: int = 0
    data: bytes = b""
    word: str = ""


class Recorder:
    """Notes steps; `root` is what all paths are below of."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.steps: list[Step] = []
        self._lock = threading.Lock()

    def note(self, verb: str, path: str | Path, at: int = 0, data: bytes = b"") -> None:
        """A call that changes something: before it is done; one that makes durable: after it."""
        name = os.fspath(path)
        if Path(name).is_relative_to(self.root):
            with self._lock:
                self.steps.append(Step(verb, os.path.relpath(name, self.root), at, data))

    def tell(self, word: str) -> None:
        """What the outside hears."""
        with self._lock:
            self.steps.append(Step("tell", word=word))


class _File(apsw.VFSFile):
    def __init__(self, recorder: Recorder, base: str, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._recorder = recorder
        self._path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        self._is_new_log = bool(flags[0] & apsw.SQLITE_OPEN_WAL) and not Path(self._path).exists()
        if flags[0] & apsw.SQLITE_OPEN_CREATE and not Path(self._path).exists():
            recorder.note("create", self._path)
        super().__init__(base, name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        self._recorder.note("write", self._path, offset, bytes(data))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite's name
        self._recorder.note("truncate", self._path, newsize)
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        super().xSync(flags)
        self._recorder.note("sync", self._path)
        if self._is_new_log:
            self._is_new_log = False
            self._recorder.note("sync folder", Path(self._path).parent)


class RecordingDisk(apsw.VFS):
    """SQLite's usual file system, watched."""

    NAME = "recording"

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        super().__init__(self.NAME, "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> _File:  # noqa: N802 - SQLite's name
        return _File(self._recorder, "", name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 - SQLite's name
        self._recorder.note("remove", filename)
        super().xDelete(filename, syncdir)
        if syncdir:
            self._recorder.note("sync folder", Path(filename).parent)


@contextmanager
def recorded(recorder: Recorder) -> Iterator[None]:
    """Python's own calls, watched."""
    real: dict[str, Any] = {name: getattr(os, name) for name in ("open", "write", "fsync", "unlink", "rename", "close")}
    open_files: dict[int, list[Any]] = {}  # path, position

    def watched_open(path: str | Path, flags: int, *others: Any, **more: Any) -> int:  # noqa: ANN401 - passed on
        if flags & os.O_CREAT and not Path(path).exists():
            recorder.note("create", path)
        descriptor: int = real["open"](path, flags, *others, **more)
        open_files[descriptor] = [os.fspath(path), 0]
        return descriptor

    def watched_write(descriptor: int, data: bytes) -> int:
        known = open_files.get(descriptor)
        if known is None:
            return int(real["write"](descriptor, data))
        recorder.note("write", known[0], known[1], bytes(data))
        written = int(real["write"](descriptor, data))
        known[1] += written
        return written

    def watched_fsync(descriptor: int) -> None:
        real["fsync"](descriptor)
        if known := open_files.get(descriptor):
            recorder.note("sync folder" if Path(known[0]).is_dir() else "sync", known[0])

    def watched_close(descriptor: int) -> None:
        open_files.pop(descriptor, None)
        real["close"](descriptor)

    def watched_unlink(path: str | Path, **more: Any) -> None:  # noqa: ANN401 - passed on
        recorder.note("remove", path)
        real["unlink"](path, **more)

    def watched_rename(source: str | Path, target: str | Path, **more: Any) -> None:  # noqa: ANN401 - passed on
        recorder.note("rename", source, data=os.fsencode(target))
        real["rename"](source, target, **more)

    watched = (watched_open, watched_write, watched_fsync, watched_close, watched_unlink, watched_rename)
    try:
        for call in watched:
            setattr(os, call.__name__.removeprefix("watched_"), call)
        yield
    finally:
        for name, call in real.items():
            setattr(os, name, call)


def _named(names: dict[str, Node], changes: Iterable[tuple[str, Node | None]]) -> dict[str, Node]:
    made = dict(names)
    for name, node in changes:
        if node is None:
            made.pop(name, None)
        else:
            made[name] = node
    return made


class Platter:
    """What is on the disk, and what may be, after some steps. `folders` exist from the beginning."""

    def __init__(self, root: Path, folders: Iterable[Path]) -> None:
        self._root = root
        self._folders = {os.fspath(folder.relative_to(root)): Folder() for folder in folders}

    def _split(self, path: str) -> tuple[Folder, str]:
        parent, name = os.path.split(path)
        return self._folders[parent or "."], name

    def do(self, step: Step) -> None:
        """The next step."""
        match step.verb:
            case "tell":
                return
            case "sync folder":
                synced = self._folders[step.path]
                synced.names, synced.pending = synced.now(), []
                return
        folder, name = self._split(step.path)
        node = folder.now().get(name)
        match step.verb:
            case "create":
                folder.pending.append((name, Node()))
            case "remove":
                folder.pending.append((name, None))
            case "rename":
                there, new = self._split(os.path.relpath(os.fsdecode(step.data), self._root))
                there.pending.append((new, node))
                folder.pending.append((name, None))
            case "write" if node is not None:
                node.pending.append((step.at, step.data))
            case "truncate" if node is not None:
                node.pending.append((step.at, None))
            case "sync" if node is not None:
                for offset, data in node.pending:
                    _apply(node.content, offset, data)
                node.pending.clear()
            case _:
                raise AssertionError(step)

    @property
    def doubts(self) -> int:
        """How many things may have happened or not."""
        nodes = {id(node): node for folder in self._folders.values() for node in folder.now().values()}
        return sum(len(f.pending) for f in self._folders.values()) + sum(len(n.pending) for n in nodes.values())

    def build(self, place: Path, choice: Choice) -> None:
        """One of the states that a cut now could leave."""
        for path, folder in self._folders.items():
            (place / path).mkdir(parents=True, exist_ok=True)
            changes = [change for change in folder.pending if choice.happened()]
            for name, node in _named(folder.names, changes).items():
                content = bytearray(node.content)
                for offset, data in node.pending:
                    if choice.happened():
                        for start, part in choice.parts(offset, data):
                            _apply(content, start, part)
                (place / path / name).write_bytes(content)


def _apply(content: bytearray, offset: int, data: bytes | None) -> None:
    if data is None:
        del content[offset:]
        content.extend(bytes(offset - len(content)))
        return
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(data)] = data


class Choice:
    """Which of the doubtful things happened: by the bits of a number, or by chance, torn writes included."""

    def __init__(self, bits: int = 0, chance: random.Random | None = None) -> None:
        self._bits = bits
        self._chance = chance
        self._bias = chance.choice((0.1, 0.5, 0.9)) if chance else 0.0

    def happened(self) -> bool:
        """Whether the next one did."""
        if self._chance is not None:
            return self._chance.random() < self._bias
        self._bits, bit = divmod(self._bits, 2)
        return bool(bit)

    def parts(self, offset: int, data: bytes | None) -> Iterator[tuple[int, bytes | None]]:
        """What of a write is there: all, or the sectors that chance wants."""
        if data is None or self._chance is None or self._chance.random() < 0.5:
            yield offset, data
            return
        start = offset
        while start < offset + len(data):
            end = min(start - start % SECTOR + SECTOR, offset + len(data))
            if self._chance.random() < 0.5:
                yield start, data[start - offset : end - offset]
            start = end
