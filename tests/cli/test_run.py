"""What `gatepost run` looks at before it runs. What it does then is in tests/server/test_supervisor.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatepost.cli import run
from gatepost.cli.main import main
from gatepost.config.load import Configuration
from gatepost.server.privileges import OwnerError
from gatepost.server.supervisor import Ground
from tests.fakes.configurations import write


class FakeSupervisor:
    """Notes what it stands on."""

    ground: Ground

    def __init__(self, configuration: Configuration, ground: Ground) -> None:
        del configuration
        FakeSupervisor.ground = ground

    def run(self) -> int:
        return 0


@pytest.fixture(autouse=True)
def unprivileged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "Supervisor", FakeSupervisor)
    monkeypatch.setattr(run, "choose_owner", lambda *_, **__: None)


def test_the_ground_is_prepared(tmp_path: Path) -> None:
    assert main(["run", "-c", str(write(tmp_path, "gatepost_workers = 3\n"))]) == 0
    ground = FakeSupervisor.ground
    assert ground.workers == 3
    assert ground.help is None
    assert ground.instance.control.is_dir()
    assert tmp_path == ground.load().directory
    assert {} == ground.private_files(ground.load())
    ground.bury(2)


def test_a_worker_for_each_core_where_none_are_named(tmp_path: Path) -> None:
    main(["run", "-c", str(write(tmp_path, "gatepost_workers = 0\n"))])
    assert FakeSupervisor.ground.workers >= 1


def test_remarks_are_shown_and_do_not_stop_the_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "-c", str(write(tmp_path, "smtpd_recipient_limits = 5\n"))]) == 0
    assert "smtpd_recipient_limit" in capsys.readouterr().err


def test_errors_stop_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["run", "-c", str(write(tmp_path, "smtpd_sasl_auth_enable = yes\n", "smtp inet n - n - - smtpd\n"))]) == 1
    )
    assert "saslauthd" in capsys.readouterr().err


def test_an_owner_that_does_not_exist_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(name: str, *, explicit: bool) -> None:
        assert explicit
        raise OwnerError(f"mail_owner: no user {name}")

    monkeypatch.setattr(run, "choose_owner", fail)
    assert main(["run", "-c", str(write(tmp_path, "mail_owner = nobody-here\n"))]) == 1
    assert "gatepost: mail_owner: no user nobody-here\n" in capsys.readouterr().err
