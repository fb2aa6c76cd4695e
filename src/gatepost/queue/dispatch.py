"""From recipients to deliveries: each is routed, waits for its turn, and is handed to an agent.

The rules:

1. A message has one task: it routes the recipients, and where a delivery may begin at once, it carries that out, too.
   A delivery that has to wait has no task until its turn comes.
2. Whatever an agent does, each of its recipients has a result.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace

from gatepost.mail.address import external
from gatepost.mail.delivery import Agent, Result
from gatepost.mail.events import Warned
from gatepost.oracle import LookupFailed
from gatepost.queue.active import ActiveMessage, refusal
from gatepost.queue.hands import Hands
from gatepost.queue.record import Fate, Row
from gatepost.queue.recording import Recorder
from gatepost.queue.schedule import Batch, Failure, Suspension, Target, batches
from gatepost.routing.expansion import ExpansionRefused


class Dispatcher:
    """Brings messages on their way for one runner."""

    def __init__(self, hands: Hands, recorder: Recorder) -> None:
        self._hands = hands
        self._recorder = recorder
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = 0.0

    async def begin(self, active: ActiveMessage) -> None:
        """A pass over a message that was just taken over, as far as one task goes (rule 1)."""
        if active.base.renew and not await self._renew(active):
            await self._recorder.absorb(active, [], self._hands.clock())
            return
        pending = active.pending
        if pending:
            self._hands.log(active.activation(len(pending)))
        if active.base.redirect:
            active.redirect()
            pending = active.pending
        await self._bring_on(active, pending)

    async def _renew(self, active: ActiveMessage) -> bool:
        """Work the recipients out anew; False where that cannot be done now."""
        asked = {row.recipient.original: row.recipient for row in active.pending}
        given = tuple(replace(recipient, address=recipient.original) for recipient in asked.values())
        try:
            recipients = await self._hands.plan.expand(replace(active.base.envelope, recipients=given))
        except (LookupFailed, ExpansionRefused) as error:
            self._hands.log(Warned(f"{active.queue_id}: requeued recipients: {error}"))
            return False
        active.renewed(recipients)
        async with active.writing:
            return await self._recorder.write(active, replace(active.settlement(), fate=Fate.UPDATE))

    async def _bring_on(self, active: ActiveMessage, rows: Sequence[Row]) -> None:
        """Route rows, and carry out a delivery of theirs if one may begin; a claim is held for the rows."""
        batch = await self._route(active, rows)
        while batch is not None:
            new = await self._attempt(active, batch)
            batch = await self._route(active, new) if new else None

    async def _route(self, active: ActiveMessage, rows: Sequence[Row]) -> Batch | None:
        """Schedule rows, and give back the claim that is held for them; a batch of theirs that has begun, if any."""
        hands = self._hands
        refused: list[Result] = []
        wanted: list[tuple[int, str, Target]] = []
        for row in rows:
            target = await self._target(active, row)
            if isinstance(target, Target):
                wanted.append((row.number, active.addressed_to(row).address, target))
            else:
                refused.append(target)
        begun: Batch | None = None
        if not active.withdrawn and not hands.stopping:
            parts = list(batches(active.number, wanted, hands.plan.rules.limits))
            suspensions = hands.schedule.add(parts, hands.timer())
            active.claims += len(parts) - len(suspensions)
            for suspension in suspensions:
                refused += self._suspended(active, suspension)
            begun = self.pump(None if refused else active)
        await self._recorder.absorb(active, refused, hands.clock())
        return begun

    async def _target(self, active: ActiveMessage, row: Row) -> Target | Result:
        """Where a row goes, or why it cannot go now."""
        hands, address, message = self._hands, row.recipient.address, active.base
        try:
            route = await hands.plan.resolve(address, message.envelope.sender)
        except LookupFailed as error:
            hands.log(Warned(f"{message.queue_id}: {external(address)}: {error}"))
            return refusal(row.number, "4.3.0", "address resolver failure")
        transport, nexthop = route.transport, route.nexthop
        if route.recipient != address:
            active.routed[row.number] = replace(row.recipient, address=route.recipient)
        if message.route:
            transport, _, nexthop = message.route.partition(":")
            nexthop = nexthop or route.recipient.rpartition("@")[2]
        if transport in hands.plan.rules.deferred_transports:
            return refusal(row.number, "4.3.2", "deferred transport")
        if transport not in hands.plan.agents:
            hands.log(Warned(f"connect to transport private/{transport}: No such file or directory"))
            return refusal(row.number, "4.3.0", "mail transport unavailable")
        return Target(transport, nexthop)

    def pump(self, ours: ActiveMessage | None = None) -> Batch | None:
        """Begin the deliveries whose turn it is; one of `ours` is returned for its own task to carry out."""
        hands, kept = self._hands, None
        if hands.stopping:
            return None
        for batch in hands.schedule.start(hands.timer()):
            active = hands.active[batch.message]  # a batch never outlives its message here: see withdraw and spawn
            if active is ours and kept is None:
                kept = batch
            else:
                hands.spawn(self._carry_out(active, batch), active)
        again = hands.schedule.next_start()
        if again is not None and (self._alarm is None or again < self._alarm_at):
            self._set_alarm(again)
        return kept

    def _set_alarm(self, again: float) -> None:
        """Pump again when something has rested long enough (rate delays)."""
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = again
        self._alarm = asyncio.get_running_loop().call_later(max(again - self._hands.timer(), 0.0), self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self.pump()

    async def _carry_out(self, active: ActiveMessage, batch: Batch) -> None:
        new = await self._attempt(active, batch)
        if new:
            await self._bring_on(active, new)

    async def _attempt(self, active: ActiveMessage, batch: Batch) -> list[Row]:
        """A delivery; returns the rows that its recipients turned into, with the claim for them."""
        hands = self._hands
        agent = hands.plan.agents.get(batch.target.transport)
        number = next(hands.numbers)
        started = hands.clock()
        if agent is None:  # the new configuration has it no longer
            results = _refused(active.pending, "4.3.0", "mail transport unavailable")
        else:
            results = await self._deliver(active, agent, batch, number)
        failure = next((Failure(result.dsn, result.text) for result in results if result.destination_failed), None)
        for suspension in hands.schedule.done(batch, failure, hands.timer()):
            other = hands.active[suspension.batch.message]
            hands.spawn(self._absorb(other, self._suspended(other, suspension)), other)
        self.pump()
        return await self._recorder.absorb(active, results, started, agent, number)

    async def _absorb(self, active: ActiveMessage, results: Sequence[Result]) -> None:
        await self._recorder.absorb(active, results, self._hands.clock())

    async def _deliver(self, active: ActiveMessage, agent: Agent, batch: Batch, number: int) -> list[Result]:
        """One result for each row of the batch (rule 2)."""
        try:
            results = list(await agent.transport.deliver(active.job(batch, number)))
        except Exception as error:  # noqa: BLE001 - a fault in an agent defers its mail, it does not lose it
            self._hands.log(Warned(f"{active.queue_id}: transport {batch.target.transport}: {error!r}"))
            results = []
        if len(results) == len(batch.rows) == 1 and results[0].row == batch.rows[0]:
            return results
        told = {result.row for result in results}
        missing = [row for row in batch.rows if row not in told]
        return results + [refusal(row, "4.3.0", "unknown mail transport error") for row in missing]

    def _suspended(self, active: ActiveMessage, suspension: Suspension) -> list[Result]:
        text = f"delivery temporarily suspended: {suspension.failure.text}"
        rows = [row for number in suspension.batch.rows if (row := active.rows.get(number)) is not None]
        return _refused(rows, suspension.failure.dsn, text)


def _refused(rows: Iterable[Row], dsn: str, text: str) -> list[Result]:
    return [refusal(row.number, dsn, text) for row in rows]
