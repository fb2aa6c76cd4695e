"""`gatepost map`."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from gatepost.cli.main import main

ASKED: tuple[tuple[list[str], str, int, str], ...] = (
    (["-q", "A", "inline:{a=b}"], "", 0, "b\n"),
    (["-q", "x", "inline:{a=b}"], "", 1, ""),
    (["-q", "-", "inline:{a=b, c=d}"], "a\nx\nC\n", 0, "a\tb\nC\td\n"),
    (["-s", "inline:{a=b, c=d}"], "", 0, "a\tb\nc\td\n"),
)


@pytest.mark.parametrize(("words", "given", "status", "shown"), ASKED)
def test_asking(
    words: list[str],
    given: str,
    status: int,
    shown: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(given))
    assert status == main(["map", *words])
    assert shown == capsys.readouterr().out


def test_a_table_that_fails_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["map", "-q", "a", "hash:/none"]) == 1
    assert [
        "gatepost map: warning: hash:/none is unavailable. open database /none: No such file or directory",
        'gatepost map: hash:/none lookup error for "a": open database /none: No such file or directory',
    ] == capsys.readouterr().err.splitlines()


def test_the_configuration_says_what_is_an_alias_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "aliases").write_text("postmaster: root\n")
    (tmp_path / "main.cf").write_text(f"alias_maps = hash:{tmp_path}/aliases\n")
    assert main(["map", "-c", str(tmp_path), "-q", "postmaster", f"hash:{tmp_path}/aliases"]) == 0
    assert "root\n" == capsys.readouterr().out
