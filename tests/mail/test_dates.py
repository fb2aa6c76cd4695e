"""Dates in headers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from gatepost.mail.dates import mail_date, message_id


def test_dates() -> None:
    moment = datetime(2026, 11, 3, 8, 2, 53, tzinfo=UTC)
    assert mail_date(moment) == "Tue,  3 Nov 2026 08:02:53 +0000 (UTC)"
    eastern = timezone(timedelta(hours=-5), "EST")
    assert mail_date(moment.astimezone(eastern)) == "Tue,  3 Nov 2026 03:02:53 -0500 (EST)"
    assert (
        mail_date(moment.replace(day=23, tzinfo=timezone(timedelta(hours=1), ""))) == "Mon, 23 Nov 2026 08:02:53 +0100"
    )


def test_message_ids_count_in_universal_time() -> None:
    moment = datetime(2026, 11, 23, 9, 2, 53, tzinfo=timezone(timedelta(hours=1)))
    assert message_id(moment, "A2E90223A", "mx.ohio.net") == "<20261123080253.A2E90223A@mx.ohio.net>"
