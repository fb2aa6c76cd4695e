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

from gatepost.delivery import helper
from gatepost.delivery.mailbox import MailboxError, MailboxKind, Target
from gatepost.delivery.writers import HelperWriter, decode_answer, spooled
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
        async with spooled(FakeBody(b"a\r\n"), b"", mbox=target.kind is MailboxKind.MBOX) as file:
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
            assert text == "delivery as root is refused: Operation not permitted"
    assert not (tmp_path / "box").exists()


@pytest.mark.skipif(not ROOT, reason="only root can become another user")
def test_a_directory_of_another_is_out_of_reach(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    with running(tmp_path / "deliver", os.getuid()) as writer:
        text = deliver(writer, Target(MailboxKind.MBOX, str(private / "box"), NOBODY, NOBODY))
    assert text.endswith("box.lock: Permission denied")


def test_bad_requests_are_answered() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        ours.send(b"nonsense")
        helper.answer(theirs)
        failure = decode_answer(ours.recv(1000))
    assert failure is not None
    assert (failure.text, failure.code) == ("delivery helper: bad request", errno.EINVAL)


@pytest.mark.skipif(not ROOT, reason="what root is refused")
def test_root_is_refused_before_anything_is_given_up() -> None:
    with pytest.raises(MailboxError, match="delivery as root is refused"):
        helper.become(Target(MailboxKind.MBOX, "/nowhere", 0, 0))


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
