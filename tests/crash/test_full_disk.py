"""A disk that is really full: a small file system in memory (root only)."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatepost.queue import writer
from gatepost.queue.embedded import EmbeddedStore, open_store
from gatepost.queue.record import Damaged, Fate, Settlement, StoredMessage
from gatepost.queue.store import StoreFull
from tests.crash.test_queue import make_slot
from tests.queue.contract import NOW, accept


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Eight megabytes."""
    mount, umount = shutil.which("mount"), shutil.which("umount")
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() or not mount or not umount:
        pytest.skip("only root can mount")
    if subprocess.run([mount, "-t", "tmpfs", "-o", "size=8m", "tmpfs", place], check=False).returncode:
        pytest.skip("mounting is not allowed here")
    yield place
    subprocess.run([umount, place], check=True)


async def fill(store: EmbeddedStore, content: bytes) -> list[StoredMessage]:
    """Until nothing more is taken."""
    taken: list[StoredMessage] = []
    while True:
        try:
            taken.append(await accept(store, content))
        except StoreFull:
            return taken


@pytest.mark.parametrize("size", [3_000, 60_000, 300_000])
def test_a_queue_that_filled_the_disk_can_be_emptied_and_filled_again(
    small_disk: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "PATIENCE", 0.0)

    async def session() -> None:
        store = open_store(make_slot(small_disk))
        rounds: list[int] = []
        for _ in range(3):
            taken = await fill(store, b"x" * size)
            found = await store.load(await store.due(NOW, 10_000))
            assert not any(isinstance(message, Damaged) for message in found)
            assert len(found) == len(taken)
            for message in taken:
                await store.settle(Settlement(message, Fate.REMOVE))
            assert await store.counts() == {}
            rounds.append(len(taken))
        assert min(rounds) >= max(rounds) * 0.8
        assert min(rounds) * size > 2_000_000
        await store.close()

    asyncio.run(session())


def test_others_fill_the_disk_and_empty_it(small_disk: Path) -> None:
    """What came before is kept, what comes is refused, and all is well once there is room, without a restart."""

    async def session() -> None:
        store = open_store(make_slot(small_disk))
        kept = await accept(store)
        ballast = small_disk / "ballast"
        with pytest.raises(OSError, match="No space left"):
            ballast.write_bytes(b"x" * 16_000_000)
        for content in (b"x", b"x" * 300_000):
            with pytest.raises(StoreFull):
                await accept(store, content)
        assert await store.due(NOW, 10) == [kept.identity.number]
        assert not any(make_slot(small_disk).bodies.iterdir())
        ballast.unlink()
        more = [await accept(store, content) for content in (b"x", b"x" * 300_000)]
        assert await store.due(NOW, 10) == [message.identity.number for message in (kept, *more)]
        await store.close()

    asyncio.run(session())
