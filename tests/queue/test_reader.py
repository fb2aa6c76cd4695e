"""Reading the ledger: what a store's contract does not show."""

from __future__ import annotations

import apsw
import pytest

from gatepost.queue import reader as module
from gatepost.queue import schema


def plan(statement: str, given: object) -> str:
    connection = apsw.Connection(":memory:")
    connection.execute(schema.CREATE)
    rows = connection.execute(f"EXPLAIN QUERY PLAN {statement}", given)  # type: ignore[arg-type]  # rows or names
    return " | ".join(str(row[3]) for row in rows)


def test_what_is_due_is_found_in_order_without_sorting() -> None:
    found = plan(module._DUE, (1, 2.0, 3))
    assert "message_due (state=? AND due<?)" in found
    assert "TEMP B-TREE" not in found


@pytest.mark.parametrize(
    ("statement", "given"),
    [
        (module._MESSAGES, ("[]",)),
        (module._ROWS, ("[]",)),
        (module._BODY, (1,)),
        (module._FIND, ("[]",)),
    ],
)
def test_nothing_is_read_from_end_to_end(statement: str, given: object) -> None:
    found = plan(statement, given)
    assert "SCAN message" not in found
    assert "SCAN recipient" not in found
    assert "SCAN body" not in found


def test_a_page_of_a_listing_begins_where_the_last_one_ended() -> None:
    found = plan(module._BROWSE, {"after": 1, "states": "[]", "domain": "", "limit": 1})
    assert "INTEGER PRIMARY KEY (rowid>?)" in found
    assert "TEMP B-TREE" not in found
