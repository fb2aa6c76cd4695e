"""The store's interface, by the fake that tests of other parts use."""

from __future__ import annotations

from pathlib import Path

from gatepost.queue.store import OwnerLost, QueueStore, SlotBusy, StoreError, StoreFailed, StoreFull
from tests.fakes.store import FakeStore
from tests.queue.contract import Contract


class TestFake(Contract):
    """The fake keeps the contract, as far as memory can."""

    durable = False

    def open(self, folder: Path) -> QueueStore:
        del folder
        return FakeStore()


def test_every_failure_is_a_store_error() -> None:
    assert all(issubclass(kind, StoreError) for kind in (StoreFull, StoreFailed, OwnerLost, SlotBusy))
