"""The helper, as a process of its own."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gatepost.delivery import helper, requests
from gatepost.delivery.command import Command
from gatepost.delivery.exits import Ending
from gatepost.delivery.mailbox import MailboxKind, Target
from gatepost.delivery.mailformat import MAILDIR, MBOX
from gatepost.delivery.userfile import Found, UserFile
from gatepost.delivery.writers import HelperWriter, spooled
from tests.fakes.jobs import FakeBody

NOBODY = 65534
ROOT = os.geteuid() == 0
PROGRAM = """
import socket, sys
from gatepost.delivery.helper import serve
serve(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]))
"""


@contextmanager
def running(path: Path, owner: int) -> Iterator[HelperWriter]:
    listener = helper.listen(str(path), owner)
    arguments = [sys.executable, "-c", PROGRAM, str(listener.fileno()), str(owner)]
    with subprocess.Popen(arguments, pass_fds=[listener.fileno()]) as process:
        listener.close()
        try:
            yield HelperWriter(str(path))
        finally:
            process.send_signal(signal.SIGTERM)


def deliver(writer: HelperWriter, target: Target) -> str:
    async def main() -> str:
        async with spooled(FakeBody(b"a\r\n"), b"", MBOX if target.kind is MailboxKind.MBOX else MAILDIR) as file:
            failure = await writer.deliver(target, file)
            return failure.text if failure else ""

    return asyncio.run(main())


def test_it_writes_as_the_owner() -> None:
    uid, gid = (NOBODY, NOBODY) if ROOT else (os.getuid(), os.getgid())
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)  # pytest's own folders are closed to other users
        os.chown(home, uid, gid)
        with running(home / "deliver", os.getuid()) as writer:
            for kind, path in ((MailboxKind.MAILDIR, home / "dir"), (MailboxKind.MBOX, home / "box")):
                assert deliver(writer, Target(kind, str(path), uid, gid)) == ""
        assert (home / "box").read_bytes() == b"a\n\n"
        assert (home / "box").stat().st_uid == uid
        assert len(list((home / "dir" / "new").iterdir())) == 1


@pytest.mark.skipif(not ROOT, reason="only root has anything to give up")
def test_it_never_writes_as_root(tmp_path: Path) -> None:
    with running(tmp_path / "deliver", os.getuid()) as writer:
        for uid, gid in ((0, NOBODY), (NOBODY, 0)):
            text = deliver(writer, Target(MailboxKind.MBOX, str(tmp_path / "box"), uid, gid))
            assert text == "delivery helper: delivery as root is refused"
    assert not (tmp_path / "box").exists()


@pytest.mark.skipif(not ROOT, reason="only root can become another user")
def test_a_directory_of_another_is_out_of_reach(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    with running(tmp_path / "deliver", os.getuid()) as writer:
        text = deliver(writer, Target(MailboxKind.MBOX, str(private / "box"), NOBODY, NOBODY))
    assert text.endswith("box.lock: Permission denied")


@pytest.mark.parametrize("text", [b"nonsense", b"{}", b'{"do": "Other"}', b'{"do": "Target", "kind": "x"}'])
def test_bad_requests_are_answered(text: bytes) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    file = requests.filled(text)
    with ours, theirs:
        socket.send_fds(ours, [requests.HELLO], [file])
        helper.answer(theirs)
        failure = requests.read_failure(ours.recv(1000))
    os.close(file)
    assert failure is not None
    assert failure.text.startswith("delivery helper: bad request")
    assert failure.code == errno.EINVAL


def test_a_packet_without_a_request_is_answered() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        ours.send(b"hello")
        helper.answer(theirs)
        assert requests.read_failure(ours.recv(1000)) is not None


@pytest.mark.skipif(not ROOT, reason="what root is refused")
@pytest.mark.parametrize(("uid", "gid"), [(0, NOBODY), (NOBODY, 0)])
def test_root_is_refused_before_anything_is_given_up(uid: int, gid: int) -> None:
    with pytest.raises(PermissionError, match="delivery as root is refused"):
        helper.become(uid, gid)


def run(writer: HelperWriter, command: Command) -> Ending:
    async def main() -> Ending:
        async with spooled(FakeBody(b"a\r\n"), b"head\n", MAILDIR) as file:
            return await writer.run(command, file)

    return asyncio.run(main())


def nobodys(*argv: str, uid: int = NOBODY, gid: int = NOBODY, root: str = "") -> Command:
    return Command(argv, (), uid, gid, (("PATH", "/usr/bin:/bin"),), root=root)


@pytest.mark.skipif(not ROOT, reason="only root can become another user")
def test_it_runs_commands_as_their_user(tmp_path: Path) -> None:
    with running(tmp_path / "deliver", os.getuid()) as writer:
        ending = run(writer, nobodys("sh", "-c", "cat; id -u; id -G; ls /proc/self/fd | wc -w"))
        assert ending == Ending(0, output=b"head\na\n65534\n65534\n4\n")
        for refused in (nobodys("id", uid=0), nobodys("id", gid=0)):
            assert run(writer, refused) == Ending(75, output=b"delivery helper: delivery as root is refused\n")
        assert run(writer, nobodys("id", root="/no/such")) == Ending(
            75, output=b"/no/such: No such file or directory\n"
        )


@pytest.mark.skipif(not ROOT, reason="only root can change the root directory")
def test_a_command_may_have_a_root_of_its_own(tmp_path: Path) -> None:
    with running(tmp_path / "deliver", os.getuid()) as writer, tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        ending = run(writer, nobodys("sh", root=name))
        assert ending == Ending(75, output=b"fatal: execvp sh: No such file or directory\n")


@pytest.mark.skipif(not ROOT, reason="only root can become another user")
def test_a_command_ends_with_the_server(tmp_path: Path) -> None:
    with running(tmp_path / "deliver", os.getuid()) as writer, tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        mark = Path(name) / "mark"
        command = nobodys("sh", "-c", f"echo $$ >{mark}.new; mv {mark}.new {mark}; exec sleep 60")

        async def main() -> None:
            async with spooled(FakeBody(), b"", MAILDIR) as file:
                task = asyncio.create_task(writer.run(command, file))
                while not mark.exists():  # noqa: ASYNC110 - another process makes it
                    await asyncio.sleep(0)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            process = Path(f"/proc/{mark.read_text().strip()}")
            while process.exists():  # noqa: ASYNC110, ASYNC240 - as above
                await asyncio.sleep(0)

        asyncio.run(asyncio.wait_for(main(), 20))


@pytest.mark.skipif(not ROOT, reason="only root can become another user")
def test_it_reads_files_as_their_user() -> None:
    with tempfile.TemporaryDirectory() as name, running(Path(name) / "deliver", os.getuid()) as writer:
        Path(name).chmod(0o755)
        file = Path(name) / "list"
        file.write_text("a@b")
        file.chmod(0o600)

        def read(*, by_owner: bool = False) -> Found:
            request = UserFile(str(file), 1, 1, private=False, limit=10, by_owner=by_owner)
            return asyncio.run(writer.read(request))

        assert read(by_owner=True).trouble == f"{file}: Permission denied"  # root's is not read as root
        os.chown(file, NOBODY, NOBODY)
        assert read().trouble == f"{file}: Permission denied"
        assert read(by_owner=True) == Found(b"a@b", owner=NOBODY)
        file.unlink()
        assert read(by_owner=True) == Found()


def test_many_ask_at_a_time(tmp_path: Path) -> None:
    """More than the helper listens for; nobody is turned away."""
    with running(tmp_path / "deliver", os.getuid()) as writer:

        async def main() -> list[Found]:
            file = UserFile("/etc/hostname/none", os.getuid() or NOBODY, os.getgid() or NOBODY, private=False, limit=1)
            return await asyncio.gather(*(writer.read(file) for _ in range(300)))

        assert asyncio.run(main()) == [Found()] * 300


def test_a_spool_of_a_group_lends_its_group(tmp_path: Path) -> None:
    spool = tmp_path / "mail"
    spool.mkdir()
    spool.chmod(0o2775)
    box = Target(MailboxKind.MBOX, str(spool / "box"), os.getuid() + 1, 1)
    assert helper._spool_group(box) == spool.stat().st_gid
    spool.chmod(0o777)
    assert helper._spool_group(box) == 0
    assert helper._spool_group(Target(MailboxKind.MAILDIR, str(spool / "box"), 1, 1)) == 0
    assert helper._spool_group(Target(MailboxKind.MBOX, "/no/where", 1, 1)) == 0
