"""Delivery by LMTP."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gatepost.config.settings import Settings

SETTINGS = Settings.parse("", host_name="mx.example")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lmtp_tcp_port", "24"),
        ("lmtp_connect_timeout", timedelta(0)),
        ("lmtp_skip_quit_response", False),
        ("lmtp_tls_security_level", ""),
    ],
)
def test_defaults(name: str, value: object) -> None:
    assert value == getattr(SETTINGS, name)


def test_the_greeting_names_this_host() -> None:
    assert "mx.example" == Settings.parse("myhostname = mx.example\n").lmtp_lhlo_name
