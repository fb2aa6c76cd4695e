"""Maildir and mbox on a real file system."""

from __future__ import annotations

import errno
import fcntl
import os
from dataclasses import replace
from pathlib import Path

import pytest

from gatepost.delivery import mailbox
from gatepost.delivery.mailbox import MailboxError, MailboxKind, Target, status_code, write

TEXT = b"Subject: x\n\ny\n"


def content(data: bytes = TEXT) -> int:
    file = os.memfd_create("test")
    os.write(file, data)
    return file


def target(path: Path, kind: MailboxKind = MailboxKind.MBOX) -> Target:
    return Target(kind, str(path), os.getuid(), os.getgid(), lock_attempts=1, lock_delay=0.0)


def test_a_maildir_is_made_and_filled(tmp_path: Path) -> None:
    box = tmp_path / "deep" / "box"
    for _ in range(2):
        write(target(box, MailboxKind.MAILDIR), content())
    assert sorted(path.name for path in box.iterdir()) == ["cur", "new", "tmp"]
    assert [TEXT, TEXT] == [path.read_bytes() for path in (box / "new").iterdir()]
    assert not list((box / "tmp").iterdir())
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in (box / "new").iterdir())


def test_a_maildir_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "box").write_text("in the way")
    with pytest.raises(MailboxError, match=r"create maildir file .*/box/tmp/.*: Not a directory"):
        write(target(tmp_path / "box", MailboxKind.MAILDIR), content())


def test_messages_are_added_to_an_mbox_file(tmp_path: Path) -> None:
    box = tmp_path / "box"
    for _ in range(2):
        write(target(box), content())
    assert box.read_bytes() == TEXT * 2
    assert box.stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "box.lock").exists()


def test_a_full_mailbox_stays_as_it_was(tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.write_bytes(b"old\n")
    for kind, path in ((MailboxKind.MBOX, box), (MailboxKind.MAILDIR, tmp_path / "dir")):
        with pytest.raises(MailboxError) as caught:
            write(replace(target(path, kind), size_limit=10), content())
        assert caught.value.code == errno.EFBIG
    assert box.read_bytes() == b"old\n"


def test_what_was_written_halfway_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box = tmp_path / "box"
    box.write_bytes(b"old\n")

    def half(source: int, file: int) -> None:
        os.write(file, os.read(source, 3))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(mailbox, "_copy", half)
    with pytest.raises(MailboxError, match="error writing message: No space left on device"):
        write(target(box), content())
    assert box.read_bytes() == b"old\n"
    with pytest.raises(MailboxError, match="No space"):
        write(target(tmp_path / "dir", MailboxKind.MAILDIR), content())
    assert not list((tmp_path / "dir" / "new").iterdir())
    assert not list((tmp_path / "dir" / "tmp").iterdir())


def test_a_locked_mailbox_is_left_alone(tmp_path: Path) -> None:
    box = tmp_path / "box"
    (tmp_path / "box.lock").touch()
    with pytest.raises(MailboxError, match=r"unable to create lock file .*/box\.lock"):
        write(replace(target(box), lock_attempts=2), content())
    assert not box.exists()


def test_a_stale_lock_is_taken_away(tmp_path: Path) -> None:
    lock = tmp_path / "box.lock"
    lock.touch()
    os.utime(lock, (0, 0))
    write(replace(target(tmp_path / "box"), lock_attempts=2), content())
    assert (tmp_path / "box").read_bytes() == TEXT
    assert not lock.exists()


def test_a_file_locked_by_another_is_left_alone(tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.touch()
    with box.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(MailboxError, match="unable to lock") as caught:
            write(replace(target(box), locks=("flock",)), content())
    assert caught.value.code == errno.EAGAIN


def test_nothing_is_written_through_links(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"x")
    (tmp_path / "soft").symlink_to(secret)
    os.link(secret, tmp_path / "hard")
    for name in ("soft", "hard"):
        with pytest.raises(MailboxError):
            write(target(tmp_path / name), content())
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(MailboxError, match="not a regular file"):
        write(target(tmp_path / "pipe"), content())
    assert secret.read_bytes() == b"x"


def test_a_mailbox_of_another_is_left_alone(tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.touch()
    with pytest.raises(MailboxError, match="not owned by recipient"):
        write(replace(target(box), uid=os.getuid() + 1), content())
    write(replace(target(box), uid=os.getuid() + 1, strict_ownership=False), content())
    assert box.read_bytes() == TEXT


@pytest.mark.parametrize(
    ("code", "dsn"),
    [(errno.EAGAIN, "4.2.0"), (errno.ENOSPC, "4.3.0"), (errno.EDQUOT, "5.2.2"), (errno.EACCES, "5.2.0")],
)
def test_status_codes(code: int, dsn: str) -> None:
    assert dsn == status_code(code, "5.2.0")
