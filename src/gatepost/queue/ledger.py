"""The statements that change the ledger. Many operations become one transaction, and as few statements as can be.

Each statement that the writer's thread runs costs it the interpreter's lock, which a busy event loop does not give back
soon; that is most of what a transaction costs. So `prepare` makes all values on the event loop, and the usual
transaction, messages that come in and messages that are finished, is a single statement: rows for a view of the
connection's own (`temp.work`), whose trigger does the rest. It has arrivals in its first rows and the owner's
incarnation, the counter and the finished messages in its last one.

Order within one transaction, so that operations on the same message compose as if they had come one by one: messages
come in; rows are added or changed, then finished rows go; entries of messages change; finished messages go; and at
last, in their order, what administrators asked for. (The runner settles no message after asking for its deletion.)
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import apsw

from gatepost.queue import schema
from gatepost.queue.body import FileBody, MemoryBody, StoredBody
from gatepost.queue.record import Change, Fate, MessageState, Settlement, StoredMessage
from gatepost.queue.schema import Value
from gatepost.queue.store import OwnerLost

_MOST_ROWS = 64
"""Rows of one INSERT."""

STATEMENTS = 256
"""Prepared statements that the connection is to keep: one for each number of rows that is common."""


@dataclass(frozen=True, slots=True)
class Commit:
    """Take a message in. `origin`, where set, is remembered; what comes from there again is refused."""

    message: StoredMessage
    origin: str = ""


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

_STATES: dict[str, Value] = {state.word: state.value for state in MessageState}


_ARRIVAL = len(schema.MESSAGE) + len(schema.BODY) - 1 + len(schema.RECIPIENT) - 1
_WIDTH = 1 + _ARRIVAL  # the first column tells arrivals (0) from the last row (1)
_NAMES = [f"c{number}" for number in range(_WIDTH)]
_GIVEN = [f"new.{name}" for name in _NAMES]
_MESSAGE, _BODY, _RECIPIENT = (
    ", ".join([*lead, *_GIVEN[start:end]])
    for lead, start, end in (
        ((), 1, 1 + len(schema.MESSAGE)),
        (("new.c1",), 1 + len(schema.MESSAGE), len(schema.MESSAGE) + len(schema.BODY)),
        (("new.c1",), len(schema.MESSAGE) + len(schema.BODY), _WIDTH),
    )
)
_FIRST_OF_RECIPIENT = _GIVEN[len(schema.MESSAGE) + len(schema.BODY)]

_LOST = "another owner"
_WORK = f"""
CREATE TEMP VIEW work ({", ".join(_NAMES)}) AS SELECT {", ".join("0" for _ in _NAMES)};
CREATE TEMP TRIGGER arrival INSTEAD OF INSERT ON work WHEN new.c0 = 0 BEGIN
    INSERT INTO message VALUES ({_MESSAGE});
    INSERT INTO recipient SELECT {_RECIPIENT} WHERE {_FIRST_OF_RECIPIENT} IS NOT NULL;
    INSERT INTO body VALUES ({_BODY});
END;
CREATE TEMP TRIGGER finish INSTEAD OF INSERT ON work WHEN new.c0 = 1 BEGIN
    SELECT RAISE(ABORT, '{_LOST}') FROM owner WHERE incarnation <> new.c1;
    UPDATE owner SET count = new.c2 WHERE new.c2 IS NOT NULL;
    DELETE FROM recipient WHERE message IN (SELECT value FROM json_each(new.c3));
    DELETE FROM body WHERE message IN (SELECT value FROM json_each(new.c3));
    DELETE FROM message WHERE number IN (SELECT value FROM json_each(new.c3));
