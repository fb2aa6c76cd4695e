"""The statements that change the ledger. Many operations become one transaction, each table is written at once.

Order within one transaction, so that operations on the same message compose as if they had come one by one: messages
come in; rows are added or changed, then finished rows go; entries of messages change; finished messages go; and at
last, in their order, what administrators asked for. (The runner settles no message after asking for its deletion.)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import apsw

from gatepost.queue import schema
from gatepost.queue.body import FileBody, MemoryBody, StoredBody
from gatepost.queue.record import Change, Fate, MessageState, Settlement, StoredMessage
from gatepost.queue.schema import Value
from gatepost.queue.store import OwnerLost

_MOST_ROWS = 64
"""Rows of one INSERT. Sizes are powers of two up to this, so that few statements are prepared and then kept."""


@dataclass(frozen=True, slots=True)
class Commit:
    """Take a message in."""

    message: StoredMessage


@dataclass(frozen=True, slots=True)
class Alter:
    """An administrator's change."""

    numbers: tuple[int, ...]
    change: Change
    now: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Erase:
    """Delete messages."""

    numbers: tuple[int, ...]


Operation = Commit | Settlement | Alter | Erase

# The sign keeps SQLite from searching by state, where there may be a million, instead of by number.
_ALTER = {
    Change.HOLD: "UPDATE message SET state = :hold "
    "WHERE +state IN (:active, :deferred) AND number IN (SELECT value FROM json_each(:numbers))",
    Change.RELEASE: "UPDATE message SET state = :deferred, due = :now "
    "WHERE +state = :hold AND number IN (SELECT value FROM json_each(:numbers))",
    Change.REQUEUE: "UPDATE message SET state = :deferred, due = :now, renew = 1 "
    "WHERE +state <> :damaged AND number IN (SELECT value FROM json_each(:numbers))",
    Change.EXPEDITE: "UPDATE message SET due = min(due, :now) "
    "WHERE +state = :deferred AND number IN (SELECT value FROM json_each(:numbers))",
    Change.SET_ASIDE: "UPDATE message SET state = :damaged, reason = :note "
    "WHERE number IN (SELECT value FROM json_each(:numbers))",
}

_STATES = {state.word: state.value for state in MessageState}


