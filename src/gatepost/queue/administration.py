"""What an administrator asks of one slot's queue: list, show, hold, release, requeue, delete, flush.

The same code answers over the control socket of a running owner and in `gatepost queue` itself where nobody runs; only
who acts differs (`Actor`). Answers are objects that JSON has, each one small, however long the queue is. Entries of a
listing have the names of Postfix's `postqueue -j`, so that its readers can read ours.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from gatepost.mail.address import external
from gatepost.mail.events import Emit
from gatepost.mail.events.queue import Held, Released, Removed, Requeued
from gatepost.queue.record import Change, MessageState, Selection, StoredMessage
from gatepost.queue.store import QueueStore

PAGE = 200
"""Messages that are looked at between two breaths."""

EVERYTHING = "ALL"
"""What stands for every queue id."""

Answer = dict[str, object]


class Verb(Enum):
    """What can be asked."""

    LIST = "list"
    SHOW = "show"
    HOLD = "hold"
    RELEASE = "release"
    REQUEUE = "requeue"
    DELETE = "delete"
    FLUSH = "flush"


@dataclass(frozen=True, slots=True)
class Request:
    """A request. `names` holds queue ids, or `ALL`; for `list` no name means all, for `flush` it may be a domain."""

    verb: Verb
    names: tuple[str, ...] = ()

    @classmethod
    def read(cls, given: object) -> Request:
        """From JSON; raises ValueError."""
        if not isinstance(given, dict):
            raise ValueError("a request must be an object")  # noqa: TRY004 - JSON of a wrong kind is a wrong value
        names = given.get("names", [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ValueError("names must be a list of texts")
        return cls(Verb(given.get("do")), tuple(names))

    def as_json(self) -> Answer:
        """The inverse of `read`."""
        return {"do": self.verb.value, "names": list(self.names)}


class Actor(Protocol):
    """Who carries changes out: the runner, which knows what is under delivery, or just the store."""

    async def change(self, numbers: Sequence[int], change: Change) -> None:
        """Hold, release or requeue."""
        ...

    async def erase(self, numbers: Sequence[int]) -> None:
        """Delete."""
        ...

    async def flush(self, domain: str = "") -> int:
        """Make deferred mail due; returns how many messages."""
        ...


class StoreActor:
    """Changes made to a store that nobody delivers from."""

    def __init__(self, store: QueueStore, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock

    async def change(self, numbers: Sequence[int], change: Change) -> None:
        """Hold, release or requeue."""
        await self._store.change(numbers, change, self._clock())

    async def erase(self, numbers: Sequence[int]) -> None:
        """Delete."""
        await self._store.erase(numbers)

    async def flush(self, domain: str = "") -> int:
        """Make deferred mail due."""
        count, last = 0, 0
        selection = Selection((MessageState.DEFERRED,), domain.lower())
        while page := await self._store.browse(selection, last, PAGE):
            last = page[-1].identity.number
            count += len(page)
            await self._store.change([message.identity.number for message in page], Change.EXPEDITE, self._clock())
        return count


@dataclass(frozen=True, slots=True)
class _Act:
    """A verb that changes messages: in which states it applies, what it does, how it is logged."""

    states: tuple[MessageState, ...]
    act: Callable[[Actor, Sequence[int]], Awaitable[None]]
    event: type[Held | Released | Requeued | Removed]


_WAITING = (MessageState.ACTIVE, MessageState.DEFERRED)

_ACTS = {
    Verb.HOLD: _Act(_WAITING, lambda actor, numbers: actor.change(numbers, Change.HOLD), Held),
    Verb.RELEASE: _Act((MessageState.HOLD,), lambda actor, numbers: actor.change(numbers, Change.RELEASE), Released),
    Verb.REQUEUE: _Act(
        (*_WAITING, MessageState.HOLD), lambda actor, numbers: actor.change(numbers, Change.REQUEUE), Requeued
    ),
    Verb.DELETE: _Act(tuple(MessageState), lambda actor, numbers: actor.erase(numbers), Removed),
}


class Administration:
    """Answers requests about one store. `emit` takes the log lines (process `postsuper`)."""

    def __init__(self, store: QueueStore, actor: Actor, emit: Emit) -> None:
        self._store = store
        self._actor = actor
        self._emit = emit

    async def answer(self, request: Request) -> AsyncIterator[Answer]:
        """The answers, one by one. Raises StoreError."""
        match request.verb:
            case Verb.LIST:
                async for page in self._messages(request.names, Selection()):
                    for message in page:
                        yield entry(message)
            case Verb.SHOW:
                async for answer in self._show(request.names):
                    yield answer
            case Verb.FLUSH:
                domain = request.names[0] if request.names else ""
                yield {"count": await self._actor.flush("" if domain == EVERYTHING else domain)}
            case _:
                async for answer in self._act(request):
                    yield answer

    async def _show(self, names: tuple[str, ...]) -> AsyncIterator[Answer]:
        async for page in self._messages(names, Selection()):
            for message in page:
                yield entry(message)
                async for piece in (await self._store.content(message.identity)).chunks():
                    yield {"queue_id": message.queue_id, "content": base64.b64encode(piece).decode("ascii")}

    async def _act(self, request: Request) -> AsyncIterator[Answer]:
        wanted = _ACTS[request.verb]
        async for page in self._messages(request.names, Selection(wanted.states)):
            await wanted.act(self._actor, [message.identity.number for message in page])
            for message in page:
                self._emit(wanted.event(message.queue_id))
                yield {"queue_id": message.queue_id, "done": request.verb.value}

    async def _messages(self, names: tuple[str, ...], selection: Selection) -> AsyncIterator[list[StoredMessage]]:
        """The messages that are named, page by page; those that the selection leaves out are not there."""
        if names and EVERYTHING not in names:
            numbers = (await self._store.find(names)).values()
            for number in sorted(numbers):
                page = await self._store.browse(selection, number - 1, 1)
                if page and page[0].identity.number == number:
                    yield page
            return
        last = 0
        while page := await self._store.browse(selection, last, PAGE):
            last = page[-1].identity.number
            yield page


def entry(message: StoredMessage) -> Answer:
    """A message as listings have it."""
    damaged = message.state is MessageState.DAMAGED  # why, is then what there is to say of all recipients
    return {
        "queue_name": message.state.word,
        "queue_id": message.queue_id,
        "arrival_time": int(message.arrived),
        "message_size": message.body.size,
        "forced_expire": False,
        "sender": _shown(message.envelope.sender) or "MAILER-DAEMON",
        "next_attempt": int(message.due),
        "attempts": message.attempts,
        "reason": _readable(message.reason),
        "recipients": [
            {"address": _shown(row.recipient.address)}
            | ({"delay_reason": _readable(row.result.text)} if row.result and not damaged else {})
            for row in message.rows
        ],
    }


def _shown(address: str) -> str:
    return _readable(external(address))


def _readable(text: str) -> str:
    """Text without bytes that are no UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
