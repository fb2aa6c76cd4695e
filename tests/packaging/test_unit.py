"""The systemd unit says what the server does by default."""

from __future__ import annotations

import re
from configparser import ConfigParser
from datetime import timedelta
from pathlib import Path

import pytest

from gatepost.config.settings import Settings
from gatepost.server.supervisor import LAST_MOMENTS, STOP_PARTS

UNIT = Path(__file__).resolve().parents[2] / "packaging" / "gatepost.service"
SETTINGS = Settings.parse("")


@pytest.fixture
def service() -> dict[str, str]:
    parser = ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names are as they are written
    parser.read_string(UNIT.read_text("utf-8"))
    assert ["Unit", "Service", "Install"] == parser.sections()
    return dict(parser["Service"])


def seconds(text: str) -> timedelta:
    found = re.fullmatch(r"(\d+)s", text)
    assert found
    return timedelta(seconds=int(found[1]))


def test_systemd_is_told_of_reloads(service: dict[str, str]) -> None:
    assert ("notify", "/bin/kill -HUP $MAINPID") == (service["Type"], service["ExecReload"])


def test_the_watchdog_leaves_time_to_replace_a_worker(service: dict[str, str]) -> None:
    assert seconds(service["WatchdogSec"]) >= 2 * SETTINGS.gatepost_worker_limit


def test_a_stop_has_the_time_it_may_take(service: dict[str, str]) -> None:
    most = STOP_PARTS * SETTINGS.gatepost_stop_limit + timedelta(seconds=LAST_MOMENTS)
    assert seconds(service["TimeoutStopSec"]) > most
