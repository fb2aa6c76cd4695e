"""The users file by command."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from gatepost.cli.main import main
from tests.fakes.configurations import write


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(write(tmp_path, f"gatepost_users_file = {tmp_path}/users\n"))


def user(monkeypatch: pytest.MonkeyPatch, folder: str, *words: str, password: str = "") -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    return main(["user", "-c", folder, *words])


def test_a_user_comes_changes_and_goes(
    folder: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert user(monkeypatch, folder, "add", "kibuna", password="secret") == 0
    assert user(monkeypatch, folder, "add", "gligana", password="geheim") == 0
    assert user(monkeypatch, folder, "check", "kibuna", password="secret") == 0
    assert user(monkeypatch, folder, "check", "kibuna", password="wrong") == 1
    assert user(monkeypatch, folder, "check", "nobody", password="secret") == 1
    assert user(monkeypatch, folder, "add", "kibuna", password="other") == 0
    assert user(monkeypatch, folder, "check", "kibuna", password="other") == 0
    capsys.readouterr()
    assert user(monkeypatch, folder, "list") == 0
    assert "gligana\nkibuna\n" == capsys.readouterr().out
    assert user(monkeypatch, folder, "delete", "kibuna") == 0
    assert user(monkeypatch, folder, "delete", "kibuna") == 1
    assert user(monkeypatch, folder, "check", "kibuna", password="other") == 1


def test_the_file_is_not_for_everybody(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    user(monkeypatch, folder, "add", "kibuna", password="secret")
    path = Path(folder) / "users"
    assert 0 == path.stat().st_mode & 0o007
    path.chmod(0o600)
    user(monkeypatch, folder, "add", "gligana", password="geheim")
    assert 0o600 == path.stat().st_mode & 0o777


@pytest.mark.parametrize("name", ["a:b", "#a", " a", "a\tb"])
def test_names_that_the_file_cannot_hold_are_refused(folder: str, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert user(monkeypatch, folder, "add", name, password="secret") == 1


def test_an_empty_password_is_refused(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert user(monkeypatch, folder, "add", "kibuna") == 1
    assert not (Path(folder) / "users").exists()
