"""Reports on the fate of messages: the queue orders them, `delivery.report` words them; this joins the two."""

from __future__ import annotations

import time
from collections.abc import Callable

from gatepost.config.settings import Settings
from gatepost.delivery import report
from gatepost.mail.delivery import Body
from gatepost.queue.record import Report, ReportOrder, Row, RowState, StoredMessage

EXPIRED = "4.4.7"
"""What is said of a recipient that was never tried before the message's time was over (RFC 3463 section 3.5)."""


class ReportOffice:
    """Writes the reports of one configuration. `clock` gives seconds since the epoch."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._clock = clock

    async def write(self, order: ReportOrder) -> Report | None:
        """The report that was ordered (`queue.record.ReportWriter`)."""
        site = self._site(order)
        kind = report.ReportKind[order.kind.name]
        message = order.message
        returned = report.Returned(
            queue_id=message.queue_id,
            envelope=message.envelope,
            content=await _beginning(message.body, site.size_limit),
            size=message.body.size,
            arrived=message.arrived,
            expires=message.arrived + self._lifetime(message),
        )
        content = report.write_report(kind, returned, map(_reported, order.rows), site, self._clock())
        return Report(report.report_envelope(kind, returned, site), content)

    def _site(self, order: ReportOrder) -> report.Site:
        settings = self._settings
        from_nobody = not order.message.envelope.sender
        notices = settings.text("2bounce_notice_recipient") if from_nobody else settings.bounce_notice_recipient
        origin = settings.myorigin
        return report.Site(
            host=settings.myhostname,
            product=settings.mail_name,
            double_bounce=f"{settings.double_bounce_sender}@{origin}",
            size_limit=settings.bounce_size_limit,
            notices=notices,
        )

    def _lifetime(self, message: StoredMessage) -> float:
        settings = self._settings
        longest = settings.maximal_queue_lifetime if message.envelope.sender else settings.bounce_queue_lifetime
        return longest.total_seconds()


async def _beginning(body: Body, limit: int) -> bytes:
    """The message's beginning: more than the limit only by a piece, so that it is known whether there is more."""
    parts: list[bytes] = []
    size = 0
    async for chunk in body.chunks():
        parts.append(chunk)
        size += len(chunk)
        if size > limit:
            break
    return b"".join(parts)


def _reported(row: Row) -> report.Reported:
    result = row.result
    if result is None:
        return report.Reported(row.recipient, EXPIRED, "delivery time expired")
    return report.Reported(
        row.recipient,
        result.dsn,
        result.text,
        result.relay,
        result.remote_reply,
        result.remote_host,
        result.relayed,
        row.state is RowState.EXPANDED,
    )
