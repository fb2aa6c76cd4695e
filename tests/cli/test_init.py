"""The starter configuration."""

from __future__ import annotations

import smtplib
from pathlib import Path

import pytest

from gatepost.cli.init import FIRST_STEPS, USER, write_starter
from gatepost.cli.main import main
from gatepost.config.load import load
from gatepost.sasl.users import HASHER, parse_users
from gatepost.server.startup import with_start_findings
from gatepost.tls.modes import server_tls_mode


def test_it_can_start_as_it_is(tmp_path: Path) -> None:
    write_starter(tmp_path / "mail")
    configuration = with_start_findings(load(tmp_path / "mail"))
    assert configuration.findings == ()
    services = {service.name: service for service in configuration.services if service.type == "inet"}
    assert {"2525", "2587", "2465"} == services.keys()
    assert server_tls_mode(services["2525"].settings).offered
    assert not services["2525"].settings.smtpd_sasl_auth_enable
    assert server_tls_mode(services["2587"].settings).required
    assert services["2587"].settings.smtpd_sasl_auth_enable
    assert server_tls_mode(services["2465"].settings).wrapper


def test_the_password_that_is_shown_is_right(tmp_path: Path) -> None:
    starter = write_starter(tmp_path / "mail")
    rows = parse_users((tmp_path / "mail/users").read_text("utf-8"))
    assert HASHER.verify(rows[USER], starter.password)
    assert starter.password in (tmp_path / "mail" / FIRST_STEPS).read_text("utf-8")


def test_secrets_are_kept_from_others(tmp_path: Path) -> None:
    write_starter(tmp_path / "mail")
    modes = {name: (tmp_path / "mail" / name).stat().st_mode & 0o077 for name in ("key.pem", "users", FIRST_STEPS)}
    assert {"key.pem": 0, "users": 0o040, FIRST_STEPS: 0} == modes


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "main.cf").write_text("mine\n", "utf-8")
    assert main(["init", str(tmp_path)]) == 1
    assert "mine\n" == (tmp_path / "main.cf").read_text("utf-8")
    assert not (tmp_path / "master.cf").exists()


def test_the_lines_to_copy_are_one_line_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(tmp_path / "mail")]) == 0
    lines = capsys.readouterr().out.splitlines()
    send = lines[lines.index("Send a first message:") + 1].strip()
    assert send.startswith("python3 -c 'import smtplib; ")
    code = send.removeprefix("python3 -c '").removesuffix("'")
    compile(code, "first message", "exec")
    assert smtplib.SMTP.__name__ in code
    assert "cat " in lines[lines.index("See it delivered:") + 1]
