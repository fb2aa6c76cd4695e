"""`gatepost queue export` and `gatepost queue import`: mail leaves the queue's keeping as files, and comes back.

The files are those of `gatepost.queue.exchange`. An export changes nothing in the queue. An import copies the files to
a folder beside the queue, where its owner can read them, and has the owner of the first slot take them in.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from gatepost.queue import exchange
from gatepost.queue.administration import Answer, Request, Verb
from gatepost.queue.exchange import NotReadable, Pair
from gatepost.queue.spool import sync_folder

AT_ONCE = 200
"""Messages that are handed over at a time."""

Ask = Callable[[Request], Iterator[Answer]]
"""Asks the queue, all of its slots or one."""


class Export:
    """Writes what a queue answers to an export into a folder. Raises OSError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._envelope: Any = {}
        self._content: BinaryIO | None = None
        self._digest = hashlib.sha256()
        self.count = 0
        self.problems: list[str] = []

    def take(self, answer: Answer) -> None:
        """The next answer."""
        pair = Pair(self._folder, str(answer["queue_id"]))
        if "envelope" in answer:
            self._envelope = answer["envelope"]
            self._content = _private(_partial(pair.content))
            self._digest = hashlib.sha256()
        elif "content" in answer and self._content is not None:
            piece = base64.b64decode(str(answer["content"]))
            self._digest.update(piece)
            self._content.write(piece)
        elif "finding" in answer:
            self.problems.append(f"{pair.name}: damaged, and not exported: {answer['finding']}")
        elif answer.get("done") == "export":
            self._finish(pair)
        else:
            self.drop()

    def drop(self) -> None:
        """What was begun and has no end is not kept."""
        if self._content is not None:
            self._content.close()
            with suppress(FileNotFoundError):
                Path(self._content.name).unlink()
            self._content = None

    def _finish(self, pair: Pair) -> None:
        """Both files are durable; the envelope comes last, so that a pair is whole where it is there."""
        assert self._content is not None  # noqa: S101 - an end has a beginning
        _close(self._content)
        self._content = None
        with _private(_partial(pair.envelope)) as stream:
            text = json.dumps({**self._envelope, "sha256": self._digest.hexdigest()}, indent=1)
            stream.write(text.encode("ascii") + b"\n")
            _close(stream)
        _partial(pair.content).replace(pair.content)
        _partial(pair.envelope).replace(pair.envelope)
        self.count += 1


def export(folder: Path, answers: Iterable[Answer]) -> Export:
    """Write a queue's messages into a folder, which is made where it is missing. Raises OSError, StoreError."""
    folder.mkdir(0o700, parents=True, exist_ok=True)
    made = Export(folder)
    try:
        for answer in answers:
            made.take(answer)
    finally:
        made.drop()
    sync_folder(folder)
    return made


class Import:
    """Brings messages in. `everywhere` asks all slots, `first` the one that takes them in."""

    def __init__(self, queue: Path, everywhere: Ask, first: Ask) -> None:
        self._queue = queue
        self._everywhere = everywhere
        self._first = first
        self.taken: list[str] = []
        self.known = 0
        self.problems: list[str] = []

    def run(self, found: Iterable[Pair]) -> None:
        """Take in what is not known. Raises OSError, StoreError."""
        waiting = iter(found)
        while some := list(itertools.islice(waiting, AT_ONCE)):
            origins = dict(self._origins(some))
            known = {str(answer["origin"]) for answer in self._everywhere(Request(Verb.KNOWN, tuple(origins)))}
            self.known += len(known)
            self._hand_over([pair for origin, pair in origins.items() if origin not in known])

    def _origins(self, some: list[Pair]) -> Iterator[tuple[str, Pair]]:
        for pair in some:
            try:
                yield str(exchange.load(pair)["origin"]), pair
            except (NotReadable, OSError, KeyError) as error:
                self.problems.append(f"{pair.envelope}: {error if not isinstance(error, KeyError) else 'no origin'}")

    def _hand_over(self, some: list[Pair]) -> None:
        if not some:
            return
        with _staging(self._queue) as staging:
            for pair in some:
                there = Pair(staging, pair.name)
                for source, target in ((pair.content, there.content), (pair.envelope, there.envelope)):
                    try:
                        shutil.copyfile(source, target)
                        _give(target, self._queue)
                    except FileNotFoundError:
                        pass  # the owner says which it is that is not there
            names = {pair.name: pair for pair in some}
            for answer in self._first(Request(Verb.IMPORT, (staging.name, *names))):
                match answer.get("done"):
                    case "import":
                        self.taken.append(str(answer["queue_id"]))
                    case "known":
                        self.known += 1
                    case _:
                        self.problems.append(f"{names[str(answer['name'])].envelope}: {answer['error_text']}")


@contextmanager
def _staging(queue: Path) -> Iterator[Path]:
    """A folder that the queue's owner can read, for the time of the block."""
    made = Path(tempfile.mkdtemp(prefix="import-", dir=queue))
    try:
        _give(made, queue)
        yield made
    finally:
        shutil.rmtree(made)


def _give(path: Path, queue: Path) -> None:
    """Make a file the queue owner's."""
    if not os.geteuid():
        owner = queue.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def _partial(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def _private(path: Path) -> BinaryIO:
    """A new file that only we can read."""
    path.unlink(missing_ok=True)
    path.touch(0o600)
    return path.open("wb")


def _close(stream: BinaryIO) -> None:
    stream.flush()
    os.fsync(stream.fileno())
    stream.close()


def said(count: int, what: str) -> str:
    """`1 message imported`."""
    return f"{count} message{'' if count == 1 else 's'} {what}"


def complain(problems: Iterable[str]) -> int:
    """Tell what went wrong; the exit status."""
    status = 0
    for problem in problems:
        print(f"gatepost queue: {problem}", file=sys.stderr)
        status = 1
    return status
