"""The runner: has a store's messages delivered, records what comes of it, and leaves nobody uninformed.

The rules:

1. A fresh message is taken over from memory. What memory has no room for waits in the ledger and is found by its due
   time; so the queue may be of any length.
2. Results are written as they come. A recipient that turned into others is written before these are delivered.
3. When everybody has been tried, the message's end and the reports on it are one write.
4. A write that fails is tried until it succeeds; the message is not delivered again meanwhile.
5. Whoever loses the ownership of the ledger stops at once: `run` raises OwnerLost.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from gatepost.mail.address import external
from gatepost.mail.delivery import Agent, Result
from gatepost.mail.events import Noted, Warned
from gatepost.mail.events.queue import Expired, Removed, Reported
from gatepost.maillog import Logger
from gatepost.oracle import LookupFailed
from gatepost.queue.active import ActiveMessage, refusal
from gatepost.queue.body import MemoryBody
from gatepost.queue.conclusion import Conclusion, conclude, postponed
from gatepost.queue.forwarding import send_on
from gatepost.queue.plan import Plan
from gatepost.queue.record import (
    Change,
    Damaged,
    Fate,
    MessageState,
    ReportOrder,
    Row,
    Selection,
    Settlement,
    StoredMessage,
)
from gatepost.queue.schedule import Batch, Failure, Schedule, Suspension, Target, batches
from gatepost.queue.store import OwnerLost, QueueStore, StoreError
from gatepost.routing.expansion import ExpansionRefused

MEMORY = 64 * 1024 * 1024
"""Bytes of content that messages under delivery keep in memory; beyond that it is read from the ledger when wanted."""

LOAD = 50
"""Messages that are read from the ledger at a time."""

PAGE = 500
"""Messages that a flush expedites at a time, so that it does not hold up commits."""

LONGEST_PAUSE = 60.0
"""Seconds between attempts at a write that fails."""


class Runner:
    """Delivers for one store. One event loop calls everything; `pause` is how it waits between failing writes."""

    def __init__(
        self,
        store: QueueStore,
        plan: Plan,
        logger: Logger,
        *,
        number: int = 0,
        clock: Callable[[], float] = time.time,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._plan = plan
        self._logger = logger
        self._queue_log = logger.bind("qmgr", number)
        self._bounce_log = logger.bind("bounce", number)
        self._numbers = itertools.count(number + 1)
        self._clock = clock
        self._pause = pause
        rules = plan.rules
        self._schedule = Schedule(
            rules.limits, initial_window=rules.initial_window, penalty=rules.retry.minimal_backoff
        )
        self._active: dict[int, ActiveMessage] = {}
        self._memory = 0
        self._recent: set[int] | None = None  # taken over since the current look into the ledger began
        self._more = True  # the ledger has due messages that memory had no room for
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._lost: OwnerLost | None = None

    @property
    def active(self) -> int:
        """Messages under delivery."""
        return len(self._active)

    def adopt(self, plan: Plan) -> None:
        """Go on with a new configuration; what runs is finished with the old one."""
        self._plan = plan
        rules = plan.rules
        self._schedule.adopt(rules.limits, initial_window=rules.initial_window, penalty=rules.retry.minimal_backoff)
        self._wake.set()

    def submit(self, message: StoredMessage) -> None:
        """Take over a message that has just been committed (rule 1)."""
        if self._recent is not None:
            self._recent.add(message.identity.number)
        if message.state is not MessageState.ACTIVE or message.identity.number in self._active or self._stopping:
            return
        if len(self._active) >= self._plan.rules.active_limit:
            self._more = True
            return
        self._take(message)

    async def run(self) -> None:
        """Deliver until `stop`. Raises OwnerLost."""
        while not self._stopping:
            self._wake.clear()
            try:
                await self._look()
            except OwnerLost as error:
                self._lose(error)
            except StoreError as error:
                self._queue_log(Warned(f"cannot read the queue: {error}"))
            if not self._stopping:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), self._plan.rules.run_delay)
        if self._lost is not None:
            raise self._lost

    async def stop(self, grace: float) -> None:
        """Begin nothing more, wait for what runs for up to `grace` seconds, and break off the rest.

        What was broken off, and what waits, is still in the ledger.
        """
        self._stopping = True
        self._wake.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace)
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def flush(self, domain: str = "") -> int:
        """Make all deferred mail due now, or that with a recipient in a domain; returns how many messages.

        Destinations that were given up get another chance. Raises StoreError.
        """
        self._schedule.revive()
        selection = Selection((MessageState.DEFERRED,), domain.lower())
        count, last = 0, 0
        while page := await self._store.browse(selection, last, PAGE):
            last = page[-1].identity.number
            count += len(page)
            await self._store.change([message.identity.number for message in page], Change.EXPEDITE, self._clock())
        self._wake.set()
        return count

    async def change(self, numbers: Sequence[int], change: Change) -> None:
        """Do what an administrator asks, also with messages under delivery. Raises StoreError."""
        if change in {Change.HOLD, Change.REQUEUE}:
            for number in numbers:
                self._withdraw(number)
        await self._store.change(numbers, change, self._clock())
        self._wake.set()

    async def erase(self, numbers: Sequence[int]) -> None:
        """Delete messages; a delivery that runs is not broken off. Raises StoreError."""
        for number in numbers:
            self._withdraw(number, erased=True)
        await self._store.erase(numbers)

    # Taking messages over

    async def _look(self) -> None:
        """Take over what is due, as far as there is room."""
        now = self._clock()
        self._schedule.expire(now)
        room = self._plan.rules.active_limit - len(self._active)
        self._more = room <= 0
        if room <= 0:
            return
        # Whatever is in our hands now, or comes into them while we look, may be read in a state that has passed.
        recent = self._recent = set(self._active)
        try:
            due = await self._store.due(now, room + len(recent) + 1)
            wanted = [number for number in due if number not in recent]
            self._more = len(wanted) > room
            for start in range(0, min(len(wanted), room), LOAD):
                for message in await self._store.load(wanted[start : min(start + LOAD, room)]):
                    if isinstance(message, Damaged):
                        await self._set_aside(message)
                    elif message.identity.number not in recent and _waits(message, now) and not self._stopping:
                        self._take(message)
        finally:
            self._recent = None

    async def _set_aside(self, damaged: Damaged) -> None:
        self._queue_log(Warned(f"{damaged.identity.queue_id}: damaged message set aside: {damaged.finding}"))
        await self._store.change([damaged.identity.number], Change.SET_ASIDE, self._clock(), damaged.finding)

    def _take(self, message: StoredMessage) -> None:
        if isinstance(message.body, MemoryBody):
            if self._memory + message.body.size > MEMORY:
                message = replace(message, body=self._store.leave_in_ledger(message))
            else:
                self._memory += message.body.size
        active = ActiveMessage(message, self._clock(), claims=1)
        self._active[active.number] = active
        self._spawn(self._begin(active), active)

    def _drop(self, active: ActiveMessage) -> None:
        """It is out of our hands: finished, deferred, or withdrawn."""
        if self._active.get(active.number) is not active:
            return
        del self._active[active.number]
        if isinstance(active.message.body, MemoryBody):
            self._memory -= active.message.body.size
        if active.withdrawn or (self._more and len(self._active) <= self._plan.rules.active_limit // 2):
            self._wake.set()

    def _withdraw(self, number: int, *, erased: bool = False) -> None:
        active = self._active.get(number)
        if active is None:
            return
        active.withdrawn = True
        active.erased = active.erased or erased
        active.claims -= len(self._schedule.withdraw(number))
        if not active.claims:
            self._spawn(self._save(active), active)  # what is known of it is written before it is let go

    def _spawn(self, work: Coroutine[None, None, None], active: ActiveMessage) -> None:
        """Run something for a message. If it fails unforeseen, the ledger still has the message for the next look."""

        async def guarded() -> None:
            try:
                await work
            except Exception as error:  # noqa: BLE001 - one message must not end the delivery of all others
                self._queue_log(Warned(f"{active.message.queue_id}: internal error: {error!r}"))
                self._schedule.withdraw(active.number)
                self._drop(active)

        task = asyncio.create_task(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Routing and delivering

    async def _begin(self, active: ActiveMessage) -> None:
        if active.message.renew and not await self._renew(active):
            await self._absorb(active, [], self._clock())
            return
        if active.message.pending:
            self._queue_log(active.activation())
        if active.message.redirect:
            active.redirect()
        await self._route(active, active.message.pending)

    async def _renew(self, active: ActiveMessage) -> bool:
        """Work the recipients out anew; False where that cannot be done now."""
        message = active.message
        asked = {row.recipient.original: row.recipient for row in message.pending}
        given = tuple(replace(recipient, address=recipient.original) for recipient in asked.values())
        try:
            recipients = await self._plan.expand(replace(message.envelope, recipients=given))
        except (LookupFailed, ExpansionRefused) as error:
            self._queue_log(Warned(f"{message.queue_id}: requeued recipients: {error}"))
            return False
        active.renewed(recipients)
        async with active.writing:
            return await self._write(active, replace(active.settlement(), fate=Fate.UPDATE))

    async def _route(self, active: ActiveMessage, rows: Sequence[Row]) -> None:
        """Schedule rows; a claim is held for this, which `_absorb` gives back."""
        refused: list[Result] = []
        wanted: list[tuple[int, str, Target]] = []
        for row in rows:
            target = await self._target(active, row)
            if isinstance(target, Target):
                wanted.append((row.number, active.addressed_to(row).address, target))
            else:
                refused.append(target)
        if not active.withdrawn and not self._stopping:
            for batch in batches(active.number, wanted, self._plan.rules.limits):
                suspension = self._schedule.add(batch, self._clock())
                if suspension is None:
                    active.claims += 1
                else:
                    refused += self._suspended(active, suspension)
            self._pump()
        await self._absorb(active, refused, self._clock())

    async def _target(self, active: ActiveMessage, row: Row) -> Target | Result:
        """Where a row goes, or why it cannot go now."""
        address, message = row.recipient.address, active.message
        try:
            route = await self._plan.resolve(address, message.envelope.sender)
        except LookupFailed as error:
            self._queue_log(Warned(f"{message.queue_id}: {external(address)}: {error}"))
            return refusal(row.number, "4.3.0", "address resolver failure")
        transport, nexthop = route.transport, route.nexthop
        active.routed[row.number] = replace(row.recipient, address=route.recipient)
        if message.route:
            transport, _, nexthop = message.route.partition(":")
            nexthop = nexthop or route.recipient.rpartition("@")[2]
        if transport in self._plan.rules.deferred_transports:
            return refusal(row.number, "4.3.2", "deferred transport")
        if transport not in self._plan.agents:
            self._queue_log(Warned(f"connect to transport private/{transport}: No such file or directory"))
            return refusal(row.number, "4.3.0", "mail transport unavailable")
        return Target(transport, nexthop)

    def _pump(self) -> None:
        """Begin the deliveries whose turn it is."""
        if self._stopping:
            return
        for batch in self._schedule.start():
            active = self._active[batch.message]  # a batch never outlives its message here: see _withdraw and _spawn
            self._spawn(self._attempt(active, batch), active)

    async def _attempt(self, active: ActiveMessage, batch: Batch) -> None:
        agent = self._plan.agents.get(batch.target.transport)
        number = next(self._numbers)
        started = self._clock()
        if agent is None:  # the new configuration has it no longer
            results = self._refused(active.message.pending, "4.3.0", "mail transport unavailable")
        else:
            results = await self._deliver(active, agent, batch, number)
        failure = next((result for result in results if result.destination_failed), None)
        reason = Failure(failure.dsn, failure.text) if failure else None
        for suspension in self._schedule.done(batch, reason, self._clock()):
            other = self._active[suspension.batch.message]
            self._spawn(self._absorb(other, self._suspended(other, suspension), self._clock()), other)
        self._pump()
        await self._absorb(active, results, started, agent, number)

    async def _deliver(self, active: ActiveMessage, agent: Agent, batch: Batch, number: int) -> list[Result]:
        """One result for each row of the batch, whatever the agent does."""
        try:
            results = list(await agent.transport.deliver(active.job(batch, number)))
        except Exception as error:  # noqa: BLE001 - a fault in an agent defers its mail, it does not lose it
            self._queue_log(Warned(f"{active.message.queue_id}: transport {batch.target.transport}: {error!r}"))
            results = []
        told = {result.row for result in results}
        missing = [row for row in batch.rows if row not in told]
        return results + [refusal(row, "4.3.0", "unknown mail transport error") for row in missing]

    def _refused(self, rows: Iterable[Row], dsn: str, text: str) -> list[Result]:
        return [refusal(row.number, dsn, text) for row in rows]

    def _suspended(self, active: ActiveMessage, suspension: Suspension) -> list[Result]:
        text = f"delivery temporarily suspended: {suspension.failure.text}"
        rows = [row for number in suspension.batch.rows if (row := active.row(number)) is not None]
        return self._refused(rows, suspension.failure.dsn, text)

    # Recording what came of it

    async def _absorb(
        self,
        active: ActiveMessage,
        results: Sequence[Result],
        started: float,
        agent: Agent | None = None,
        number: int = 0,
    ) -> None:
        """Log and record results, and give back the claim they were awaited under (rules 2 and 3).

        Without an agent they are the queue's own; Postfix's `error` process says such things.
        """
        results = [await send_on(active, result, self._plan) if result.forwards else result for result in results]
        if results:
            self._log(active, results, started, agent, number)
        new = [row for result in results for row in active.apply(result, self._plan.rules)]
        if new:
            await self._save(active)
            await self._route(active, new)
            return
        active.claims -= 1
        await self._save(active)

    def _log(
        self, active: ActiveMessage, results: Sequence[Result], started: float, agent: Agent | None, number: int
    ) -> None:
        process, name = (agent.process, agent.syslog_name) if agent else ("error", None)
        emit = self._logger.bind(process, number or next(self._numbers), name)
        for result in (told for one in results for told in ((one,) if one.told is None else one.told)):
            line = active.line(result, started, self._plan.rules)
            if line is not None:
                emit(line)

    async def _save(self, active: ActiveMessage) -> None:
        """Write what is new; conclude the pass where nothing more is to come."""
        async with active.writing:
            if self._active.get(active.number) is not active and not active.unsaved:
                return
            # Where we stop before everybody was tried, nobody is put off for that: the next owner goes on at once.
            if not active.claims and not active.withdrawn and not (self._stopping and active.untried):
                await self._conclude(active)
            if active.unsaved and not active.erased:
                await self._write(active, active.settlement())
            if not active.claims:
                self._drop(active)

    async def _conclude(self, active: ActiveMessage) -> None:
        """End the pass: removed or deferred, with the reports that are owed (rule 3)."""
        conclusion = conclude(active.message, self._plan.rules, self._clock())
        if conclusion.expired:
            sender = external(active.message.envelope.sender)
            self._queue_log(Expired(active.message.queue_id, sender))
        reports = await self._reports(active, conclusion)
        if active.withdrawn:  # while the reports were written; they are owed still
            return
        made = active.settlement()
        if reports is None:
            late = postponed(active.message, self._plan.rules, "a report cannot be made now", self._clock())
            settlement = replace(made, message=late, fate=Fate.UPDATE)
        else:
            settlement = Settlement(
                conclusion.message,
                conclusion.fate,
                made.changed,
                (*made.removed, *conclusion.removed),
                (*made.reports, *(report for _, report in reports)),
            )
        if await self._write(active, settlement):
            self._drop(active)
            self._announce(active, conclusion, settlement, reports or [])

    async def _reports(
        self, active: ActiveMessage, conclusion: Conclusion
    ) -> list[tuple[ReportOrder, StoredMessage]] | None:
        """The reports that are owed, ready to be stored; None where that is not possible now."""
        made: list[tuple[ReportOrder, StoredMessage]] = []
        for order in conclusion.orders:
            try:
                report = await self._plan.report(order)
            except Exception as error:  # noqa: BLE001 - whatever it is, the report stays owed
                self._bounce_log(Warned(f"{active.message.queue_id}: {order.kind.value} failed: {error}"))
                return None
            if report is not None:
                made.append((order, report))
        return made

    def _announce(
        self,
        active: ActiveMessage,
        conclusion: Conclusion,
        settlement: Settlement,
        reports: Sequence[tuple[ReportOrder, StoredMessage]],
    ) -> None:
        queue_id = active.message.queue_id
        for order, report in reports:
            self._bounce_log(Reported(queue_id, order.kind.value, report.queue_id))
        if conclusion.discarded:
            self._bounce_log(Warned(f"{queue_id}: undeliverable postmaster notification discarded"))
        if conclusion.unheard:
            self._bounce_log(Noted(f"{queue_id}: not sending trace/success notification for single-bounce message"))
        if settlement.fate is Fate.REMOVE:
            self._queue_log(Removed(queue_id))
        for _, report in reports:
            self.submit(report)

    async def _write(self, active: ActiveMessage, settlement: Settlement) -> bool:
        """Write until it succeeds (rule 4); False where it must not be written any more.

        An administrator's word overtakes the end of a pass, but not what became of recipients.
        """
        delay = 1.0
        while not active.erased and self._lost is None:
            if active.withdrawn and settlement.fate is not Fate.KEEP:
                return False
            try:
                await self._store.settle(settlement)
            except OwnerLost as error:
                self._lose(error)
            except StoreError as error:
                self._queue_log(Warned(f"{active.message.queue_id}: cannot update the queue: {error}"))
                await self._pause(delay)
                delay = min(delay * 2, LONGEST_PAUSE)
            else:
                for message in active.written(settlement):
                    self.submit(message)
                return True
        return False

    def _lose(self, error: OwnerLost) -> None:
        """Stop delivering: somebody else does it now (rule 5)."""
        self._lost = error
        self._stopping = True
        self._wake.set()
        self._queue_log(Warned(f"this process no longer owns its part of the queue: {error}"))


def _waits(message: StoredMessage, now: float) -> bool:
    return message.state in {MessageState.ACTIVE, MessageState.DEFERRED} and message.due <= now
