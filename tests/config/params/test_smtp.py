"""Delivery by SMTP."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gatepost.config.settings import Settings

SETTINGS = Settings.parse("", host_name="mx.example")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("smtp_tcp_port", "smtp"),
        ("smtp_connect_timeout", timedelta(seconds=30)),
        ("smtp_mx_session_limit", 2),
        ("smtp_host_lookup", ("dns",)),
        ("smtp_line_length_limit", 998),
        ("smtp_address_preference", "any"),
    ],
)
def test_defaults(name: str, value: object) -> None:
    assert value == getattr(SETTINGS, name)


def test_an_old_name_of_the_fallback_relay_still_counts() -> None:
    settings = Settings.parse("fallback_relay = [a.example]\n")
    assert (("[a.example]",), []) == (settings.smtp_fallback_relay, settings.findings())
