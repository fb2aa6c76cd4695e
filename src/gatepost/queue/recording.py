"""What comes of deliveries is logged and recorded, and nobody is left uninformed.

The rules:

1. Results are written as they come. A recipient that turned into others is written before these are delivered.
2. When everybody has been tried, the message's end and the reports on it are one write.
3. A write that fails is tried until it succeeds; the message is not delivered again meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from gatepost.mail.address import external
from gatepost.mail.delivery import Agent, Result
from gatepost.mail.events import Noted, Warned
from gatepost.mail.events.queue import Expired, Removed, Reported
from gatepost.queue.active import ActiveMessage
from gatepost.queue.conclusion import Conclusion, conclude, postponed
from gatepost.queue.forwarding import send_on
from gatepost.queue.hands import Hands
from gatepost.queue.record import Fate, ReportOrder, Row, Settlement, StoredMessage
from gatepost.queue.store import OwnerLost, StoreError

LONGEST_PAUSE = 60.0
"""Seconds between attempts at a write that fails."""

Made = Sequence[tuple[ReportOrder, StoredMessage]]
"""Reports, ready to be stored, with what ordered them."""


class Recorder:
    """Records for one runner. `submit` takes over what it makes."""

    def __init__(
        self,
        hands: Hands,
        number: int,
        submit: Callable[[StoredMessage], None],
    ) -> None:
        self._hands = hands
        self._bounce_log = hands.logger.bind("bounce", number)
        self._submit = submit

    async def absorb(
        self,
        active: ActiveMessage,
        results: Sequence[Result],
        started: float,
        agent: Agent | None = None,
        number: int = 0,
    ) -> list[Row]:
        """Log and record results, and give back the claim they were awaited under (rules 1 and 2).

        Without an agent they are the queue's own; Postfix's `error` process says such things. Where recipients turned
        into others, these are returned, and the claim is theirs.
        """
        plan = self._hands.plan
        if results:
            if any(result.forwards for result in results):
                results = [await send_on(active, result, plan) if result.forwards else result for result in results]
            self._log(active, results, started, agent, number)
        new = [row for result in results for row in active.apply(result, plan.rules)]
        if not new:
            active.claims -= 1
        if active.unsaved or not active.claims:
            await self.save(active)
        return new

    def _log(
        self, active: ActiveMessage, results: Sequence[Result], started: float, agent: Agent | None, number: int
    ) -> None:
        process, name = (agent.process, agent.syslog_name) if agent else ("error", None)
        emit = self._hands.logger.bind(process, number or next(self._hands.numbers), name)
        for result in (told for one in results for told in ((one,) if one.told is None else one.told)):
            line = active.line(result, started, self._hands.plan.rules)
            if line is not None:
                emit(line)

    async def save(self, active: ActiveMessage) -> None:
        """Write what is new; conclude the pass where nothing more is to come."""
        hands = self._hands
        async with active.writing:
            if not active.unsaved and not hands.holds(active):
                return
            # Where we stop before everybody was tried, nobody is put off for that: the next owner goes on at once.
            if not active.claims and not active.withdrawn and not (hands.stopping and active.untried):
                await self._conclude(active)
            if active.unsaved and not active.erased:
                await self.write(active, active.settlement())
            if not active.claims:
                hands.drop(active)

    async def _conclude(self, active: ActiveMessage) -> None:
        """End the pass: removed or deferred, with the reports that are owed (rule 2)."""
        rules, clock = self._hands.plan.rules, self._hands.clock
        if active.rows:
            conclusion = conclude(active.message, rules, clock())
        else:
            conclusion = Conclusion(Fate.REMOVE, active.base, (), ())
        if conclusion.expired:
            self._hands.log(Expired(active.queue_id, external(active.base.envelope.sender)))
        reports = await self._reports(active, conclusion) if conclusion.orders else []
        if active.withdrawn:  # while the reports were written; they are owed still
            return
        if reports is None:
            late = postponed(active.base, rules, "a report cannot be made now", clock())
            settlement = replace(active.settlement(), message=late, fate=Fate.UPDATE)
        else:
            settlement = Settlement(
                conclusion.message,
                conclusion.fate,
                tuple(active.changed.values()),
                (*active.removed, *conclusion.removed),
                (*active.made, *[report for _, report in reports]),
            )
        if await self.write(active, settlement):
            self._hands.drop(active)
            self._announce(active, conclusion, settlement, reports or [])

    async def _reports(self, active: ActiveMessage, conclusion: Conclusion) -> Made | None:
        """The reports that are owed, ready to be stored; None where that is not possible now."""
        made: list[tuple[ReportOrder, StoredMessage]] = []
        for order in conclusion.orders:
            try:
                report = await self._hands.plan.report(order)
            except Exception as error:  # noqa: BLE001 - whatever it is, the report stays owed
                self._bounce_log(Warned(f"{active.queue_id}: {order.kind.value} failed: {error}"))
                return None
            if report is not None:
                made.append((order, report))
        return made

    def _announce(self, active: ActiveMessage, conclusion: Conclusion, settlement: Settlement, reports: Made) -> None:
        queue_id = active.queue_id
        for order, report in reports:
            self._bounce_log(Reported(queue_id, order.kind.value, report.queue_id))
        if conclusion.discarded:
            self._bounce_log(Warned(f"{queue_id}: undeliverable postmaster notification discarded"))
        if conclusion.unheard:
            self._bounce_log(Noted(f"{queue_id}: not sending trace/success notification for single-bounce message"))
        if settlement.fate is Fate.REMOVE:
            self._hands.log(Removed(queue_id))
        for _, report in reports:
            self._submit(report)

    async def write(self, active: ActiveMessage, settlement: Settlement) -> bool:
        """Write until it succeeds (rule 3); False where it must not be written any more.

        An administrator's word overtakes the end of a pass, but not what became of recipients.
        """
        delay = 1.0
        while not active.erased and self._hands.lost is None:
            if active.withdrawn and settlement.fate is not Fate.KEEP:
                return False
            try:
                await self._hands.store.settle(settlement)
            except OwnerLost as error:
                self._hands.lose(error)
            except StoreError as error:
                self._hands.log(Warned(f"{active.queue_id}: cannot update the queue: {error}"))
                await self._hands.pause(delay)
                delay = min(delay * 2, LONGEST_PAUSE)
            else:
                for message in active.written(settlement):
                    self._submit(message)
                return True
        return False
