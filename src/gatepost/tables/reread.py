"""Tables that are a file: read whole, and read again when it changes.

Rules:

1. A change is taken up once the file has held still (size, times, inode) for `STILL`, so that a half-written file is
   never served. Only the very first reading does not wait; it is repeated if the file was not still then.
2. A text that no longer parses, or in which lines are lost that were not lost before, keeps the content that is in
   force, and says so once.
3. A file that is not there fails every lookup; one that comes (back) is taken up under rule 1.
4. Small texts are parsed at once; large ones beside the event loop, while the previous content still answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from gatepost.mail.events.tables import TableKept, TableReread
from gatepost.tables.files import Signature
from gatepost.tables.registry import Opening
from gatepost.tables.source import Fault
from gatepost.tables.table import Answers, InMemory, Unavailable

STILL = 1.0
"""Seconds without a change before a changed file is read."""

SMALL = 64 * 1024
"""Octets that are parsed on the event loop, in a few milliseconds."""

FAULTS_SHOWN = 20
"""Faults of one reading that are logged one by one."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A text that was understood, and what was wrong with it."""

    answers: Answers
    faults: tuple[Fault, ...] = ()

    @property
    def losses(self) -> frozenset[tuple[str, str]]:
        """The faults that cost a line."""
        return frozenset(fault.identity for fault in self.faults if fault.loses)


class Unparsable(Exception):  # noqa: N818 - said as it is
    """The text as a whole gives no table; the text of the exception is the reason."""


Parse = Callable[[bytes], Parsed]
"""Raises Unparsable. It runs beside the event loop for large texts, so it touches nothing else."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """One attempt to read the file, as it was at `signature`."""

    signature: Signature
    still: bool  # whether it had held still before
    after: Signature | None = None  # its state after the reading
    parsed: Parsed | None = None
    refusal: str = ""
    lost: OSError | None = None  # it could not be read after all

    @property
    def final(self) -> bool:
        """Whether this state of the file needs no second reading."""
        return self.still and not self.lost and (self.after is None or self.after == self.signature)


class FileTable(InMemory):
    """A table whose content is the text of a file. `verb` is how the log names the attempt to open it."""

    def __init__(self, opening: Opening, parse: Parse, *, partial_keys: bool, verb: str = "open") -> None:
        self.takes_partial_keys = partial_keys
        self._opening = opening
        self._parse = parse
        self._verb = verb
        self._content: Parsed | None = None  # what is in force
        self._refusal = ""  # why nothing is in force, where the file is there
        self._known: Signature | None = None  # the state that needs no (further) reading
        self._taken: Signature | None = None  # the state whose content is in force
        self._seen: Signature | None = None  # the state last seen,
        self._since = 0.0  # and since when
        self._looked = False
        self._reading: asyncio.Task[None] | None = None

    def at_hand(self) -> Answers | None:
        """The content in force; None while a large text is read for the first time. Raises Unavailable."""
        try:
            self._look()
        except OSError as error:
            raise self._unavailable(error.strerror or "") from error
        return None if self._reading and not self._content else self._in_force()

    async def version(self) -> Answers:
        """The content in force. Raises Unavailable."""
        found = self.at_hand()
        if found is None and self._reading:
            await asyncio.shield(self._reading)
        return found or self._in_force()

    def _in_force(self) -> Answers:
        if not self._content:
            raise self._unavailable("waiting until the file holds still")
        return self._content.answers

    def _unavailable(self, why: str) -> Unavailable:
        return Unavailable(self._refusal or f"{self._verb} {self._opening.name}: {why}")

    def _look(self) -> None:
        """See whether the file is to be read, and begin. Raises OSError."""
        first, self._looked = not self._looked, True
        signature = self._opening.files.signature(self._opening.name)
        if signature == self._known == self._seen:
            return
        now = self._opening.files.now()
        if signature != self._seen:
            self._seen, self._since = signature, now
        if signature == self._known or self._reading:
            return
        still = now - max(signature.changed, signature.modified) / 1e9 >= STILL or now - self._since >= STILL
        if not still and not first:
            return
        plan = _Reading(signature, still)
        if signature.size <= SMALL:
            self._finish(self._read(plan))
        else:
            self._reading = asyncio.create_task(self._read_beside(plan))

    async def _read_beside(self, plan: _Reading) -> None:
        try:
            self._finish(await asyncio.get_running_loop().run_in_executor(None, self._read, plan))
        except OSError as error:
            self._refusal = f"{self._verb} {self._opening.name}: {error.strerror}"
        finally:
            self._reading = None

    def _read(self, plan: _Reading) -> _Reading:
        """Read and parse. Raises OSError."""
        data, after = self._opening.files.read(self._opening.name)
        try:
            return _Reading(plan.signature, plan.still, after, self._parse(data))
        except Unparsable as error:
            return _Reading(plan.signature, plan.still, after, refusal=str(error))

    def _finish(self, reading: _Reading) -> None:
        """Take up what was read, or refuse it."""
        if reading.final:
            self._known = reading.signature
        elif self._content:
            return
        again = reading.signature == self._taken  # the same state, now that it is still
        parsed = reading.parsed
        if parsed and not again:
            self._tell(parsed)
        if self._content and (not parsed or parsed.losses - self._content.losses):
            reason = reading.refusal or "it has lines that cannot be understood"
            self._opening.emit(TableKept(self._opening.spec, reason))
            return
        if self._content and not again:
            self._opening.emit(TableReread(self._opening.spec))
        self._content, self._refusal, self._taken = parsed, reading.refusal, reading.signature

    def _tell(self, parsed: Parsed) -> None:
        """Log what is wrong with the text."""
        for fault in parsed.faults[:FAULTS_SHOWN]:
            self._opening.warn(fault.text)
        more = len(parsed.faults) - FAULTS_SHOWN
        if more > 0:
            self._opening.warn(f"{self._opening.spec}: {more} more lines that have a fault")
