"""What results mean: for a recipient's row, and for the message when everybody has been tried. Pure.

The rules:

1. A recipient that is done leaves the ledger, unless a report on it is owed; then it leaves with the report.
2. A failure is reported unless NOTIFY says otherwise (RFC 3461 section 4.1); a deferral is warned of once, after
   `delay_warning_time`; a success is reported on request only, and not where the next server will do it.
3. A report goes to the sender, and a copy to the postmaster if notify_classes say so. On mail without a sender only
   the postmaster is told (`2bounce`, which `bounce` implies); and on a report to the postmaster, nobody, so that no
   loop of reports can arise.
4. A message that is deferred beyond its lifetime has failed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gatepost.mail.delivery import Result, Status
from gatepost.mail.envelope import Notify, Recipient
from gatepost.queue.record import Fate, MessageState, ReportKind, ReportOrder, Row, RowState, StoredMessage
from gatepost.queue.rules import QueueRules


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a result makes of a row: what is left of it (None: it is done), and the recipients it turned into."""

    kept: Row | None
    expanded: tuple[tuple[Recipient, int], ...] = ()  # each with its depth


def softened(result: Result, rules: QueueRules) -> Result:
    """The result under `soft_bounce`: a failure becomes a deferral."""
    if not rules.soft_bounce or result.status is not Status.BOUNCED:
        return result
    return replace(result, status=Status.DEFERRED, dsn=f"4{result.dsn[1:]}")


def outcome(row: Row, result: Result, rules: QueueRules, *, warned: bool = False) -> Outcome:
    """What a result makes of a row (rules 1 and 2). `warned`: the sender knows that the message was delayed."""
    match result.status:
        case Status.DEFERRED:
            return Outcome(replace(row, result=result))
        case Status.BOUNCED:  # of an alias's own mailbox; the addresses beside it get the message all the same
            failed = replace(row, state=RowState.FAILED, result=replace(result, new_recipients=()))
            return Outcome(failed, _expanded(row, result) if row.depth < rules.expansions else ())
        case Status.SENT:
            if _is_usual(row, result) and not warned:
                return _DONE  # what follows comes to the same
            if result.new_recipients and row.depth >= rules.expansions:
                return Outcome(replace(row, state=RowState.FAILED, result=_loop(row, result)))
            expanded = _expanded(row, result)
            sent_on = (recipient for forwarding in result.forwards for recipient in forwarding.recipients)
            passed_on = any(Notify.SUCCESS in recipient.notify for recipient in (*result.new_recipients, *sent_on))
            owed = Notify.SUCCESS in row.recipient.notify and not result.remote_takes_dsn and not passed_on
            owed = owed or (warned and rules.confirms and _wants(row, Notify.DELAY))
            return Outcome(replace(row, state=RowState.DELIVERED, result=result) if owed else None, expanded)


_DONE = Outcome(None)


def _is_usual(row: Row, result: Result) -> bool:
    """Whether a success leads to nothing else: no other recipients, nothing sent on, nothing asked for."""
    return not result.new_recipients and not result.forwards and row.recipient.notify is Notify.DEFAULT


def _expanded(row: Row, result: Result) -> tuple[tuple[Recipient, int], ...]:
    return tuple((recipient, row.depth + 1) for recipient in result.new_recipients)


def _loop(row: Row, result: Result) -> Result:
    text = f"mail forwarding loop for {row.recipient.address}"
    return replace(result, status=Status.BOUNCED, dsn="5.4.6", text=text, new_recipients=())


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What becomes of a message once everybody has been tried.

    `removed` are rows that leave it; `expired`: because of its age. `discarded`: a report to the postmaster could not
    be delivered, of which nobody is told. `unheard`: a success was to be reported, and there is nobody to report it to.
    """

    fate: Fate
    message: StoredMessage
    removed: tuple[int, ...]
    orders: tuple[ReportOrder, ...]
    expired: bool = False
    discarded: bool = False
    unheard: bool = False


def conclude(message: StoredMessage, rules: QueueRules, now: float) -> Conclusion:
    """The end of a pass over all recipients (rules 3 and 4). Rows without a result have not been tried."""
    pending = message.pending
    expired = bool(pending) and rules.retry.has_expired(message, now)
    failed = [
        row for row in message.rows if row.state is RowState.FAILED or (expired and row.state is RowState.PENDING)
    ]
    delivered = [row for row in message.rows if row.state in (RowState.DELIVERED, RowState.EXPANDED)]
    orders = [*_failure_orders(message, failed, rules, expired=expired)]
    if delivered and message.envelope.sender:
        orders.append(ReportOrder(ReportKind.SUCCESS, message, tuple(delivered)))
    discarded = bool(failed) and message.envelope.sender == rules.double_bounce
    unheard = bool(delivered) and not message.envelope.sender
    if expired or not pending:
        return Conclusion(Fate.REMOVE, message, (), tuple(orders), expired, discarded, unheard)
    later = _deferred(message, rules, now)
    if rules.retry.owes_warning(message, now):
        later = replace(later, warned=True)
        wanted = tuple(row for row in pending if _wants(row, Notify.DELAY))
        if wanted:
            orders.append(ReportOrder(ReportKind.DELAY, message, wanted))
            if "delay" in rules.notify:
                orders.append(ReportOrder(ReportKind.POSTMASTER_DELAY, message, wanted))
    removed = tuple(row.number for row in (*failed, *delivered))
    left = later.with_rows((), frozenset(removed))
    return Conclusion(Fate.UPDATE, left, removed, tuple(orders), discarded=discarded, unheard=unheard)


def postponed(message: StoredMessage, rules: QueueRules, reason: str, now: float) -> StoredMessage:
    """The message put off as it is, because a report that is owed cannot be made now."""
    return replace(message, state=MessageState.DEFERRED, due=now + rules.retry.minimal_backoff, reason=reason)


def _failure_orders(
    message: StoredMessage, failed: Iterable[Row], rules: QueueRules, *, expired: bool
) -> Iterable[ReportOrder]:
    sender = message.envelope.sender
    wanted = tuple(row for row in failed if _wants(row, Notify.FAILURE))
    if not wanted or sender == rules.double_bounce:
        return
    if sender:
        yield ReportOrder(ReportKind.FAILURE, message, wanted, expired)
    if "bounce" in rules.notify or (not sender and "2bounce" in rules.notify):
        yield ReportOrder(ReportKind.POSTMASTER, message, wanted, expired)


def _wants(row: Row, occasion: Notify) -> bool:
    return not row.recipient.notify or occasion in row.recipient.notify


def _deferred(message: StoredMessage, rules: QueueRules, now: float) -> StoredMessage:
    texts = [row.result.text for row in message.pending if row.result is not None]
    return replace(
        message,
        state=MessageState.DEFERRED,
        due=rules.retry.next_attempt(message.arrived, now),
        attempts=message.attempts + 1,
        reason=texts[0] if texts else message.reason,
    )
