"""What an administrator asks of one slot's queue: list, show, hold, release, requeue, delete, flush, export, import.

The same code answers over the control socket of a running owner and in `gatepost queue` itself where nobody runs; only
who acts differs (`Actor`). Answers are objects that JSON has, each one small, however long the queue is. Entries of a
listing have the names of Postfix's `postqueue -j`, so that its readers can read ours.
"""

from __future__ import annotations

import base64
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol

from gatepost.mail.address import external
from gatepost.mail.events import Emit
from gatepost.mail.events.queue import Held, Imported, Released, Removed, Requeued
from gatepost.queue import exchange
from gatepost.queue.record import Change, Damaged, MessageState, Selection, StoredMessage, origin_of
from gatepost.queue.store import QueueStore, StoreError

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
    EXPORT = "export"
    IMPORT = "import"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Request:
    """A request. `names` holds queue ids, or `ALL`; for `list` and `export` no name means all.

    For `flush` it may be a domain. For `import` it is a folder beside the slots, and messages in it
    (`gatepost.queue.exchange`); for `known` origins, of which those come back that are in this queue or were.
    """

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

    def submit(self, message: StoredMessage) -> None:
        """Deliver a message that has come in."""
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

    def submit(self, message: StoredMessage) -> None:
        """It waits for whoever delivers next."""


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
    """Answers requests about one store. `emit` takes the log lines (process `postsuper`).

    `folder` is where folders of messages to import are.
    """

    def __init__(
        self, store: QueueStore, actor: Actor, emit: Emit, folder: Path, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._actor = actor
        self._emit = emit
        self._folder = folder
        self._clock = clock

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
            case Verb.EXPORT:
                async for answer in self._export(request.names):
                    yield answer
            case Verb.IMPORT:
                for name in request.names[1:]:
                    yield await self._import(request.names[0], name)
            case Verb.KNOWN:
                for origin in await self._known(request.names):
                    yield {"origin": origin, "done": "known"}
            case _:
                async for answer in self._act(request):
                    yield answer

    async def _export(self, names: tuple[str, ...]) -> AsyncIterator[Answer]:
        """Each message as it is at one moment: its envelope, its content in pieces, and the remark that it is whole."""
        async for page in self._messages(names, Selection()):
            for listed in page:
                for message in await self._store.load([listed.identity.number]):
                    async for answer in self._exported(message):
                        yield answer

    async def _exported(self, message: StoredMessage | Damaged) -> AsyncIterator[Answer]:
        queue_id = message.identity.queue_id
        if isinstance(message, Damaged):
            yield {"queue_id": queue_id, "finding": message.finding}
            return
        origin = await self._store.origin(message.identity.number)
        yield {"queue_id": queue_id, "envelope": exchange.envelope_of(message, origin)}
        try:
            async for piece in message.body.chunks():
                yield {"queue_id": queue_id, "content": base64.b64encode(piece).decode("ascii")}
        except (OSError, StoreError):
            yield {"queue_id": queue_id, "done": "gone"}  # it was delivered meanwhile
        else:
            yield {"queue_id": queue_id, "done": "export"}

    async def _import(self, folder: str, name: str) -> Answer:
        if any(Path(part).name != part for part in (folder, name)):
            raise ValueError("an import is a folder and names in it")
        try:
            message = await exchange.take_in(exchange.Pair(self._folder / folder, name), self._store, self._clock())
        except (exchange.NotReadable, OSError, StoreError) as error:
            return {"name": name, "error_text": str(error)}
        if message is None:
            return {"name": name, "done": "known"}
        self._actor.submit(message)
        self._emit(Imported(message.queue_id, await self._store.origin(message.identity.number)))
        return {"name": name, "queue_id": message.queue_id, "done": "import"}

    async def _known(self, origins: tuple[str, ...]) -> set[str]:
        """Origins of messages that are here, or that were taken in from elsewhere."""
        known = await self._store.adopted(origins)
        numbers = (await self._store.find({origin.partition("/")[0] for origin in origins})).values()
        here = {origin_of(page[0]) for n in numbers if (page := await self._store.browse(Selection(), n - 1, 1))}
        return known | (here & set(origins))

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
