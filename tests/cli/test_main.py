"""The command line as a whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gatepost.cli.main import COMMANDS, default_directory, main
from tests.fakes.configurations import write


def test_the_overview_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert all(f"\n    {name}" in shown for name in COMMANDS)
    assert "first steps" in shown


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "sendmail"])
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert f"usage: gatepost {name}" in capsys.readouterr().out


def test_without_a_command_the_overview_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "first steps" in capsys.readouterr().out


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("gatepost 0.")


def test_findings_are_shown_with_their_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "smtpd_recipient_limit = many\n")
    assert main(["status", "-c", str(tmp_path)]) == 1
    assert "main.cf:12:" in capsys.readouterr().err


def test_what_goes_wrong_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["user", "-c", str(write(tmp_path)), "list"]) == 1
    assert capsys.readouterr().err.startswith("gatepost: ")
    assert main(["status", "-c", str(tmp_path / "absent")]) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_the_folder_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEPOST_CONFIG", "/srv/mail")
    assert Path("/srv/mail") == default_directory()
    monkeypatch.delenv("GATEPOST_CONFIG")
    assert Path("/etc/gatepost") == default_directory()
    assert "GATEPOST_CONFIG" not in os.environ
