"""Content while it arrives, and where it ends up."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import pytest

from gatepost.queue import body as module
from gatepost.queue.body import PIECE, FileBody, FileDraft, LedgerBody, MemoryBody, StoredBody, store_error
from gatepost.queue.record import Identity
from gatepost.queue.store import StoreFailed, StoreFull


def run(test: Callable[[Executor], Awaitable[None]]) -> None:
    async def session() -> None:
        with ThreadPoolExecutor(1) as executor:
            await test(executor)

    asyncio.run(session())


async def read(body: StoredBody | LedgerBody) -> bytes:
    pieces = [piece async for piece in body.chunks()]
    assert all(0 < len(piece) <= PIECE for piece in pieces)
    return b"".join(pieces)


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 250, PIECE, 3 * PIECE + 5])
@pytest.mark.parametrize("step", [1, 7, 64, 100_000])
def test_content_comes_back_as_it_came(tmp_path: Path, size: int, step: int) -> None:
    if size > 1000 and step < 64:
        pytest.skip("the same in more steps")
    content = bytes(n % 251 for n in range(size))

    async def use(executor: Executor) -> None:
        draft = FileDraft(tmp_path, "A1", executor, limit=100)
        for start in range(0, size, step):
            draft.write(content[start : start + step])
        body = await draft.seal(b"head\r\n")
        assert await read(body) == b"head\r\n" + content
        assert body.size == size + 6
        assert isinstance(body, FileBody) == (size + 6 > 100 and size > 0) == (tmp_path / "A1").exists()
        if isinstance(body, FileBody):
            assert body.verify() == ""

    run(use)


def test_a_small_message_never_touches_the_disk(tmp_path: Path) -> None:
    async def use(executor: Executor) -> None:
        draft = FileDraft(tmp_path / "missing", "A1", executor, limit=100)
        draft.write(b"x" * 90)
        assert await draft.seal(b"") == MemoryBody(b"x" * 90)

    run(use)


@pytest.mark.parametrize(
    ("code", "kind"), [(errno.ENOSPC, StoreFull), (errno.EDQUOT, StoreFull), (errno.EIO, StoreFailed)]
)
@pytest.mark.parametrize("where", ["open", "write", "fsync"])
def test_what_a_disk_refuses_is_told_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, code: int, kind: type[Exception]
) -> None:
    def fails(*_: object) -> int:
        raise OSError(code, os.strerror(code))

    async def use(executor: Executor) -> None:
        draft = FileDraft(tmp_path, "A1", executor, limit=10)
        with monkeypatch.context() as patched:
            patched.setattr(os, where, fails)
            draft.write(b"x" * 20)
            draft.write(b"y" * 2 * PIECE)
            draft.write(b"z")
            with pytest.raises(kind):
                await draft.seal(b"head")
        assert not any(tmp_path.iterdir())  # noqa: ASYNC240 - a test may wait
        draft.discard()

    run(use)


def test_a_short_write_is_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:7]))

    async def use(executor: Executor) -> None:
        draft = FileDraft(tmp_path, "A1", executor, limit=10)
        draft.write(b"0123456789" * 5)
        assert await read(await draft.seal(b"")) == b"0123456789" * 5

    run(use)


def test_discarding_leaves_nothing(tmp_path: Path) -> None:
    async def use(executor: Executor) -> None:
        for sealed in (False, True):
            draft = FileDraft(tmp_path, "A1", executor, limit=10)
            draft.write(b"x" * 20)
            if sealed:
                await draft.seal(b"")
            draft.discard()
            draft.discard()
            assert not any(tmp_path.iterdir())  # noqa: ASYNC240 - a test may wait

    run(use)


def test_a_file_of_the_same_name_is_not_harmed(tmp_path: Path) -> None:
    (tmp_path / "A1").write_bytes(b"another's")

    async def use(executor: Executor) -> None:
        draft = FileDraft(tmp_path, "A1", executor, limit=10)
        draft.write(b"x" * 20)
        with pytest.raises(StoreFailed, match="File exists"):
            await draft.seal(b"")

    run(use)
    assert (tmp_path / "A1").read_bytes() == b"another's"


def test_a_draft_that_is_dropped_while_the_disk_is_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file goes, and its descriptor is closed once, by the thread that uses it."""

    async def use(executor: Executor) -> None:
        draft = FileDraft(tmp_path, "A1", executor, limit=10)
        draft.write(b"x" * 20)
        loop = asyncio.get_running_loop()
        busy = asyncio.Event()

        def slow(folder: Path) -> None:
            del folder
            loop.call_soon_threadsafe(busy.set)
            asyncio.run_coroutine_threadsafe(dropped.wait(), loop).result(10)

        dropped = asyncio.Event()
        monkeypatch.setattr(module, "sync_folder", slow)
        sealing = asyncio.create_task(draft.seal(b""))
        await busy.wait()
        sealing.cancel()
        draft.discard()
        dropped.set()
        await asyncio.gather(sealing, return_exceptions=True)
        await loop.run_in_executor(executor, lambda: None)
        assert not any(tmp_path.iterdir())  # noqa: ASYNC240 - a test may wait

    run(use)


def test_a_body_in_the_ledger_is_fetched_when_it_is_wanted() -> None:
    async def use(_: Executor) -> None:
        async def fetch(identity: Identity) -> MemoryBody:
            return MemoryBody(identity.queue_id.encode())

        assert await read(LedgerBody(Identity(1, "A1"), 2, fetch)) == b"A1"

    run(use)


def test_errors_of_the_system() -> None:
    assert isinstance(store_error(OSError(errno.ENOSPC, "full")), StoreFull)
    assert str(store_error(OSError("odd"))) == "odd"