END;
"""  # noqa: S608 - made of the schema's own names

_DELETE = tuple(
    f"DELETE FROM {table} WHERE {column} IN (SELECT value FROM json_each(?))"  # noqa: S608 - made of these names
    for table, column in (("recipient", "message"), ("body", "message"), ("message", "number"))
)
_UPDATE = (
    "UPDATE message SET state = value ->> 1, due = value ->> 2, attempts = value ->> 3, "
    "warned = value ->> 4, renew = value ->> 5, reason = value ->> 6 "
    "FROM json_each(?) WHERE number = value ->> 0"
)
_FILES = (
    "SELECT queue_id FROM body JOIN message ON message.number = body.message "
    "WHERE file_size IS NOT NULL AND body.message IN (SELECT value FROM json_each(?))"
)

Bindings = Sequence[Value] | dict[str, Value]


@dataclass(frozen=True, slots=True)
class Transaction:
    """Statements that are done together or not at all, and the body files that nobody needs afterwards.

    A statement that gives rows names more such files in them.
    """

    statements: tuple[tuple[str, Bindings], ...]
    files: tuple[Path, ...] = ()


class Ledger:
    """The writing connection and what it writes."""

    def __init__(self, connection: apsw.Connection, slot: int, incarnation: int) -> None:
        self._connection = connection
        self._slot = slot
        self._incarnation = incarnation
        connection.execute(_WORK)

    def apply(self, transaction: Transaction) -> list[Path]:
        """Make it durable; returns the body files that nobody needs any more. Called by the writer's thread only.

        Raises OwnerLost, or apsw.Error; nothing is changed then.
        """
        run = self._connection.execute
        files = list(transaction.files)
        alone = len(transaction.statements) == 1
        try:
            if not alone:
                run("BEGIN IMMEDIATE")
            for statement, given in transaction.statements:
                files += [Path(queue_id) for (queue_id,) in run(statement, given)]
            if not alone:
                run("COMMIT")
        except BaseException as error:
            if self._connection.in_transaction:
                run("ROLLBACK")
            if isinstance(error, apsw.ConstraintError) and str(error) == _LOST:
                raise OwnerLost(f"slot {self._slot} has another owner") from error
            raise
        return files

    def prepare(self, operations: Iterable[Operation], count: int | None) -> Transaction:
        """The transaction of all operations; on the event loop.

        `count` is the identity counter's new reserve, None where the old one still does.
        """
        arriving: list[StoredMessage] = []
        settlements: list[Settlement] = []
        origins: list[tuple[str, int]] = []
        orders: list[Alter | Erase] = []
        for operation in operations:
            if isinstance(operation, Commit):
                arriving.append(operation.message)
                origins += [(operation.origin, operation.message.identity.number)] if operation.origin else []
            elif isinstance(operation, Settlement):
                settlements.append(operation)
                arriving += operation.reports
            else:
                orders.append(operation)
        finished = [settlement.message for settlement in settlements if settlement.fate is Fate.REMOVE]
        between = [*_more_recipients(arriving), *(_changes(settlements) if len(finished) < len(settlements) else ())]
        numbers = json.dumps([message.identity.number for message in finished])
        last: tuple[Value, ...] = (self._incarnation, count, "[]" if between else numbers)
        statements = [*self._arrivals(arriving, last), *between]
        if between and finished:
            statements += ((statement, (numbers,)) for statement in _DELETE)
        statements += (("INSERT INTO origin VALUES (?, ?)", origin) for origin in origins)
        for order in orders:
            statements += _order(order)
        files = tuple(message.body.path for message in finished if isinstance(message.body, FileBody))
        return Transaction(tuple(statements), files)

    def _arrivals(self, messages: Sequence[StoredMessage], last: tuple[Value, ...]) -> Iterator[tuple[str, Bindings]]:
        """Messages with their first recipients; the last row says what else there is."""
        for start in range(0, len(messages) or 1, _MOST_ROWS):
            chunk = messages[start : start + _MOST_ROWS]
            values: list[Value] = []
            for message in chunk:
                values += self._arrival(message)
            ends = start + _MOST_ROWS >= len(messages)
            if ends:
                values += last
            yield _work_statement(len(chunk), len(last) if ends else 0), values

    def _arrival(self, message: StoredMessage) -> list[Value]:
        body, number = _sealed(message), message.identity.number
        values = [*schema.message_values(message, body, self._slot), *schema.body_values(number, body)[1:]]
        rows = message.rows
        return values + (list(schema.recipient_values(number, rows[0])[1:]) if rows else [None] * _NO_RECIPIENT)


_NO_RECIPIENT = len(schema.RECIPIENT) - 1


def _more_recipients(messages: Iterable[StoredMessage]) -> list[tuple[str, Bindings]]:
    """All recipients but the first of each message."""
    rows = [schema.recipient_values(message.identity.number, row) for message in messages for row in message.rows[1:]]
    return list(_insert("INSERT", rows)) if rows else []


def _changes(settlements: Sequence[Settlement]) -> list[tuple[str, Bindings]]:
    """What becomes of messages that go on."""
    going = [settlement for settlement in settlements if settlement.fate is not Fate.REMOVE]
    numbered = [(settlement.message.identity.number, settlement) for settlement in going]
    made = list(
        _insert(
            "INSERT OR REPLACE",
            [schema.recipient_values(number, row) for number, settlement in numbered for row in settlement.changed],
        )
    )
    gone = [(number, row) for number, settlement in numbered for row in settlement.removed]
    if gone:
        made.append(
            (
                "DELETE FROM recipient WHERE (message, number) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))",
                (json.dumps(gone),),
            )
        )
    # A later settlement of the same message has the later state.
    updates = {number: settlement.message for number, settlement in numbered if settlement.fate is Fate.UPDATE}
    if updates:
        made.append(_update(updates.values()))
    return made


def _update(messages: Iterable[StoredMessage]) -> tuple[str, Bindings]:
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
    return _UPDATE, (json.dumps(values),)


def _order(order: Alter | Erase) -> list[tuple[str, Bindings]]:
    """What an administrator asked for."""
    numbers = json.dumps(order.numbers)
    if isinstance(order, Alter):
        given: dict[str, Value] = {"numbers": numbers, "now": order.now, "note": schema.encode_text(order.note)}
        return [(_ALTER[order.change], {**_STATES, **given})]
    return [(statement, (numbers,)) for statement in (_FILES, *_DELETE)]


def _insert(verb: str, rows: Sequence[tuple[Value, ...]]) -> Iterator[tuple[str, Bindings]]:
    """Recipient rows, in sizes that are powers of two, so that few statements are prepared and then kept."""
    start = 0
    while start < len(rows):
        size = min(_MOST_ROWS, 1 << ((len(rows) - start).bit_length() - 1))
        row = f"({', '.join('?' * len(schema.RECIPIENT))})"
        statement = f"{verb} INTO recipient VALUES {', '.join([row] * size)}"
        yield statement, [value for row in rows[start : start + size] for value in row]
        start += size


@functools.cache
def _work_statement(arrivals: int, last: int) -> str:
    """The statement for so many arrivals, with a last row that has so many values, if any."""
    rows = [f"(0, {', '.join('?' * _ARRIVAL)})"] * arrivals
    if last:
        rows.append(f"(1, {', '.join('?' * last)}{', NULL' * (_ARRIVAL - last)})")
    return f"INSERT INTO work VALUES {', '.join(rows)}"  # noqa: S608 - only places for values


def _sealed(message: StoredMessage) -> StoredBody:
    if isinstance(message.body, MemoryBody | FileBody):
        return message.body
    raise TypeError(f"{message.queue_id}: only content that a draft has sealed can be committed")
