"""What one client may use."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gatepost.config.settings import Settings

SETTINGS = Settings.parse("", host_name="mx.example")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("smtpd_client_connection_count_limit", 50),
        ("smtpd_client_connection_rate_limit", 0),
        ("anvil_rate_time_unit", timedelta(minutes=1)),
    ],
)
def test_defaults(name: str, value: object) -> None:
    assert value == getattr(SETTINGS, name)


def test_trusted_clients_are_excepted() -> None:
    assert ("192.0.2.0/24",) == Settings.parse("mynetworks = 192.0.2.0/24\n").smtpd_client_event_limit_exceptions
