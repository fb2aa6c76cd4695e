"""Postscreen."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gatepost.config.settings import Settings

SETTINGS = Settings.parse("", host_name="mx.example")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("postscreen_greet_wait", timedelta(seconds=6)),
        ("postscreen_dnsbl_threshold", 1),
        ("postscreen_dnsbl_allowlist_threshold", 0),
        ("postscreen_dnsbl_max_ttl", timedelta(hours=1)),
        ("postscreen_denylist_action", "ignore"),
    ],
)
def test_defaults(name: str, value: object) -> None:
    assert value == getattr(SETTINGS, name)


def test_it_waits_less_under_stress() -> None:
    assert timedelta(seconds=2) == Settings.parse("stress = yes\n").postscreen_greet_wait
