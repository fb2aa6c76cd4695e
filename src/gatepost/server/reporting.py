"""Reports on the fate of messages: the queue orders them, `delivery.report` writes them; this joins the two.

A configuration gives the words (`config.bouncetemplates`) and says who gets what.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from gatepost.config.bouncetemplates import Template, templates_of
from gatepost.config.settings import Settings
from gatepost.delivery import report
from gatepost.mail.delivery import Body
from gatepost.queue.record import Report, ReportKind, ReportOrder, Row, RowState, StoredMessage

EXPIRED = "4.4.7"
"""What is said of a recipient that was never tried before the message's time was over (RFC 3463 section 3.5)."""


class ReportOffice:
    """Writes the reports of one configuration. `clock` gives seconds since the epoch."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._clock = clock
        templates, _ = templates_of(settings)  # what is wrong with them was found at the start
        self._words = {
            ReportKind.FAILURE: self._shown(templates.failure),
            ReportKind.POSTMASTER: _of_a_copy(templates.failure),
            ReportKind.DELAY: self._shown(templates.delay),
            ReportKind.POSTMASTER_DELAY: _of_a_copy(templates.delay),
            ReportKind.SUCCESS: self._shown(templates.success),
        }

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
        return report.Site(
            host=settings.myhostname,
            product=settings.mail_name,
            double_bounce=f"{settings.double_bounce_sender}@{settings.myorigin}",
            words=self._words[order.kind],
            size_limit=settings.bounce_size_limit,
            notices=self._notices(order),
            threaded=settings.enable_threaded_bounces,
        )

    def _notices(self, order: ReportOrder) -> str:
        """Who gets copies of such reports."""
        settings = self._settings
        if order.kind is ReportKind.POSTMASTER_DELAY:
            return settings.delay_notice_recipient
        if not order.message.envelope.sender:
            return settings.text("2bounce_notice_recipient")
        return settings.bounce_notice_recipient

    def _shown(self, template: Template) -> report.Words:
        settings = self._settings
        plain = template.charset.lower() == "us-ascii"  # what is appended to the text may be more than that
        charset = "utf-8" if plain and settings.smtputf8_enable else template.charset
        return report.Words(template.sender, template.subject, charset, template.shown(settings))

    def _lifetime(self, message: StoredMessage) -> float:
        settings = self._settings
        longest = settings.maximal_queue_lifetime if message.envelope.sender else settings.bounce_queue_lifetime
        return longest.total_seconds()


def _of_a_copy(template: Template) -> report.Words:
    """The postmaster's copies have no text, so any character set will do for what is said of recipients."""
    return report.Words(template.sender, template.postmaster_subject or template.subject)


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
