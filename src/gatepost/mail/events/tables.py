"""What happens to lookup tables (whichever process asks them)."""

from __future__ import annotations

from gatepost.mail.events import Event, event


@event("warning: {table} is unavailable. {reason}")
class TableUnavailable(Event):
    """A lookup failed because the table as a whole cannot be used; one line for each such lookup."""

    table: str
    reason: str


@event("table {table} has changed -- reread")
class TableReread(Event):
    """The new content of a table is in use."""

    table: str


@event("warning: table {table} has changed, but cannot be used as it is now: keeping its previous content: {reason}")
class TableKept(Event):
    """The new content of a table was refused."""

    table: str
    reason: str
