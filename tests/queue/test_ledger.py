"""The statements that change the ledger."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from gatepost.mail.envelope import Envelope, Recipient
from gatepost.queue import ledger, schema
from gatepost.queue.body import FileBody, LedgerBody, MemoryBody
from gatepost.queue.ledger import Commit, Erase, Ledger, Operation
from gatepost.queue.record import Change, Fate, Identity, MessageState, Row, Settlement, StoredMessage
from gatepost.queue.store import OwnerLost


class Tables:
    """A ledger in memory, with the statements that were run."""

    def __init__(self) -> None:
        self.connection = apsw.Connection(":memory:")
        self.connection.execute(schema.CREATE)
        self.connection.execute("INSERT INTO owner VALUES (0, 1, 5)")
        self.statements: list[str] = []
        self.connection.exec_trace = self.trace
        self.ledger = Ledger(self.connection, 0, 1)

    def trace(self, _cursor: apsw.Cursor, statement: str, _given: object) -> bool:
        self.statements.append(statement.partition(" VALUES")[0].partition(" WHERE")[0])
        return True

    def apply(self, *operations: Operation, count: int | None = None) -> list[str]:
        self.statements.clear()
        return [path.name for path in self.ledger.apply(self.ledger.prepare(operations, count))]

    def column(self, query: str) -> list[object]:
        return [row[0] for row in self.connection.execute(query)]


def message(number: int, *, file: bool = False) -> StoredMessage:
    body = FileBody(b"h", Path("bodies") / f"A{number}", 5, 6) if file else MemoryBody(b"h")
    rows = (Row(1, Recipient("x@y.example", "x@y.example")), Row(2, Recipient("z@y.example", "z@y.example")))
    return StoredMessage(Identity(number, f"A{number}"), Envelope("s@b.example", ()), rows, body, 1.0, 1.0, 1.0)


def single(number: int) -> StoredMessage:
    return replace(message(number), rows=message(number).rows[:1])


def test_messages_that_come_and_go_are_one_statement() -> None:
    tables = Tables()
    tables.apply(*(Commit(single(number)) for number in range(1, 33)))
    assert tables.statements == ["INSERT INTO work"]
    arriving = [Commit(single(number)) for number in range(33, 40)]
    tables.apply(*arriving, *(Settlement(message(number), Fate.REMOVE) for number in range(1, 33)))
    assert tables.statements == ["INSERT INTO work"]
    for table in ("message", "recipient", "body"):
        assert tables.column(f"SELECT count(*) FROM {table}") == [7]


def test_more_recipients_are_one_statement_more() -> None:
    tables = Tables()
    tables.apply(*(Commit(message(number)) for number in range(1, 33)))
    assert tables.statements == ["BEGIN IMMEDIATE", "INSERT INTO work", "INSERT INTO recipient", "COMMIT"]


def test_a_message_that_goes_on_and_then_ends_leaves_nothing() -> None:
    tables = Tables()
    given = message(1)
    tables.apply(Commit(given), Settlement(given, Fate.KEEP, given.rows[:1]), Settlement(given, Fate.REMOVE))
    for table in ("message", "recipient", "body"):
        assert tables.column(f"SELECT count(*) FROM {table}") == [0]


@pytest.mark.parametrize("count", [1, 2, 3, 63, 64, 65, 200])
def test_any_number_of_rows(count: int) -> None:
    tables = Tables()
    tables.apply(*(Commit(message(number)) for number in range(1, count + 1)))
    assert tables.column("SELECT number FROM message ORDER BY number") == list(range(1, count + 1))
    assert tables.column("SELECT count(*) FROM recipient") == [2 * count]


def test_body_files_are_named_once_nobody_needs_them() -> None:
    tables = Tables()
    tables.apply(*(Commit(message(number, file=number > 1)) for number in (1, 2, 3, 4)))
    assert tables.apply(Settlement(message(1), Fate.REMOVE), Settlement(message(2, file=True), Fate.REMOVE)) == ["A2"]
    assert tables.apply(Erase((3, 99))) == ["A3"]
    assert tables.column("SELECT number FROM message") == [4]


def test_a_replaced_owner_changes_nothing() -> None:
    tables = Tables()
    tables.connection.execute("UPDATE owner SET incarnation = 2")
    with pytest.raises(OwnerLost):
        tables.apply(Commit(message(1)))
    assert not tables.connection.in_transaction
    assert tables.column("SELECT count(*) FROM message") == [0]


def test_all_or_nothing() -> None:
    tables = Tables()
    tables.apply(Commit(message(1)))
    with pytest.raises(apsw.ConstraintError):
        tables.apply(Settlement(message(1), Fate.REMOVE), Commit(message(2)), Commit(message(2)))
    assert not tables.connection.in_transaction
    assert tables.column("SELECT number FROM message") == [1]
    assert tables.column("SELECT count(*) FROM recipient") == [2]


def test_the_reserve_of_the_counter_is_part_of_it() -> None:
    tables = Tables()
    tables.apply(Commit(message(1)), count=99)
    assert tables.column("SELECT count FROM owner") == [99]


@pytest.mark.parametrize("change", Change)
def test_changes_search_by_number_not_by_state(change: Change) -> None:
    """There may be a million deferred messages; a change names the few that it is about."""
    tables = Tables()
    given = {"numbers": "[1]", "now": 1.0, "note": ""} | {state.word: state.value for state in MessageState}
    plan = tables.connection.execute(f"EXPLAIN QUERY PLAN {ledger._ALTER[change]}", given).fetchall()
    assert any("USING INTEGER PRIMARY KEY" in str(row[3]) for row in plan)


def test_only_sealed_content_can_be_committed() -> None:
    async def fetch(_: Identity) -> MemoryBody:
        return MemoryBody(b"")

    tables = Tables()
    unsealed = replace(message(1), body=LedgerBody(Identity(1, "A1"), 1, fetch))
    with pytest.raises(TypeError, match="A1"):
        tables.apply(Commit(unsealed))
