"""Reading the ledger, on a connection and a thread of their own.

So neither a listing of a million messages nor a page that must come from the disk holds up a commit. Every read is
short, because a long one would keep the write-ahead log from being reused.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

import apsw

from gatepost.queue import damage, schema
from gatepost.queue.body import FileBody, LedgerBody, MemoryBody
from gatepost.queue.record import Damaged, Identity, MessageState, Row, Selection, StoredMessage
from gatepost.queue.spool import Slot

_DUE = "SELECT due, number FROM message WHERE state = ? AND due <= ? ORDER BY due LIMIT ?"
_BROWSE = (
    "SELECT * FROM message WHERE number > :after AND +state IN (SELECT value FROM json_each(:states)) "
    "AND (:domain = '' OR EXISTS (SELECT 1 FROM recipient WHERE message = message.number AND domain = :domain)) "
    "ORDER BY number LIMIT :limit"
)
_MESSAGES = "SELECT * FROM message WHERE number IN (SELECT value FROM json_each(?))"
_ROWS = "SELECT * FROM recipient WHERE message IN (SELECT value FROM json_each(?)) ORDER BY message, number"
_BODY = "SELECT head, file_size, file_checksum FROM body WHERE message = ?"
_FIND = "SELECT queue_id, number FROM message WHERE queue_id IN (SELECT value FROM json_each(?))"
_FILES = (
    "SELECT queue_id FROM message JOIN body ON body.message = message.number "
    "WHERE queue_id IN (SELECT value FROM json_each(?)) AND file_size IS NOT NULL"
)

Values = tuple[Any, ...]


class Reader:
    """Every method is called in the reading thread only. `fetch` is how a body that is not in memory is read later."""

    def __init__(
        self, connection: apsw.Connection, slot: Slot, fetch: Callable[[Identity], Awaitable[MemoryBody | FileBody]]
    ) -> None:
        self._connection = connection
        self._slot = slot
        self._fetch = fetch

    def due(self, until: float, limit: int) -> list[int]:
        """Numbers of what is due, the longest due first."""
        found: list[tuple[float, int]] = []
        # One state at a time, so that the index gives the order and the limit ends the search.
        for state in (MessageState.ACTIVE, MessageState.DEFERRED):
            found += self._all(_DUE, (state.value, until, limit))
        return [number for _, number in sorted(found)[:limit]]

    def load(self, numbers: Iterable[int]) -> list[StoredMessage | Damaged]:
        """Those messages, checked."""
        wanted = list(numbers)
        try:
            return self._load(wanted)
        except apsw.Error:
            if len(wanted) > 1:
                return [message for number in wanted for message in self.load([number])]
            return [self._unreadable(number) for number in wanted]

    def browse(self, selection: Selection, after: int, limit: int) -> list[StoredMessage]:
        """A page for listings, not checked."""
        states = [state.value for state in selection.states or MessageState]
        given = {"after": after, "states": json.dumps(states), "domain": selection.domain, "limit": limit}
        found = self._all(_BROWSE, given)
        try:
            rows = self._rows([values[0] for values in found])
        except damage.DAMAGE:
            rows = {}  # what can be listed of the messages is listed without
        return [self._listed(values, rows.get(values[0], ())) for values in found]

    def find(self, queue_ids: Iterable[str]) -> Mapping[str, int]:
        """Numbers by queue id."""
        return dict(self._all(_FIND, (json.dumps(list(queue_ids)),)))

    def counts(self) -> Mapping[MessageState, int]:
        """How many messages stand where."""
        found = self._all("SELECT state, count(*) FROM message GROUP BY state")
        return {MessageState(state): count for state, count in found}

    def body(self, identity: Identity) -> MemoryBody | FileBody:
        """A message's content, not checked. Raises Mismatch where there is none that could be read."""
        try:
            found = self._all(_BODY, (identity.number,))
        except damage.DAMAGE as error:
            raise schema.Mismatch("the database cannot be read where the content is") from error
        if not found:
            raise schema.Mismatch("no content")
        head, size, checksum = found[0]
        if size is None:
            return MemoryBody(head)
        return FileBody(head, self._slot.bodies / identity.queue_id, size, checksum)

    def origin(self, number: int) -> str:
        """Where a message was imported from; empty where it came in here."""
        found = self._all("SELECT id FROM origin WHERE message = ?", (number,))
        return found[0][0] if found else ""

    def adopted(self, origins: Iterable[str]) -> set[str]:
        """Those of these origins from which a message was ever taken in."""
        query = "SELECT id FROM origin WHERE id IN (SELECT value FROM json_each(?))"
        return {found for (found,) in self._all(query, (json.dumps(list(origins)),))}

    def body_files(self, names: Sequence[str]) -> set[str]:
        """Which of these body files messages refer to."""
        return {queue_id for (queue_id,) in self._all(_FILES, (json.dumps(names),))}

    def _all(self, query: str, given: apsw.Bindings = ()) -> list[Values]:
        return self._connection.execute(query, given).fetchall()

    def _load(self, numbers: Sequence[int]) -> list[StoredMessage | Damaged]:
        self._connection.execute("BEGIN")  # so that all is of one moment
        try:
            found = self._all(_MESSAGES, (json.dumps(numbers),))
            rows = self._rows(numbers)
            return [self._checked(values, rows.get(values[0], ())) for values in found]
        finally:
            self._connection.execute("COMMIT")

    def _rows(self, numbers: Sequence[int]) -> dict[int, list[Values]]:
        rows: dict[int, list[Values]] = {}
        for message, *values in self._all(_ROWS, (json.dumps(numbers),)):
            rows.setdefault(message, []).append(tuple(values))
        return rows

    def _checked(self, values: Values, rows: Sequence[Values]) -> StoredMessage | Damaged:
        identity = Identity(values[0], values[2])
        try:
            body = self.body(identity)
            schema.check_message(values, body.head)
            finding = body.verify() if isinstance(body, FileBody) else ""
            message = schema.read_message(values, tuple(schema.read_row(row) for row in rows), body)
        except (ValueError, TypeError, KeyError) as error:
            return Damaged(identity, str(error))
        if not message.rows:
            finding = "no recipient rows"
        return Damaged(identity, finding) if finding else message

    def _listed(self, values: Values, rows: Sequence[Values]) -> StoredMessage:
        """For a listing: a damaged row is left out rather than the listing."""
        readable: list[Row] = []
        for row in rows:
            try:
                readable.append(schema.read_row(row))
            except (ValueError, TypeError, KeyError):
                continue
        body = LedgerBody(Identity(values[0], values[2]), values[11], self._fetch)
        try:
            return schema.read_message(values, tuple(readable), body)
        except (ValueError, TypeError, KeyError):
            return schema.read_message(schema.without_envelope(values), tuple(readable), body)

    def _unreadable(self, number: int) -> Damaged:
        try:
            found = self._all("SELECT queue_id FROM message WHERE number = ?", (number,))
        except apsw.Error:
            found = []
        return Damaged(Identity(number, found[0][0] if found else f"#{number}"), "the database cannot be read here")