class Ledger:
    """The writing connection and what it writes. Every method is called by the writer's thread only."""

    def __init__(self, connection: apsw.Connection, slot: int, incarnation: int) -> None:
        self._connection = connection
        self._slot = slot
        self._incarnation = incarnation

    def apply(self, operations: Sequence[Operation], count: int | None) -> list[Path]:
        """Make one durable transaction of all operations; returns the body files that nobody needs any more.

        `count` is the identity counter's new reserve, None where the old one still does. Raises OwnerLost, or
        apsw.Error; nothing is changed then.
        """
        run = self._connection.execute
        run("BEGIN IMMEDIATE")
        try:
            self._check_owner()
            if count is not None:
                run("UPDATE owner SET count = ?", (count,))
            files = self._write(operations)
            run("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                run("ROLLBACK")
            raise
        return files

    def _check_owner(self) -> None:
        row = self._connection.execute("SELECT incarnation FROM owner").get
        if row != self._incarnation:
            raise OwnerLost(f"slot {self._slot} has another owner")

    def _write(self, operations: Sequence[Operation]) -> list[Path]:
        settlements = [operation for operation in operations if isinstance(operation, Settlement)]
        commits = [operation.message for operation in operations if isinstance(operation, Commit)]
        commits += [report for settlement in settlements for report in settlement.reports]
        self._insert_messages(commits)
        files = self._settle(settlements) if settlements else []
        for operation in operations:
            match operation:
                case Alter(numbers, change, now, note):
                    given = {"numbers": json.dumps(numbers), "now": now, "note": schema.encode_text(note)}
                    self._connection.execute(_ALTER[change], {**_STATES, **given})
                case Erase(numbers):
                    files += self._files_of(numbers)
                    self._delete(numbers)
                case _:
                    pass
        return files

    def _insert_messages(self, messages: Sequence[StoredMessage]) -> None:
        if not messages:
            return
        bodies = [_sealed(message) for message in messages]
        pairs = list(zip(messages, bodies, strict=True))
        self._insert("message", [schema.message_values(message, body, self._slot) for message, body in pairs])
        rows = [schema.recipient_values(message.identity.number, row) for message in messages for row in message.rows]
        self._insert("recipient", rows)
        self._insert("body", [schema.body_values(message.identity.number, body) for message, body in pairs])

    def _settle(self, settlements: Sequence[Settlement]) -> list[Path]:
        changed = [
            schema.recipient_values(settlement.message.identity.number, row)
            for settlement in settlements
            if settlement.fate is not Fate.REMOVE
            for row in settlement.changed
        ]
        self._insert("recipient", changed, replace=True)
        gone = [
            (settlement.message.identity.number, row)
            for settlement in settlements
            if settlement.fate is not Fate.REMOVE
            for row in settlement.removed
        ]
        if gone:
            self._connection.execute(
                "DELETE FROM recipient WHERE (message, number) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))",
                (json.dumps(gone),),
            )
        # A later settlement of the same message has the later state.
        updates = {s.message.identity.number: s.message for s in settlements if s.fate is Fate.UPDATE}
        self._update(updates.values())
        finished = [settlement.message for settlement in settlements if settlement.fate is Fate.REMOVE]
        if finished:
            self._delete([message.identity.number for message in finished])
        return [message.body.path for message in finished if isinstance(message.body, FileBody)]

    def _update(self, messages: Iterable[StoredMessage]) -> None:
        values = [
            (
                message.identity.number,
                message.state.value,
                message.due,
                message.attempts,
                int(message.warned),
                int(message.renew),
                schema.encode_text(message.reason),
            )
            for message in messages
        ]
        if values:
            self._connection.execute(
                "UPDATE message SET state = value ->> 1, due = value ->> 2, attempts = value ->> 3, "
                "warned = value ->> 4, renew = value ->> 5, reason = value ->> 6 "
                "FROM json_each(?) WHERE number = value ->> 0",
                (json.dumps(values),),
            )

    def _delete(self, numbers: Sequence[int]) -> None:
        wanted = (json.dumps(numbers),)
        run = self._connection.execute
        run("DELETE FROM recipient WHERE message IN (SELECT value FROM json_each(?))", wanted)
        run("DELETE FROM body WHERE message IN (SELECT value FROM json_each(?))", wanted)
        run("DELETE FROM message WHERE number IN (SELECT value FROM json_each(?))", wanted)

    def _files_of(self, numbers: Sequence[int]) -> list[Path]:
        found = self._connection.execute(
            "SELECT queue_id FROM body JOIN message ON message.number = body.message "
            "WHERE file_size IS NOT NULL AND body.message IN (SELECT value FROM json_each(?))",
            (json.dumps(numbers),),
        )
        return [Path(queue_id) for (queue_id,) in found]

    def _insert(self, table: str, rows: Sequence[tuple[Value, ...]], *, replace: bool = False) -> None:
        start = 0
        while start < len(rows):
            size = min(_MOST_ROWS, 1 << ((len(rows) - start).bit_length() - 1))
            values = [value for row in rows[start : start + size] for value in row]
            self._connection.execute(_insert_statement(table, size, len(rows[start]), replace=replace), values)
            start += size


_STATEMENTS: dict[tuple[str, int, bool], str] = {}


def _insert_statement(table: str, rows: int, columns: int, *, replace: bool) -> str:
    found = _STATEMENTS.get((table, rows, replace))
    if found is None:
        verb = "INSERT OR REPLACE" if replace else "INSERT"
        row = f"({', '.join('?' * columns)})"
        found = _STATEMENTS[table, rows, replace] = f"{verb} INTO {table} VALUES {', '.join([row] * rows)}"
    return found


def _sealed(message: StoredMessage) -> StoredBody:
    if isinstance(message.body, MemoryBody | FileBody):
        return message.body
    raise TypeError(f"{message.queue_id}: only content that a draft has sealed can be committed")
