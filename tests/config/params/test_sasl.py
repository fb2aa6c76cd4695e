"""Logins."""

from __future__ import annotations

import pytest

from gatepost.config.settings import Settings

SETTINGS = Settings.parse("", host_name="mx.example")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("smtpd_sasl_auth_enable", False),
        ("smtpd_sasl_type", "cyrus"),
        ("smtpd_sasl_path", "smtpd"),
        ("smtpd_sasl_security_options", ("noanonymous",)),
        ("smtp_sasl_tls_security_options", ("noplaintext", "noanonymous")),
    ],
)
def test_defaults(name: str, value: object) -> None:
    assert value == getattr(SETTINGS, name)


def test_options_over_tls_follow_the_others() -> None:
    settings = Settings.parse("smtpd_sasl_security_options = noplaintext\n")
    assert ("noplaintext",) == settings.smtpd_sasl_tls_security_options
