"""Files that users put into the way of mail."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from gatepost.delivery.userfile import Found, UserFile, look

ME = os.geteuid()


def private(path: Path | str, limit: int = 100) -> Found:
    return look(UserFile(str(path), ME, 1, private=True, limit=limit))


def test_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(b"a@b\n")
    assert private(file) == Found(b"a@b\n", owner=ME)
    assert private(file, limit=4).content == b"a@b\n"
    assert private(file, limit=3) == Found(trouble=f"{file} has more than 3 bytes", owner=ME)


@pytest.mark.parametrize("path", ["none", "f/none"])
def test_no_file_is_no_trouble(tmp_path: Path, path: str) -> None:
    (tmp_path / "f").touch()
    assert private(tmp_path / path) == Found()


def test_what_is_no_file_does_not_count(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(b"a@b\n")
    (tmp_path / "link").symlink_to(file)
    os.mkfifo(tmp_path / "pipe")
    for path in ("link", "pipe", "."):
        assert private(tmp_path / path).trouble == f"{tmp_path / path} is not a regular file"
    assert private("/dev/zero").trouble == "/dev/zero is not a regular file"
    assert private("zero\0byte") == Found(trouble="the path has a zero byte")


def test_an_included_file_may_be_a_link(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(b"a@b\n")
    (tmp_path / "link").symlink_to(file)
    assert look(UserFile(str(tmp_path / "link"), ME, 1, private=False, limit=9)).content == b"a@b\n"
    assert look(UserFile("/dev/zero", ME, 1, private=False, limit=9)).content is None


def test_what_others_can_write_does_not_count(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.touch()
    file.chmod(0o666)
    assert private(file).trouble == f"{file} can be written by everybody"
    file.chmod(0o664)
    assert private(file).content == b""
    found = look(UserFile(str(file), ME + 1, 1, private=True, limit=9))
    assert (found.trouble == f"{file} has the wrong owner") is (ME != 0)  # root's files count for everybody


@pytest.mark.parametrize("code", ["EIO", "ESTALE", "EMFILE"])
def test_trouble_that_may_pass_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    def refused(*_: object) -> int:
        raise OSError(getattr(errno, code), "no")

    file = tmp_path / "f"
    file.touch()
    monkeypatch.setattr(os, "open", refused)
    assert private(file) == Found(trouble=f"{file}: no", passing=True)
