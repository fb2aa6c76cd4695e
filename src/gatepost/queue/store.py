"""What a queue store does, whichever it is, and how it fails.

A store object is one owner's hold on the ledger: the slot of the embedded store, one incarnation of a worker with a
shared one. Every write is made in that owner's name and takes effect only while it is the owner (fencing): afterwards
each raises `OwnerLost`. A write that returns is durable; one that raises has changed nothing.
`tests/queue/contract.py` is this text as tests; a new store must pass them, the crash tests included.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from typing import Protocol

from gatepost.mail.delivery import Body
from gatepost.queue.record import (
    Change,
    Damaged,
    Identity,
    MessageState,
    Selection,
    Settlement,
    StoredMessage,
)


class StoreError(Exception):
    """The store could not do what it was asked. Nothing was changed."""


class StoreFull(StoreError):  # noqa: N818 - said as it is
    """No room on the disk. It may work again later, without a restart."""


class StoreFailed(StoreError):  # noqa: N818 - said as it is
    """An input or output error, or a store that is closed."""


class OwnerLost(StoreError):  # noqa: N818 - said as it is
    """Somebody else owns this part of the ledger now; this process must stop delivering from it."""


class StoreDamaged(OwnerLost):
    """What is stored cannot be read any more, beyond a single message. The next owner begins anew and salvages."""


class SlotBusy(StoreError):  # noqa: N818 - said as it is
    """Another process holds the slot."""


class BodyDraft(Protocol):
    """The content of a message that is still arriving."""

    def write(self, data: bytes) -> None:
        """Add to the content. Never raises: what goes wrong is told by `seal`."""
        ...

    async def seal(self, head: bytes) -> Body:
        """The content as it may be committed, with `head` in front; durable where it is a file of its own.

        Raises StoreFull or StoreFailed; the draft is discarded then.
        """
        ...

    def discard(self) -> None:
        """Drop it all. Harmless after `seal` has raised, and when called twice; not to be called after a commit."""
        ...


class QueueStore(Protocol):
    """One owner's hold on the ledger."""

    def identify(self, now: float) -> Identity:
        """A new identity, unlike any that this queue directory ever gave out."""
        ...

    def draft(self, identity: Identity) -> BodyDraft:
        """Begin the content of a new message."""
        ...

    def free_space(self) -> int:
        """Bytes that may still be written."""
        ...

    def commit(self, message: StoredMessage) -> Awaitable[None]:
        """Take a message in. When this has been awaited, the message is ours, come what may. Raises StoreError."""
        ...

    async def adopt(self, message: StoredMessage, origin: str) -> bool:
        """Take a message in that was in another queue, unless one of that origin was ever taken in; whether it was.

        Raises StoreError.
        """
        ...

    async def origin(self, number: int) -> str:
        """The origin with which a message was adopted; empty where it came in here."""
        ...

    async def adopted(self, origins: Sequence[str]) -> set[str]:
        """Those of these origins from which a message was ever taken in."""
        ...

    def settle(self, settlement: Settlement) -> Awaitable[None]:
        """Write what an attempt came to, as a whole. Raises StoreError.

        Nobody outside waits for it, so it may take some milliseconds longer, to share the next commit's transaction.
        """
        ...

    async def change(self, numbers: Sequence[int], change: Change, now: float, note: str = "") -> None:
        """Hold, release, requeue, expedite or set aside messages; those in an unfit state stay as they are."""
        ...

    async def erase(self, numbers: Sequence[int]) -> None:
        """Delete messages with all that belongs to them; unknown numbers are ignored."""
        ...

    async def due(self, until: float, limit: int) -> list[int]:
        """Numbers of active and deferred messages that are due by then, the longest due first."""
        ...

    async def load(self, numbers: Iterable[int]) -> list[StoredMessage | Damaged]:
        """Those messages, checked against what was written; unknown numbers are left out. No order."""
        ...

    async def browse(self, selection: Selection, after: int, limit: int) -> list[StoredMessage]:
        """A page of messages by number, for listings: those above `after`. Not checked."""
        ...

    async def content(self, identity: Identity) -> Body:
        """A message's content as it is, not checked. Raises StoreFailed where it is gone."""
        ...

    def leave_in_ledger(self, message: StoredMessage) -> Body:
        """A body for a committed message that takes no memory: it is read when it is wanted."""
        ...

    async def find(self, queue_ids: Iterable[str]) -> Mapping[str, int]:
        """The numbers of these queue ids, as far as they exist."""
        ...

    async def counts(self) -> Mapping[MessageState, int]:
        """How many messages stand where."""
        ...

    async def close(self) -> None:
        """Finish what was begun, and give up the ownership."""
        ...
