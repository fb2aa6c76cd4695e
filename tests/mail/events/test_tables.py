"""The lines about tables."""

from __future__ import annotations

import pytest

from gatepost import maillog
from gatepost.mail.events import Event
from gatepost.mail.events.tables import TableKept, TableReread, TableUnavailable

LINES = (
    (
        TableUnavailable("hash:/x", "open database /x: No such file or directory"),
        "warning: hash:/x is unavailable. open database /x: No such file or directory",
    ),
    (TableReread("hash:/x"), "table hash:/x has changed -- reread"),
    (
        TableKept("hash:/x", "why"),
        "warning: table hash:/x has changed, but cannot be used as it is now: keeping its previous content: why",
    ),
)


@pytest.mark.parametrize(("event", "line"), LINES)
def test_lines(event: Event, line: str) -> None:
    assert line == maillog.text(event)
    assert event == maillog.parse(line)
