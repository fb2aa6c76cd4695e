"""Address probes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gatepost.config.settings import Settings

SETTINGS = Settings.parse("", host_name="mx.example")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("address_verify_sender", "double-bounce"),
        ("address_verify_poll_count", 3),
        ("address_verify_positive_expire_time", timedelta(days=31)),
    ],
)
def test_defaults(name: str, value: object) -> None:
    assert value == getattr(SETTINGS, name)


def test_probes_go_where_mail_goes() -> None:
    assert "slow" == Settings.parse("default_transport = slow\n").address_verify_default_transport
