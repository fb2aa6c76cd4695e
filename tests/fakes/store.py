"""A queue store in memory. It passes `tests/queue/contract.py`, so what works with it works with the real ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gatepost.mail.delivery import Body
from gatepost.queue.body import MemoryBody
from gatepost.queue.ids import Identities
from gatepost.queue.record import (
    Change,
    Damaged,
    Fate,
    Identity,
    MessageState,
    Selection,
    Settlement,
    StoredMessage,
)
from gatepost.queue.store import StoreError, StoreFailed


class FakeDraft:
    """Content in a list."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.discarded = False

    def write(self, data: bytes) -> None:
        self.pieces.append(data)

    async def seal(self, head: bytes) -> Body:
        return MemoryBody(b"".join((head, *self.pieces)))

    def discard(self) -> None:
        self.discarded = True


@dataclass
class FakeStore:
    """Messages in a dictionary. `refuse` is raised by every write while it is set."""

    messages: dict[int, StoredMessage] = field(default_factory=dict)
    refuse: StoreError | None = None
    drafts: list[FakeDraft] = field(default_factory=list)
    settlements: list[Settlement] = field(default_factory=list)
    space: int = 1 << 40
    closed: bool = False
    origins: dict[str, int] = field(default_factory=dict)
    identities: Identities = field(default_factory=lambda: Identities(0))

    def identify(self, now: float) -> Identity:
        return self.identities.next(now)

    def draft(self, identity: Identity) -> FakeDraft:
        del identity
        self.drafts.append(FakeDraft())
        return self.drafts[-1]

    def free_space(self) -> int:
        return self.space

    async def commit(self, message: StoredMessage) -> None:
        self._check()
        self.messages[message.identity.number] = message

    async def adopt(self, message: StoredMessage, origin: str) -> bool:
        if origin in self.origins:
            return False
        await self.commit(message)
        self.origins[origin] = message.identity.number
        return True

    async def adopted(self, origins: Sequence[str]) -> set[str]:
        return self.origins.keys() & set(origins)

    async def origin(self, number: int) -> str:
        self._check_open()
        return next((origin for origin, known in self.origins.items() if known == number), "")

    async def settle(self, settlement: Settlement) -> None:
        self._check()
        self.settlements.append(settlement)
        number = settlement.message.identity.number
        for report in settlement.reports:
            self.messages[report.identity.number] = report
        stored = self.messages.pop(number)
        if settlement.fate is Fate.REMOVE:
            return
        entry = settlement.message if settlement.fate is Fate.UPDATE else stored
        merged = stored.with_rows(settlement.changed, frozenset(settlement.removed))
        rows = tuple(sorted(merged.rows, key=lambda row: row.number))
        self.messages[number] = replace(entry, rows=rows, body=stored.body)

    async def change(self, numbers: Sequence[int], change: Change, now: float, note: str = "") -> None:
        self._check()
        for number in numbers:
            if number in self.messages:
                self.messages[number] = _changed(self.messages[number], change, now, note)

    async def erase(self, numbers: Sequence[int]) -> None:
        self._check()
        for number in numbers:
            self.messages.pop(number, None)

    async def due(self, until: float, limit: int) -> list[int]:
        self._check_open()
        waiting = {MessageState.ACTIVE, MessageState.DEFERRED}
        found = [(m.due, n) for n, m in self.messages.items() if m.state in waiting and m.due <= until]
        return [number for _, number in sorted(found)[:limit]]

    async def load(self, numbers: Iterable[int]) -> list[StoredMessage | Damaged]:
        self._check_open()
        return [self.messages[number] for number in numbers if number in self.messages]

    async def browse(self, selection: Selection, after: int, limit: int) -> list[StoredMessage]:
        self._check_open()
        found = [m for n, m in sorted(self.messages.items()) if n > after and _selected(m, selection)]
        return found[:limit]

    async def content(self, identity: Identity) -> Body:
        self._check_open()
        if identity.number not in self.messages:
            raise StoreFailed("no content")
        return self.messages[identity.number].body

    def leave_in_ledger(self, message: StoredMessage) -> Body:
        return message.body

    async def find(self, queue_ids: Iterable[str]) -> Mapping[str, int]:
        self._check_open()
        wanted = set(queue_ids)
        return {m.queue_id: n for n, m in self.messages.items() if m.queue_id in wanted}

    async def counts(self) -> Mapping[MessageState, int]:
        self._check_open()
        found: dict[MessageState, int] = {}
        for message in self.messages.values():
            found[message.state] = found.get(message.state, 0) + 1
        return found

    async def close(self) -> None:
        self.closed = True

    def _check(self) -> None:
        self._check_open()
        if self.refuse is not None:
            raise self.refuse

    def _check_open(self) -> None:
        if self.closed:
            raise StoreFailed("the queue is closed")


def _selected(message: StoredMessage, selection: Selection) -> bool:
    domains = {row.recipient.address.rpartition("@")[2].lower() for row in message.rows}
    in_state = not selection.states or message.state in selection.states
    return in_state and (not selection.domain or selection.domain in domains)


def _changed(message: StoredMessage, change: Change, now: float, note: str) -> StoredMessage:
    match change:
        case Change.HOLD if message.state in {MessageState.ACTIVE, MessageState.DEFERRED}:
            return replace(message, state=MessageState.HOLD)
        case Change.RELEASE if message.state is MessageState.HOLD:
            return replace(message, state=MessageState.DEFERRED, due=now)
        case Change.REQUEUE if message.state is not MessageState.DAMAGED:
            return replace(message, state=MessageState.DEFERRED, due=now, renew=True)
        case Change.EXPEDITE if message.state is MessageState.DEFERRED:
            return replace(message, due=min(message.due, now))
        case Change.SET_ASIDE:
            return replace(message, state=MessageState.DAMAGED, reason=note)
        case _:
            return message
