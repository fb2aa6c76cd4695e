"""Dates as mail headers have them (RFC 5322 section 3.3). Independent of the locale."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def local_moment(now: float) -> datetime:
    """A time in seconds since the epoch, in the zone of this machine, as dates in mail are shown."""
    return datetime.fromtimestamp(now, UTC).astimezone()


@lru_cache(maxsize=4)
def local_date(second: int) -> str:
    """A second since the epoch as mail headers show it, in the zone of this machine."""
    return mail_date(local_moment(second))


def mail_date(moment: datetime) -> str:
    """`Thu,  1 Jan 1970 01:00:00 +0100 (CET)`; the moment must have a time zone, whose name may be empty."""
    day = f"{_DAYS[moment.weekday()]}, {moment.day:2} {_MONTHS[moment.month - 1]} {moment.year:04}"
    zone = f" ({name})" if (name := moment.tzname()) else ""
    return f"{day} {moment:%H:%M:%S %z}{zone}"


def message_id(moment: datetime, queue_id: str, host: str) -> str:
    """A Message-Id for a message that came without one, with its angle brackets."""
    return f"<{moment.astimezone(UTC):%Y%m%d%H%M%S}.{queue_id}@{host}>"
