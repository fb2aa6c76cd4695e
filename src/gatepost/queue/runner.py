"""The runner: has a store's messages delivered, records what comes of it, and leaves nobody uninformed.

The rules:

1. A fresh message is taken over from memory. What memory has no room for waits in the ledger and is found by its due
   time; so the queue may be of any length.
2. Whoever loses the ownership of the ledger stops at once: `run` raises OwnerLost.

`dispatch` brings messages on their way, `recording` writes what comes of it, `hands` is what they share.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from gatepost.mail.events import Warned
from gatepost.maillog import Logger
from gatepost.queue.dispatch import Dispatcher
from gatepost.queue.hands import Clocks, Hands
from gatepost.queue.plan import Plan
from gatepost.queue.record import Change, Damaged, MessageState, Selection, StoredMessage
from gatepost.queue.recording import Recorder
from gatepost.queue.store import OwnerLost, QueueStore, StoreError

LOAD = 50
"""Messages that are read from the ledger at a time."""

PAGE = 500
"""Messages that a flush expedites at a time, so that it does not hold up commits."""


class Runner:
    """Delivers for one store. One event loop calls everything."""

    def __init__(
        self,
        store: QueueStore,
        plan: Plan,
        logger: Logger,
        *,
        number: int = 0,
        clocks: Clocks | None = None,
    ) -> None:
        self._store = store
        self._hands = Hands(store, plan, logger, number=number, clocks=clocks or Clocks())
        self._clock = self._hands.clock
        self._recorder = Recorder(self._hands, number, self.submit)
        self._dispatcher = Dispatcher(self._hands, self._recorder)
        self._recent: set[int] | None = None  # taken over since the current look into the ledger began

    @property
    def active(self) -> int:
        """Messages under delivery."""
        return len(self._hands.active)

    def adopt(self, plan: Plan) -> None:
        """Go on with a new configuration; what runs is finished with the old one."""
        self._hands.adopt(plan)
        self._hands.wake.set()

    def submit(self, message: StoredMessage) -> None:
        """Take over a message that has just been committed (rule 1)."""
        if self._recent is not None:
            self._recent.add(message.identity.number)
        hands = self._hands
        if message.state is not MessageState.ACTIVE or message.identity.number in hands.active or hands.stopping:
            return
        if hands.full:
            hands.more = True
            return
        self._begin(message)

    async def run(self) -> None:
        """Deliver until `stop`. Raises OwnerLost."""
        hands = self._hands
        while not hands.stopping:
            hands.wake.clear()
            try:
                await self._look()
            except OwnerLost as error:
                hands.lose(error)
            except StoreError as error:
                hands.log(Warned(f"cannot read the queue: {error}"))
            if not hands.stopping:
                with suppress(TimeoutError):
                    await asyncio.wait_for(hands.wake.wait(), hands.plan.rules.run_delay)
        if hands.lost is not None:
            raise hands.lost

    async def stop(self, grace: float) -> None:
        """Begin nothing more, wait for what runs for up to `grace` seconds, and break off the rest.

        What was broken off, and what waits, is still in the ledger.
        """
        self._hands.stopping = True
        self._hands.wake.set()
        await self._hands.finish(grace)

    async def flush(self, domain: str = "") -> int:
        """Make all deferred mail due now, or that with a recipient in a domain; returns how many messages.

        Destinations that were given up get another chance. Raises StoreError.
        """
        self._hands.schedule.revive(self._hands.timer())
        selection = Selection((MessageState.DEFERRED,), domain.lower())
        count, last = 0, 0
        while page := await self._store.browse(selection, last, PAGE):
            last = page[-1].identity.number
            count += len(page)
            await self._store.change([message.identity.number for message in page], Change.EXPEDITE, self._clock())
        self._hands.wake.set()
        return count

    async def change(self, numbers: Sequence[int], change: Change) -> None:
        """Do what an administrator asks, also with messages under delivery. Raises StoreError."""
        if change in {Change.HOLD, Change.REQUEUE}:
            for number in numbers:
                self._withdraw(number)
        await self._store.change(numbers, change, self._clock())
        self._hands.wake.set()

    async def erase(self, numbers: Sequence[int]) -> None:
        """Delete messages; a delivery that runs is not broken off. Raises StoreError."""
        for number in numbers:
            self._withdraw(number, erased=True)
        await self._store.erase(numbers)

    # Taking messages over

    async def _look(self) -> None:
        """Take over what is due, as far as there is room."""
        hands, now = self._hands, self._clock()
        hands.schedule.expire(hands.timer())
        hands.more = hands.full
        if hands.more:
            return
        room = hands.plan.rules.active_limit - len(hands.active)
        # Whatever is in our hands now, or comes into them while we look, may be read in a state that has passed.
        recent = self._recent = set(hands.active)
        try:
            due = await self._store.due(now, room + len(recent) + 1)
            wanted = [number for number in due if number not in recent]
            hands.more = len(wanted) > room
            for start in range(0, min(len(wanted), room), LOAD):
                if hands.full:
                    hands.more = True
                    break
                for message in await self._store.load(wanted[start : min(start + LOAD, room)]):
                    if isinstance(message, Damaged):
                        await self._set_aside(message)
                    elif message.identity.number not in recent and _waits(message, now) and not hands.stopping:
                        self._begin(message)
        finally:
            self._recent = None

    async def _set_aside(self, damaged: Damaged) -> None:
        self._hands.log(Warned(f"{damaged.identity.queue_id}: damaged message set aside: {damaged.finding}"))
        await self._store.change([damaged.identity.number], Change.SET_ASIDE, self._clock(), damaged.finding)

    def _begin(self, message: StoredMessage) -> None:
        active = self._hands.take(message)
        self._hands.spawn(self._dispatcher.begin(active), active)

    def _withdraw(self, number: int, *, erased: bool = False) -> None:
        active = self._hands.active.get(number)
        if active is None:
            return
        active.withdrawn = True
        active.erased = active.erased or erased
        active.claims -= len(self._hands.schedule.withdraw(number, self._hands.timer()))
        if not active.claims:
            self._hands.spawn(self._recorder.save(active), active)  # what is known of it is written before it is let go


def _waits(message: StoredMessage, now: float) -> bool:
    return message.state in {MessageState.ACTIVE, MessageState.DEFERRED} and message.due <= now
