"""Logs."""

from __future__ import annotations

import pytest

from gatepost.config.settings import Settings

SETTINGS = Settings.parse("", host_name="mx.example")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("maillog_file", ""),
        ("maillog_file_prefixes", ("/var", "/dev/stdout")),
        ("syslog_facility", "mail"),
        ("syslog_name", "postfix"),
        ("delay_logging_resolution_limit", 2),
    ],
)
def test_defaults(name: str, value: object) -> None:
    assert value == getattr(SETTINGS, name)


def test_an_instance_logs_under_its_name() -> None:
    assert "postfix-in" == Settings.parse("multi_instance_name = postfix-in\n").syslog_name
