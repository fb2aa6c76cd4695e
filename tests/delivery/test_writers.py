"""The ways to mailboxes, and the words between server and helper."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import pytest

from gatepost.delivery import writers
from gatepost.delivery.mailbox import MailboxKind, Target
from gatepost.delivery.writers import (
    DirectWriter,
    Failure,
    HelperWriter,
    decode_answer,
    decode_target,
    encode_answer,
    encode_target,
    helper_socket,
    spooled,
)
from tests.fakes.jobs import FakeBody

TARGET = Target(MailboxKind.MAILDIR, "/var/mail/\udcffü", 1000, 1000, 5, ("fcntl",), 3, 0.5, strict_ownership=False)


def test_requests_and_answers_survive_the_way() -> None:
    assert decode_target(encode_target(TARGET)) == TARGET
    for answer in (None, Failure("no", errno.EPERM)):
        assert answer == decode_answer(encode_answer(answer))


def test_a_silent_helper_is_a_failure_that_may_pass() -> None:
    assert decode_answer(b"") == Failure("delivery helper: no answer", errno.EAGAIN)


@pytest.mark.parametrize("request_", [b"", b"[]", b"{}", b'{"kind": "maildir", "locks": []}', b'{"kind": "x"}'])
def test_bad_requests_are_told(request_: bytes) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        decode_target(request_)


@pytest.mark.parametrize("limit", [0, 1_000_000])
def test_small_and_large_messages_are_handed_over_alike(
    limit: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "MEMORY_LIMIT", limit)

    async def main() -> None:
        async with spooled(FakeBody(b"a\r\nb\r\n", 2), b"head\n", mbox=True, folder=str(tmp_path)) as file:
            assert os.pread(file, 100, 0) == b"head\na\nb\n\n"
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(file)

    asyncio.run(main())
    assert not list(tmp_path.iterdir())


def test_without_root_we_write_as_ourselves(tmp_path: Path) -> None:
    async def main() -> None:
        for kind, path in ((MailboxKind.MAILDIR, tmp_path / "dir"), (MailboxKind.MBOX, tmp_path / "box")):
            async with spooled(FakeBody(b"a\r\n"), b"", mbox=kind is MailboxKind.MBOX) as file:
                assert await DirectWriter().deliver(Target(kind, str(path), 1, 1), file) is None
        async with spooled(FakeBody(), b"", mbox=False) as file:
            failed = await DirectWriter().deliver(Target(MailboxKind.MBOX, str(tmp_path), 1, 1), file)
            assert failed is not None
            assert failed.text == f"open mailbox {tmp_path}: Is a directory"

    asyncio.run(main())
    assert (tmp_path / "box").read_bytes() == b"a\n\n"
    assert len(list((tmp_path / "dir" / "new").iterdir())) == 1


def test_a_helper_that_is_not_there_is_a_failure_that_may_pass(tmp_path: Path) -> None:
    async def main() -> None:
        async with spooled(FakeBody(), b"", mbox=False) as file:
            failed = await HelperWriter(helper_socket(tmp_path)).deliver(TARGET, file)
            assert failed == Failure("delivery helper: No such file or directory", errno.EAGAIN)

    asyncio.run(main())
