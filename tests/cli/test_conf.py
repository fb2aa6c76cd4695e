"""`gatepost conf`."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from gatepost.cli.conf import add_arguments, run

MAIN = """\
compatibility_level = 3.6
myhostname = mx.example
own = 1
smtpd_banner = $myhostname
  hello
mail_name = x$own
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "main.cf").write_text(MAIN, "utf-8")
    return tmp_path


def conf(directory: Path, *words: str) -> int:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return run(parser.parse_args(["-c", str(directory), *words]))


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["smtpd_banner"], "smtpd_banner = $myhostname  hello\n"),
        (["-x", "smtpd_banner"], "smtpd_banner = mx.example  hello\n"),
        (["-H", "-x", "mydestination"], "mx.example, localhost.example, localhost\n"),
        (["own", "virtual_alias_maps"], "own = 1\nvirtual_alias_maps = $virtual_maps\n"),
        (["content_filter"], "content_filter =\n"),
        (["-d", "smtpd_banner"], "smtpd_banner = $myhostname ESMTP $mail_name\n"),
        (["-n", "smtpd_banner", "mynetworks"], "smtpd_banner = $myhostname  hello\n"),
    ],
)
def test_what_is_shown(directory: Path, words: list[str], shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == conf(directory, *words)
    assert shown == capsys.readouterr().out


def test_only_what_is_set(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == conf(directory, "-n")
    names = [line.partition(" = ")[0] for line in capsys.readouterr().out.splitlines()]
    assert ["compatibility_level", "mail_name", "myhostname", "own", "smtpd_banner"] == names


def test_everything(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == conf(directory)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 800
    assert lines == sorted(lines, key=lambda line: line.partition(" =")[0])


def test_where_it_is_set(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == conf(directory, "-v", "own", "syslog_facility")
    shown = f"# {directory}/main.cf:3\nown = 1\n# The facility of log lines.\n# default\nsyslog_facility = mail\n"
    assert shown == capsys.readouterr().out


def test_a_name_that_is_almost_one_gets_a_suggestion(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 1 == conf(directory, "syslog_facilty")
    wanted = "gatepost conf: there is no parameter syslog_facilty; did you mean syslog_facility?\n"
    assert wanted == capsys.readouterr().err


def test_an_unknown_name_is_told(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 1 == conf(directory, "colour", "own")
    captured = capsys.readouterr()
    assert ("gatepost conf: there is no parameter colour\n", "own = 1\n") == (captured.err, captured.out)


def test_faults_are_told_and_the_rest_is_shown(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (directory / "main.cf").write_text("smtpd_recipient_limit = many\nbiff = yes\n", "utf-8")
    assert 1 == conf(directory, "smtpd_recipient_limit")
    captured = capsys.readouterr()
    assert "smtpd_recipient_limit = many\n" == captured.out
    assert "main.cf:1:25: error GP0012" in captured.err


def test_the_reference_needs_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == conf(tmp_path / "none", "--reference")
    assert capsys.readouterr().out.startswith("# Parameters of main.cf\n")


def test_texts_of_reports(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == conf(directory, "-t")
    built_in = capsys.readouterr().out
    assert "This is the mail system at host $myhostname." in built_in
    assert 0 == conf(directory, "-b")
    assert "This is the mail system at host mx.example." in capsys.readouterr().out
    (directory / "b.cf").write_text(built_in.replace("Undelivered Mail", "Came back,"), "utf-8")
    assert 0 == conf(directory, "-b", str(directory / "b.cf"))
    assert "Subject: Came back, Returned to Sender" in capsys.readouterr().out
    (directory / "b.cf").write_text("failure_template = <<EOF\n", "utf-8")
    assert 1 == conf(directory, "-b", str(directory / "b.cf"))
    assert "failure_template has no end" in capsys.readouterr().err
    assert 1 == conf(directory, "-b", str(directory / "none.cf"))
    assert "none.cf cannot be read: No such file" in capsys.readouterr().err
