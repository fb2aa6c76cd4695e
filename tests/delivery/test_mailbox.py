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
    for name in "ab":
        write(replace(target(box, MailboxKind.MAILDIR), name=name), content())
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


def test_a_delivery_that_was_not_recorded_is_not_doubled(tmp_path: Path) -> None:
    box = replace(target(tmp_path / "box", MailboxKind.MAILDIR), name="1.M2Q3R4", accepted=1.0)
    write(box, content())
    write(box, content())
    (file,) = (tmp_path / "box" / "new").iterdir()
    for flags in (":2,", ":2,S", ",S=12:2,"):
        file = file.rename(tmp_path / "box" / "cur" / f"{file.name.partition(':')[0].partition(',')[0]}{flags}")
        write(box, content())
        assert not list((tmp_path / "box" / "new").iterdir())
    write(replace(box, name="1.M2Q3R5"), content())
    assert len(list((tmp_path / "box" / "new").iterdir())) == 1


def test_a_folder_of_read_mail_that_has_not_changed_since_is_not_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = replace(target(tmp_path / "box", MailboxKind.MAILDIR), name="1.M2Q3R4", accepted=1e12)
    monkeypatch.setattr(os, "scandir", None)
    write(box, content())
    assert len(list((tmp_path / "box" / "new").iterdir())) == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("none/box", "cannot create file exclusively: No such file or directory"),
        ("folder", "cannot open file: Is a directory"),
        ("soft", "file is a symbolic link"),
        ("zero\0byte", "file name with a zero byte"),
    ],
)
def test_files_that_cannot_be_written_say_why(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "soft").symlink_to(tmp_path / "folder")
    with pytest.raises(MailboxError) as caught:
        write(replace(target(tmp_path / name), locks=()), content())
    assert str(caught.value) == words


def test_a_lock_file_may_be_optional(tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.touch()
    long = tmp_path / ("x" * 253)
    write(replace(target(long), dotlock_optional=True), content())
    assert long.read_bytes() == TEXT
    with pytest.raises(MailboxError, match="unable to create lock file"):
        write(target(long), content())
