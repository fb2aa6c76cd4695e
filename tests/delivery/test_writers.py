"""The ways to mailboxes, and the words between server and helper."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from gatepost.delivery import requests, writers
from gatepost.delivery.command import Command
from gatepost.delivery.exits import Ending
from gatepost.delivery.mailbox import MailboxKind, Target
from gatepost.delivery.mailformat import MAILDIR, MBOX
from gatepost.delivery.requests import Failure
from gatepost.delivery.userfile import Found, UserFile
from gatepost.delivery.writers import DirectWriter, HelperWriter, helper_socket, spooled
from tests.fakes.jobs import FakeBody

TARGET = Target(MailboxKind.MAILDIR, "/no/where", 1000, 1000)
COMMAND = Command(("sh", "-c", "cat; exit 3"), (), 1000, 1000, (("PATH", "/usr/bin:/bin"),))


@pytest.mark.parametrize("limit", [0, 1_000_000])
def test_small_and_large_messages_are_handed_over_alike(
    limit: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "MEMORY_LIMIT", limit)

    async def main() -> None:
        async with spooled(FakeBody(b"a\r\nb\r\n", 2), b"head\n", MBOX, str(tmp_path)) as file:
            assert os.pread(file, 100, 0) == b"head\na\nb\n\n"
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(file)

    asyncio.run(main())
    assert not list(tmp_path.iterdir())


def test_without_root_we_write_as_ourselves(tmp_path: Path) -> None:
    async def main() -> None:
        for kind, path in ((MailboxKind.MAILDIR, tmp_path / "dir"), (MailboxKind.MBOX, tmp_path / "box")):
            async with spooled(FakeBody(b"a\r\n"), b"", MBOX if kind is MailboxKind.MBOX else MAILDIR) as file:
                assert await DirectWriter().deliver(Target(kind, str(path), 1, 1), file) is None
        async with spooled(FakeBody(), b"", MBOX) as file:
            failed = await DirectWriter().deliver(Target(MailboxKind.MBOX, str(tmp_path), 1, 1), file)
            assert failed is not None
            assert failed.text == "cannot open file: Is a directory"

    asyncio.run(main())
    assert (tmp_path / "box").read_bytes() == b"a\n\n"
    assert len(list((tmp_path / "dir" / "new").iterdir())) == 1


def test_without_root_we_run_and_read_as_ourselves(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("a@b")

    async def main() -> None:
        async with spooled(FakeBody(b"a\r\n"), b"head\n", MAILDIR) as file:
            assert await DirectWriter().run(COMMAND, file) == Ending(3, output=b"head\na\n")
            rooted = await DirectWriter().run(replace(COMMAND, root="/"), file)
            assert rooted == Ending(75, output=b"chroot needs a server that root has started\n")
        found = await DirectWriter().read(UserFile(str(tmp_path / "f"), 1, 1, private=True, limit=10))
        assert found == Found(b"a@b", owner=os.geteuid())

    asyncio.run(main())


def test_a_command_is_killed_when_its_delivery_is_broken_off(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    command = replace(COMMAND, argv=("sh", "-c", f"echo $$ >{mark}.new; mv {mark}.new {mark}; exec sleep 60"))

    async def main() -> None:
        writer = DirectWriter()
        async with spooled(FakeBody(), b"", MAILDIR) as file:
            running = asyncio.create_task(writer.run(command, file))
            while not mark.exists():  # noqa: ASYNC110 - another process makes it
                await asyncio.sleep(0)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        writer.commands.shutdown()  # waits for the thread, which waits for the command

    asyncio.run(main())
    assert not Path(f"/proc/{mark.read_text().strip()}").exists()


def test_a_helper_that_is_not_there_is_a_failure_that_may_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "REPLACEMENT", 0.0)

    async def main() -> None:
        writer = HelperWriter(helper_socket(tmp_path))
        async with spooled(FakeBody(), b"", MAILDIR) as file:
            failed = await writer.deliver(TARGET, file)
            assert failed == Failure("delivery helper: No such file or directory", errno.EAGAIN)
            assert await writer.run(COMMAND, file) == Ending(75, output=b"delivery helper: No such file or directory")
        found = await writer.read(UserFile("/f", 1, 1, private=True, limit=10))
        assert found.passing
        assert found.trouble == "/f: delivery helper: No such file or directory"

    asyncio.run(main())


def test_a_helper_that_has_died_is_waited_for(tmp_path: Path) -> None:
    path = str(tmp_path / "helper")

    async def main() -> None:
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.setblocking(False)
            listener.bind(path)  # nobody listens yet: connections are refused
            async with spooled(FakeBody(), b"", MAILDIR) as file:
                delivery = asyncio.create_task(HelperWriter(path).deliver(TARGET, file))
                await asyncio.sleep(0)
                assert not delivery.done()
                listener.listen()
                connection, _ = await loop.sock_accept(listener)
                connection.close()
                failed = await delivery
            assert failed is not None
            assert "refused" not in failed.text

    asyncio.run(main())


def test_a_helper_that_says_nothing_is_a_failure_that_may_pass(tmp_path: Path) -> None:
    path = str(tmp_path / "helper")

    def hang_up(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        connection.close()

    async def main() -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(path)
            listener.listen()
            hanging_up = asyncio.get_running_loop().run_in_executor(None, hang_up, listener)
            async with spooled(FakeBody(), b"", MAILDIR) as file:
                failed = await HelperWriter(path).deliver(TARGET, file)
            assert failed is not None
            assert failed.code == errno.EAGAIN
            await hanging_up

    asyncio.run(main())


def test_the_helper_has_as_much_time_as_it_needs_but_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "ANSWER_TIMEOUT", 0.0)
    path = str(tmp_path / "helper")

    async def main() -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(path)
            listener.listen()
            async with spooled(FakeBody(), b"", MAILDIR) as file:
                failed = await HelperWriter(path).deliver(TARGET, file)
            assert failed == Failure("delivery helper: no answer", errno.EAGAIN)

    asyncio.run(main())


def test_requests_fit_whatever_their_size() -> None:
    command = replace(COMMAND, argv=tuple(f"{number}@b.example" for number in range(50_000)))
    file = requests.packed(command)
    assert requests.read_request(requests.unpacked(file)) == command
    os.close(file)
