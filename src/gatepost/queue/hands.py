"""What the parts of the runner have in common: the messages under delivery, the plan, the schedule, the log."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace

from gatepost.mail.events import Warned
from gatepost.maillog import Logger
from gatepost.queue.active import ActiveMessage
from gatepost.queue.body import MemoryBody
from gatepost.queue.plan import Plan
from gatepost.queue.record import StoredMessage
from gatepost.queue.schedule import Schedule
from gatepost.queue.store import OwnerLost, QueueStore

MEMORY = 64 * 1024 * 1024
"""Bytes of content that messages under delivery keep in memory; beyond that it is read from the ledger when wanted."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """Where time comes from.

    `clock` gives seconds since the epoch, for what is written down and shown; it may be set forwards and backwards.
    `timer` gives seconds of a clock that never jumps, and `pause` waits by it.
    """

    clock: Callable[[], float] = time.time
    timer: Callable[[], float] = time.monotonic
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep


class Hands:
    """The messages in our hands. `number` is the log number of the queue itself."""

    def __init__(
        self,
        store: QueueStore,
        plan: Plan,
        logger: Logger,
        *,
        number: int,
        clocks: Clocks,
    ) -> None:
        self.store = store
        self.plan = plan
        self.logger = logger
        self.clock, self.timer, self.pause = clocks.clock, clocks.timer, clocks.pause
        self.log = logger.bind("qmgr", number)
        self.numbers = itertools.count(number + 1)
        rules = plan.rules
        self.schedule = Schedule(
            rules.limits, penalty=rules.retry.minimal_backoff, probation=rules.retry.maximal_backoff
        )
        self.active: dict[int, ActiveMessage] = {}
        self.wake = asyncio.Event()
        """Set when the ledger is to be looked into."""
        self.more = True
        """The ledger has due messages that memory had no room for."""
        self.stopping = False
        self.lost: OwnerLost | None = None
        self._memory = 0
        self._recipients = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def adopt(self, plan: Plan) -> None:
        """Go on with a new configuration."""
        self.plan = plan
        rules = plan.rules
        self.schedule.adopt(rules.limits, penalty=rules.retry.minimal_backoff, probation=rules.retry.maximal_backoff)

    @property
    def full(self) -> bool:
        """Whether memory has no room for another message (`qmgr_message_active_limit`, `..._recipient_limit`)."""
        rules = self.plan.rules
        many = self._recipients >= rules.recipient_limit and bool(self.active)
        return many or len(self.active) >= rules.active_limit

    def take(self, message: StoredMessage) -> ActiveMessage:
        """Take a message over; whoever does so holds its first claim."""
        if isinstance(message.body, MemoryBody):
            if self._memory + message.body.size > MEMORY:
                message = replace(message, body=self.store.leave_in_ledger(message))
            else:
                self._memory += message.body.size
        active = ActiveMessage(message, self.clock(), claims=1)
        self.active[active.number] = active
        self._recipients += len(message.rows)
        return active

    def drop(self, active: ActiveMessage) -> None:
        """It is out of our hands: finished, deferred, or withdrawn."""
        if self.active.get(active.number) is not active:
            return
        del self.active[active.number]
        if isinstance(active.base.body, MemoryBody):
            self._memory -= active.base.body.size
        self._recipients -= len(active.base.rows)
        rules = self.plan.rules
        roomy = len(self.active) <= rules.active_limit // 2 and self._recipients <= rules.recipient_limit // 2
        if active.withdrawn or (self.more and roomy):
            self.wake.set()

    def holds(self, active: ActiveMessage) -> bool:
        """Whether it is in our hands still."""
        return self.active.get(active.number) is active

    def lose(self, error: OwnerLost) -> None:
        """Stop delivering: somebody else does it now."""
        self.lost = error
        self.stopping = True
        self.wake.set()
        self.log(Warned(f"this process no longer owns its part of the queue: {error}"))

    def spawn(self, work: Coroutine[None, None, None], active: ActiveMessage) -> None:
        """Run something for a message. If it fails unforeseen, the ledger still has the message for the next look."""
        self._tasks.add(asyncio.create_task(self._guarded(work, active)))

    async def _guarded(self, work: Coroutine[None, None, None], active: ActiveMessage) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - one message must not end the delivery of all others
            self.log(Warned(f"{active.queue_id}: internal error: {error!r}"))
            self.schedule.withdraw(active.number, self.timer())
            self.drop(active)
        finally:  # here, as a callback would be one more turn of the loop for each message
            if (task := asyncio.current_task()) is not None:
                self._tasks.discard(task)

    async def finish(self, grace: float) -> None:
        """Wait for what runs for up to `grace` seconds, and break off the rest."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace)
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
