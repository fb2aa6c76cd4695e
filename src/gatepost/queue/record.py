"""The queue's values: messages with their recipient rows, what a store is told to write, what an agent may do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import Enum

from gatepost.config.feedback import WHOLE, Feedback
from gatepost.mail.delivery import Body, Result
from gatepost.mail.envelope import Envelope, Recipient


class MessageState(Enum):
    """Where a message stands. The number is what a store keeps."""

    ACTIVE = 0  # accepted, or due again; its owner attends to it
    DEFERRED = 1  # tried in vain; waits for its time
    HOLD = 2  # an administrator or a restriction wants it kept back
    DAMAGED = 3  # what was read is not what was written; kept for inspection

    @property
    def word(self) -> str:
        """The state as listings show it."""
        return self.name.lower()


class RowState(Enum):
    """What is still to do for a recipient. The number is what a store keeps."""

    PENDING = 0  # deliver it
    FAILED = 1  # gave up; a failure report is owed
    DELIVERED = 2  # done; a success report is owed (NOTIFY=SUCCESS)
    EXPANDED = 3  # others took its place as the message came in; a report of that is owed (NOTIFY=SUCCESS)


@dataclass(frozen=True, slots=True)
class Identity:
    """What names a message: its key in the store, and the queue id that people see."""

    number: int
    queue_id: str


@dataclass(frozen=True, slots=True)
class Row:
    """One recipient of a stored message that is not settled yet.

    `number` counts from 1 within the message. `depth` counts the expansions (aliases, .forward) that led here.
    `result` is what the last attempt came to, None before the first one.
    """

    number: int
    recipient: Recipient
    state: RowState = RowState.PENDING
    depth: int = 0
    result: Result | None = None


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message as the ledger has it.

    `envelope.recipients` is empty: the rows have them. `arrived` is when the client began to send it, `received` when
    it was committed, `due` when it is to be tried next; all in seconds since the epoch. `attempts` counts the passes
    that left somebody undelivered; `reason` is what the last of them came to. `warned`: the sender knows of the delay.
    `route` overrides the transport and next hop of all recipients (`transport:nexthop`, FILTER); `redirect` is the
    address that gets the message in the place of all recipients (REDIRECT). `renew`: recipients are to be worked out
    anew from what the sender asked for, before the next attempt.
    """

    identity: Identity
    envelope: Envelope
    rows: tuple[Row, ...]
    body: Body
    arrived: float
    received: float
    due: float
    state: MessageState = MessageState.ACTIVE
    attempts: int = 0
    reason: str = ""
    warned: bool = False
    route: str = ""
    redirect: str = ""
    renew: bool = False

    @property
    def queue_id(self) -> str:
        """The queue id."""
        return self.identity.queue_id

    @property
    def pending(self) -> tuple[Row, ...]:
        """The recipients that are to be delivered."""
        return tuple(row for row in self.rows if row.state is RowState.PENDING)

    def with_rows(self, changed: tuple[Row, ...], removed: frozenset[int] = frozenset()) -> StoredMessage:
        """The same message after rows changed, came or went; what was settled last comes last, as in reports."""
        gone = removed | {row.number for row in changed}
        kept = (row for row in self.rows if row.number not in gone)
        return replace(self, rows=(*kept, *(row for row in changed if row.number not in removed)))


def origin_of(message: StoredMessage) -> str:
    """What names a message among those of all queues: its queue id, and the microsecond it arrived in."""
    return f"{message.queue_id}/{round(message.arrived * 1_000_000)}"


class Fate(Enum):
    """What becomes of a message's own entry when some of its recipients are settled."""

    KEEP = "keep"  # it stays as it was
    UPDATE = "update"  # state, due, attempts, reason, warned, renew are written
    REMOVE = "remove"  # nobody is left


@dataclass(frozen=True, slots=True)
class Settlement:
    """What one attempt changes in the ledger. It is written as a whole or not at all.

    `message` is the message as it is afterwards; `changed` those of its rows that are new or have another state or
    result; `removed` the numbers of rows that are done; `reports` the messages that this made necessary.
    """

    message: StoredMessage
    fate: Fate
    changed: tuple[Row, ...] = ()
    removed: tuple[int, ...] = ()
    reports: tuple[StoredMessage, ...] = ()


@dataclass(frozen=True, slots=True)
class Damaged:
    """A message that could not be read back as it was written."""

    identity: Identity
    finding: str


class Change(Enum):
    """What an administrator can do to messages by number."""

    HOLD = "hold"
    RELEASE = "release"  # from hold, due at once
    REQUEUE = "requeue"  # recipients worked out anew, due at once
    EXPEDITE = "expedite"  # deferred ones are due at once
    SET_ASIDE = "set aside"  # damaged


@dataclass(frozen=True, slots=True)
class Selection:
    """Which messages a listing wants: states (none: all), one recipient domain in lower case (empty: any)."""

    states: tuple[MessageState, ...] = ()
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much an agent may do at once: deliveries to one destination, recipients a delivery, deliveries in all.

    The defaults are those of the parameters named beside them. Delays are in seconds.
    """

    concurrency: int = 20  # default_destination_concurrency_limit
    recipients: int = 50  # default_destination_recipient_limit
    processes: int = 100  # default_process_limit
    initial: int = 5  # initial_destination_concurrency
    positive: Feedback = WHOLE  # default_destination_concurrency_positive_feedback
    negative: Feedback = WHOLE  # default_destination_concurrency_negative_feedback
    failed_cohorts: int = 1  # default_destination_concurrency_failed_cohort_limit
    rate_delay: float = 0.0  # default_destination_rate_delay
    transport_rate_delay: float = 0.0  # default_transport_rate_delay
    slot_cost: int = 5  # default_delivery_slot_cost

    def shared(self, workers: int) -> Limits:
        """The part of one of so many workers, which know nothing of one another's deliveries.

        Each may always do one at a time, so that only a limit below the number of workers is exceeded by all together.
        """
        return replace(
            self,
            concurrency=_part(self.concurrency, workers),
            processes=_part(self.processes, workers),
            initial=_part(self.initial, workers),
            rate_delay=self.rate_delay * workers,
            transport_rate_delay=self.transport_rate_delay * workers,
        )


def _part(limit: int, workers: int) -> int:
    """A worker's part of a limit; 0 is none."""
    return max(limit // workers, 1) if limit else 0


class ReportKind(Enum):
    """The reports on a message's fate. The value is the log's word (process `bounce`)."""

    FAILURE = "sender non-delivery notification"
    POSTMASTER = "postmaster non-delivery notification"
    DELAY = "sender delay notification"
    POSTMASTER_DELAY = "postmaster delay notification"
    SUCCESS = "sender delivery status notification"


@dataclass(frozen=True, slots=True)
class ReportOrder:
    """A report that is to be written: on which message, of what kind, on which recipients (each with its result)."""

    kind: ReportKind
    message: StoredMessage
    rows: tuple[Row, ...]
    expired: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """A report as written: its envelope, and its content (header first, lines end in CRLF)."""

    envelope: Envelope
    content: bytes


ReportWriter = Callable[[ReportOrder], Awaitable[Report | None]]
"""Writes a report; None where there is nobody to send it to."""
