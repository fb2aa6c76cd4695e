"""The file system, as tables see it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gatepost.tables.files import LOOK, LocalFiles


def test_a_signature_changes_with_the_file(tmp_path: Path) -> None:
    now = [0.0]
    files = LocalFiles(tmp_path, lambda: now[0])
    path = tmp_path / "access"
    path.write_text("a b\n")
    before = files.signature("access")
    assert (b"a b\n", before) == files.read("access")
    path.write_text("a bc\n")
    assert before == files.signature("access")  # it was looked at just now
    now[0] += LOOK
    assert before != files.signature(str(path))
    os.utime(path, (1, 1))
    now[0] += LOOK
    assert files.signature("access").changed > 1_000_000_000  # it cannot be set back


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        LocalFiles(tmp_path).signature("none")
    assert LocalFiles().now() > 0
