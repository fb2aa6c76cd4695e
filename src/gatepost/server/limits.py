"""How many connections a client has, and how often it does things: exact across all workers.

The table is shared memory. The rules:

1. A row stands for one client of one service. Its connections are counted in one column for each worker, because they
   end with the worker that has them: the supervisor clears the column of one that died.
2. What is counted per time (connections made, messages, recipients, TLS sessions, logins) is counted for all workers
   together. The time begins with the client's first event; when `anvil_rate_time_unit` is over, all counts begin anew.
3. Rows live in buckets; a key's hash names its bucket. Every look or change locks the bucket against other workers (a
   POSIX record lock, which the kernel drops with its owner), so that the 51st connection is the one that is refused.
   The only worker of a server needs no lock: the supervisor writes to the table only after that worker has died.
4. A bucket that is full of live rows counts no further clients: limits then let them pass, mail comes first.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from hashlib import blake2b

BUCKETS = 4096
"""Buckets of a table; with rows, room for some 60,000 clients at once."""

ROWS = 16
"""Rows of a bucket."""

_KEY = 16
_FIXED = struct.Struct("=16sd5I4x")  # key, start of the time, five counts
_CONNECTIONS = struct.Struct("=I")
_COUNTS = struct.calcsize("=16sd")


class Counter(IntEnum):
    """What is counted per time."""

    CONNECTION = 0
    MESSAGE = 1
    RECIPIENT = 2
    TLS_SESSION = 3
    AUTH = 4


@dataclass(frozen=True, slots=True)
class Counts:
    """A client's connections now, and those made in the time that runs."""

    connections: int
    rate: int


def make_table(workers: int) -> int:
    """Make the shared table for so many workers; a descriptor that they inherit."""
    descriptor = os.memfd_create("gatepost-limits")
    os.ftruncate(descriptor, BUCKETS * ROWS * _row_size(workers))
    return descriptor


def _row_size(workers: int) -> int:
    return _FIXED.size + workers * _CONNECTIONS.size


class ClientLimits:
    """One worker's view of the table."""

    def __init__(self, descriptor: int, workers: int, column: int, time_unit: float) -> None:
        self._descriptor = descriptor
        self._workers = workers
        self._column = column
        self._time_unit = time_unit
        self._row_size = _row_size(workers)
        self._bucket_size = ROWS * self._row_size
        self._table = mmap.mmap(descriptor, BUCKETS * self._bucket_size)

    def connect(self, service: str, client: str, now: float) -> Counts:
        """Count a new connection. `now` is in seconds, of the same clock in all workers."""
        with self._row(service, client, now) as row:
            if row < 0:
                return Counts(0, 0)
            self._add(self._connections(row, self._column), 1)
            return Counts(self._sum(row), self._count(row, Counter.CONNECTION))

    def disconnect(self, service: str, client: str, now: float) -> None:
        """A counted connection has ended."""
        with self._row(service, client, now) as row:
            if row >= 0 and self._number(self._connections(row, self._column)):
                self._add(self._connections(row, self._column), -1)

    def count(self, service: str, client: str, counter: Counter, now: float) -> int:
        """Count an event; how many there were, this one included, in the time that runs."""
        with self._row(service, client, now) as row:
            return self._count(row, counter) if row >= 0 else 0

    def rate(self, service: str, client: str, counter: Counter, now: float) -> int:
        """How many of these events there were in the time that runs; nothing is counted."""
        with self._row(service, client, now) as row:
            return self._number(self._place(row, counter)) if row >= 0 else 0

    def clear(self, column: int) -> None:
        """A worker has died: its connections are gone."""
        for bucket in range(BUCKETS):
            with self._locked(bucket):
                for row in self._rows(bucket):
                    _CONNECTIONS.pack_into(self._table, self._connections(row, column), 0)

    def close(self) -> None:
        """Unmap the table."""
        self._table.close()

    @contextmanager
    def _row(self, service: str, client: str, now: float) -> Iterator[int]:
        """The place of the client's row, its bucket locked; -1 where there is no room."""
        key = blake2b(f"{service}\0{client}".encode("utf-8", "surrogateescape"), digest_size=_KEY).digest()
        bucket = int.from_bytes(key[:4], "little") % BUCKETS
        with self._locked(bucket):
            row = self._find(bucket, key)
            if row < 0:
                row = self._free(bucket, now)
                if row >= 0:
                    _FIXED.pack_into(self._table, row, key, now, 0, 0, 0, 0, 0)
            elif not 0 <= now - self._started(row) < self._time_unit:
                _FIXED.pack_into(self._table, row, key, now, 0, 0, 0, 0, 0)
            yield row

    @contextmanager
    def _locked(self, bucket: int) -> Iterator[None]:
        if self._workers == 1:
            yield
            return
        fcntl.lockf(self._descriptor, fcntl.LOCK_EX, 1, bucket)
        try:
            yield
        finally:
            fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1, bucket)

    def _rows(self, bucket: int) -> range:
        start = bucket * self._bucket_size
        return range(start, start + self._bucket_size, self._row_size)

    def _find(self, bucket: int, key: bytes) -> int:
        return next((row for row in self._rows(bucket) if self._table[row : row + _KEY] == key), -1)

    def _free(self, bucket: int, now: float) -> int:
        """A row that nobody has, or whose client is gone and whose time is over."""
        for row in self._rows(bucket):
            unused = self._table[row : row + _KEY] == bytes(_KEY)
            if unused or (not self._sum(row) and not 0 <= now - self._started(row) < self._time_unit):
                return row
        return -1

    def _started(self, row: int) -> float:
        started: float = _FIXED.unpack_from(self._table, row)[1]
        return started

    def _connections(self, row: int, column: int) -> int:
        return row + _FIXED.size + column * _CONNECTIONS.size

    def _sum(self, row: int) -> int:
        return sum(self._number(self._connections(row, column)) for column in range(self._workers))

    def _count(self, row: int, counter: Counter) -> int:
        return self._add(self._place(row, counter), 1)

    def _place(self, row: int, counter: Counter) -> int:
        return row + _COUNTS + counter * _CONNECTIONS.size

    def _number(self, place: int) -> int:
        number: int = _CONNECTIONS.unpack_from(self._table, place)[0]
        return number

    def _add(self, place: int, change: int) -> int:
        number = self._number(place) + change
        _CONNECTIONS.pack_into(self._table, place, number)
        return number
