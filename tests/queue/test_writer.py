"""The writing thread: commits are shared, failures are not."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import apsw
import pytest

from gatepost.mail.envelope import Envelope
from gatepost.queue import writer as module
from gatepost.queue.body import MemoryBody
from gatepost.queue.ids import RESERVE, Identities
from gatepost.queue.ledger import Commit, Erase, Ledger, Operation, Transaction
from gatepost.queue.record import Fate, Identity, Settlement, StoredMessage
from gatepost.queue.store import OwnerLost, StoreFailed, StoreFull
from gatepost.queue.writer import Writer, store_error


class FakeLedger(Ledger):
    """Remembers the transactions; `refuse` says which operations fail, and how. `gate` holds every transaction up."""

    def __init__(self) -> None:
        self.prepared: dict[str, list[Operation]] = {}
        self.transactions: list[list[Operation]] = []
        self.counts: list[int | None] = []
        self.refuse: Callable[[Operation], Exception | None] = lambda _: None
        self.entered = threading.Event()
        self.gate = threading.Event()
        self.gate.set()
        self.files: list[Path] = []

    def prepare(self, operations: Iterable[Operation], count: int | None) -> Transaction:
        name = str(len(self.prepared))
        self.prepared[name] = list(operations)
        return Transaction(((name, (count,)),))

    def apply(self, transaction: Transaction) -> list[Path]:
        self.entered.set()
        self.gate.wait(10)
        ((name, (count,)),) = transaction.statements
        operations = self.prepared[name]
        for operation in operations:
            error = self.refuse(operation)
            if error is not None:
                raise error
        self.transactions.append(operations)
        assert count is None or isinstance(count, int)
        self.counts.append(count)
        return self.files


def commit(number: int, size: int = 1) -> Commit:
    body = MemoryBody(b"x" * size)
    return Commit(StoredMessage(Identity(number, f"A{number}"), Envelope("", ()), (), body, 0.0, 0.0, 0.0))


def run(
    folder: Path, test: Callable[[Writer, FakeLedger], Awaitable[None]], identities: Identities | None = None
) -> None:
    async def session() -> None:
        ledger = FakeLedger()
        connection = apsw.Connection(str(folder / "db"))
        writer = Writer(connection, ledger, identities or Identities(0), folder, lambda: 1 << 40)
        writer.start()
        with ThreadPoolExecutor(1) as executor:
            try:
                await test(writer, ledger)
            finally:
                ledger.gate.set()
                await writer.close(executor)

    asyncio.run(session())


def test_what_comes_during_a_commit_shares_the_next_one(tmp_path: Path) -> None:
    async def use(writer: Writer, ledger: FakeLedger) -> None:
        ledger.gate.clear()
        first = writer.write(commit(0))
        await asyncio.to_thread(ledger.entered.wait, 10)
        others = [writer.write(commit(number)) for number in range(1, 50)]
        ledger.gate.set()
        await asyncio.gather(first, *others)
        assert [len(transaction) for transaction in ledger.transactions] == [1, 49]

    run(tmp_path, use)


def settlement(number: int) -> Settlement:
    return Settlement(commit(number).message, Fate.REMOVE)


def test_a_settlement_rides_with_the_next_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 3600.0)

    async def use(writer: Writer, ledger: FakeLedger) -> None:
        settled = writer.write(settlement(1))
        for _ in range(10):
            await asyncio.sleep(0)
        assert ledger.transactions == []
        await asyncio.gather(writer.write(commit(2)), settled)
        assert [len(transaction) for transaction in ledger.transactions] == [2]

    run(tmp_path, use)


def test_a_settlement_does_not_wait_for_ever(tmp_path: Path) -> None:
    async def use(writer: Writer, ledger: FakeLedger) -> None:
        await asyncio.gather(writer.write(settlement(1)), writer.write(settlement(2)))
        assert [len(transaction) for transaction in ledger.transactions] == [2]

    run(tmp_path, use)


def test_what_is_asked_for_in_one_turn_of_a_busy_loop_shares_a_transaction(tmp_path: Path) -> None:
    async def use(writer: Writer, ledger: FakeLedger) -> None:
        first = writer.write(commit(1))
        await asyncio.sleep(0)
        await asyncio.gather(first, writer.write(commit(2)))
        assert [len(transaction) for transaction in ledger.transactions] == [2]

    run(tmp_path, use)


def test_a_store_outlives_the_loop_it_was_used_on(tmp_path: Path) -> None:
    connection = apsw.Connection(str(tmp_path / "db"))
    ledger = FakeLedger()
    writer = Writer(connection, ledger, Identities(0), tmp_path, lambda: 1 << 40)
    writer.start()

    async def ask_and_leave() -> None:
        writer.write(commit(1))

    async def ask_and_close() -> None:
        await writer.write(commit(2))
        with ThreadPoolExecutor(1) as executor:
            await writer.close(executor)

    asyncio.run(ask_and_leave())
    asyncio.run(ask_and_close())
    assert sum(len(transaction) for transaction in ledger.transactions) == 2


@pytest.mark.parametrize(("operations", "octets"), [(10, 1 << 30), (1000, 10)])
def test_a_transaction_has_a_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, operations: int, octets: int
) -> None:
    monkeypatch.setattr(module, "BATCH_OPERATIONS", operations)
    monkeypatch.setattr(module, "BATCH_BYTES", octets)

    async def use(writer: Writer, ledger: FakeLedger) -> None:
        await asyncio.gather(*(writer.write(commit(number)) for number in range(45)))
        assert sum(len(transaction) for transaction in ledger.transactions) == 45
        assert max(len(transaction) for transaction in ledger.transactions) <= 10

    run(tmp_path, use)


def test_one_that_fails_does_not_fail_the_others(tmp_path: Path) -> None:
    async def use(writer: Writer, ledger: FakeLedger) -> None:
        bad = commit(3)
        ledger.refuse = lambda operation: apsw.FullError("full") if operation is bad else None
        made = await asyncio.gather(
            *(writer.write(operation) for operation in (commit(1), bad, commit(2))), return_exceptions=True
        )
        assert [type(result) for result in made] == [type(None), StoreFull, type(None)]

    run(tmp_path, use)


def test_a_lost_owner_writes_nothing_more(tmp_path: Path) -> None:
    async def use(writer: Writer, ledger: FakeLedger) -> None:
        ledger.refuse = lambda _: OwnerLost("gone")
        made = await asyncio.gather(*(writer.write(commit(n)) for n in range(3)), return_exceptions=True)
        assert [type(result) for result in made] == [OwnerLost] * 3
        assert ledger.transactions == []

    run(tmp_path, use)


def test_an_unforeseen_error_is_an_answer_too(tmp_path: Path) -> None:
    async def use(writer: Writer, ledger: FakeLedger) -> None:
        ledger.refuse = lambda _: ZeroDivisionError("oops")
        with pytest.raises(StoreFailed, match="ZeroDivisionError: oops"):
            await writer.write(commit(1))
        ledger.refuse = lambda _: None
        await writer.write(commit(1))

    run(tmp_path, use)


def test_the_counter_is_written_ahead_now_and_then(tmp_path: Path) -> None:
    identities = Identities(0, 10_000)

    async def use(writer: Writer, ledger: FakeLedger) -> None:
        await writer.write(commit(1))
        await writer.write(commit(2))
        identities.count += RESERVE
        await writer.write(commit(3))
        assert ledger.counts == [10_000 + RESERVE, None, 10_000 + 2 * RESERVE]

    run(tmp_path, use, identities)


def test_files_go_after_their_rows(tmp_path: Path) -> None:
    async def use(writer: Writer, ledger: FakeLedger) -> None:
        (tmp_path / "A1").write_bytes(b"x")
        ledger.files = [Path("A1"), Path("A2")]
        await writer.write(Erase((1, 2)))
        assert not (tmp_path / "A1").exists()

    run(tmp_path, use)


def test_a_caller_that_went_away_is_not_missed(tmp_path: Path) -> None:
    async def use(writer: Writer, ledger: FakeLedger) -> None:
        ledger.gate.clear()
        gone, waits = writer.write(commit(1)), writer.write(commit(2))
        gone.cancel()
        await asyncio.sleep(0)
        ledger.gate.set()
        await waits
        assert sum(len(transaction) for transaction in ledger.transactions) == 2

    run(tmp_path, use)


def test_closing_writes_what_was_asked_for_and_takes_nothing_more(tmp_path: Path) -> None:
    async def use(writer: Writer, ledger: FakeLedger) -> None:
        ledger.gate.clear()
        last = writer.write(commit(1))
        with ThreadPoolExecutor(1) as executor:
            closing = asyncio.create_task(writer.close(executor))
            await asyncio.sleep(0)
            ledger.gate.set()
            await asyncio.gather(last, closing)
        assert len(ledger.transactions) == 1
        with pytest.raises(StoreFailed, match="closed"):
            await writer.write(commit(2))

    run(tmp_path, use)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (apsw.FullError("full"), StoreFull),
        (apsw.IOError("io"), StoreFailed),
        (OwnerLost("gone"), OwnerLost),
        (ValueError("odd"), StoreFailed),
    ],
)
def test_what_errors_mean(error: Exception, kind: type[Exception]) -> None:
    assert type(store_error(error)) is kind


def test_a_disk_without_room_for_the_shared_memory_is_full() -> None:
    error = apsw.IOError("io")
    error.extendedresult = apsw.SQLITE_IOERR_SHMSIZE  # type: ignore[attr-defined]  # SQLite sets it
    assert isinstance(store_error(error), StoreFull)
