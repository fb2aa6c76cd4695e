"""A message that is being delivered: what memory adds to its ledger entry, and the log lines of its recipients."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from gatepost.mail.address import external
from gatepost.mail.delivery import Job, Result, Status
from gatepost.mail.envelope import Envelope, Recipient
from gatepost.mail.events.queue import Activated, Delivered
from gatepost.queue.conclusion import outcome, softened
from gatepost.queue.delays import Delays
from gatepost.queue.record import Fate, Row, RowState, Settlement, StoredMessage
from gatepost.queue.rules import QueueRules
from gatepost.queue.schedule import Batch


@dataclass(eq=False, slots=True)
class ActiveMessage:
    """A message in the hands of the runner.

    `base` is the message as it was taken over, but for what `redirect` and `renewed` do to it; `rows` are those that
    the ledger will have once `changed` and `removed` are written, by number; what was settled last comes last, as in
    reports. `claims` counts what is still to come for the message: batches that wait or run, recipients that are being
    routed. The pass ends when there is none. `withdrawn`: an administrator took it away, nothing new begins. `erased`:
    nothing is to be written any more. `made` are messages that it was sent on as, to be written with the rows.
    `writing` keeps its writes in order. `highest` is the greatest row number that was ever given out, as no number may
    come twice.
    """

    base: StoredMessage
    activated: float
    claims: int = 0
    withdrawn: bool = False
    erased: bool = False
    rows: dict[int, Row] = field(default_factory=dict)
    changed: dict[int, Row] = field(default_factory=dict)
    removed: set[int] = field(default_factory=set)
    made: list[StoredMessage] = field(default_factory=list)
    routed: dict[int, Recipient] = field(default_factory=dict)
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)
    highest: int = 0

    def __post_init__(self) -> None:
        self.rows = {row.number: row for row in self.base.rows}
        self.highest = max(self.rows, default=0)

    @property
    def message(self) -> StoredMessage:
        """The message as it is now."""
        return replace(self.base, rows=tuple(self.rows.values()))

    @property
    def pending(self) -> list[Row]:
        """The recipients that are to be delivered."""
        return [row for row in self.rows.values() if row.state is RowState.PENDING]

    @property
    def untried(self) -> bool:
        """Whether somebody waits of whom no attempt has told anything."""
        return any(row.result is None for row in self.pending)

    @property
    def number(self) -> int:
        """The message's number."""
        return self.base.identity.number

    @property
    def queue_id(self) -> str:
        """The message's queue id."""
        return self.base.identity.queue_id

    @property
    def unsaved(self) -> bool:
        """Whether memory knows more than the ledger."""
        return bool(self.changed or self.removed or self.made)

    def addressed_to(self, row: Row) -> Recipient:
        """The recipient as it was routed."""
        return self.routed.get(row.number, row.recipient)

    def apply(self, result: Result, rules: QueueRules) -> tuple[Row, ...]:
        """Take a result in; returns the rows that the recipient turned into."""
        row = self.rows.get(result.row)
        if row is None:
            return ()
        came_to = outcome(row, softened(result, rules), rules, warned=self.base.warned)
        if came_to.kept is None and not came_to.expanded:
            del self.rows[row.number]
            self.changed.pop(row.number, None)
            self.removed.add(row.number)
            return ()
        new = self._number(came_to.expanded)
        kept = (came_to.kept,) if came_to.kept else ()
        self.replace_rows((*kept, *new), () if kept else (row.number,))
        return new

    def replace_rows(self, changed: Iterable[Row], removed: Iterable[int]) -> None:
        """Change the message's rows, and remember to write it."""
        for row in changed:
            self.rows.pop(row.number, None)
            self.rows[row.number] = self.changed[row.number] = row
        for number in removed:
            self.rows.pop(number, None)
            self.changed.pop(number, None)
            self.removed.add(number)

    def settlement(self) -> Settlement:
        """What is to be written, for a message that goes on."""
        changed, removed, made = tuple(self.changed.values()), tuple(self.removed), tuple(self.made)
        return Settlement(self.base, Fate.KEEP, changed, removed, made)

    def written(self, settlement: Settlement) -> list[StoredMessage]:
        """Take note that it was; what came after it was made is still unsaved. Returns what it was sent on as."""
        for row in settlement.changed:
            if self.changed.get(row.number) is row:
                del self.changed[row.number]
        self.removed.difference_update(settlement.removed)
        if not self.made:
            return []
        now_stored = [message for message in self.made if message in settlement.reports]
        self.made = [message for message in self.made if message not in settlement.reports]
        return now_stored

    def redirect(self) -> None:
        """Let one recipient stand for all; Postfix takes the first in order of the addresses."""
        rows = sorted(self.pending, key=lambda row: row.recipient.address)
        changed = [replace(row, recipient=replace(row.recipient, address=self.base.redirect)) for row in rows[:1]]
        self.replace_rows(changed, [row.number for row in rows[1:]])

    def renewed(self, recipients: Sequence[Recipient]) -> None:
        """Put other recipients in the place of those that are pending."""
        gone = [row.number for row in self.pending]
        self.replace_rows(self._number((recipient, 0) for recipient in recipients), gone)
        self.base = replace(self.base, renew=False)

    def _number(self, expanded: Iterable[tuple[Recipient, int]]) -> tuple[Row, ...]:
        first = self.highest + 1
        rows = tuple(Row(number, recipient, depth=depth) for number, (recipient, depth) in enumerate(expanded, first))
        self.highest += len(rows)
        return rows

    def job(self, batch: Batch, number: int) -> Job:
        """The delivery request for a batch; `number` marks its log lines."""
        base, given = self.base, self.base.envelope
        rows = [row for number in batch.rows if (row := self.rows.get(number)) is not None]
        recipients = tuple([(row.number, self.addressed_to(row)) for row in rows])
        return Job(
            base.identity.queue_id,
            Envelope(
                given.sender,
                tuple([recipient for _, recipient in recipients]),
                given.ret,
                given.envid,
                given.body_8bit,
                given.smtputf8,
                given.origin,
            ),
            recipients,
            batch.target.transport,
            batch.target.nexthop,
            base.body,
            base.arrived,
            base.received,
            self.activated,
            base.attempts,
            number,
        )

    def activation(self, pending: int) -> Activated:
        """The log line that begins the pass, with so many recipients."""
        base = self.base
        return Activated(self.queue_id, external(base.envelope.sender), base.body.size, pending)

    def line(self, result: Result, started: float, rules: QueueRules) -> Delivered | None:
        """The log line for a result of an attempt that began at `started`; None where the row is gone."""
        row = self.rows.get(result.row)
        if row is None:
            return None
        recipient = self.addressed_to(row)
        if result.address:
            recipient = replace(recipient, address=result.address)
        soft = softened(result, rules)
        delays = Delays(
            self.activated - self.base.arrived,
            max(started - self.activated, 0.0),
            result.connection_setup,
            result.transmission,
        )
        changed = recipient.original != recipient.address and recipient.original.lower() != recipient.address.lower()
        return Delivered(
            queue_id=self.queue_id,
            recipient=external(recipient.address),
            relay=result.relay,
            delay=delays.total(rules.resolution),
            delays=delays.shown(rules.resolution),
            dsn=soft.dsn,
            status="SOFTBOUNCE" if result.status is Status.BOUNCED and rules.soft_bounce else result.status.value,
            text=result.text,
            original=external(recipient.original) if changed else "",
            connection_uses=result.connection_uses if result.connection_uses > 1 else None,
        )


def refusal(row: int, dsn: str, text: str) -> Result:
    """What becomes of a recipient that the queue itself puts off."""
    return Result(row, Status.DEFERRED, dsn, text)
