"""The TLS proxy."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gatepost.config.settings import Settings

SETTINGS = Settings.parse("", host_name="mx.example")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tlsproxy_watchdog_timeout", timedelta(seconds=10)),
    ],
)
def test_defaults(name: str, value: object) -> None:
    assert value == getattr(SETTINGS, name)


def test_it_does_as_the_server_does() -> None:
    assert "/c" == Settings.parse("smtpd_tls_cert_file = /c\n").tlsproxy_tls_cert_file
