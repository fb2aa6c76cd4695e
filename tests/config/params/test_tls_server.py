"""TLS of the server."""

from __future__ import annotations

import pytest

from gatepost.config.settings import Settings

SETTINGS = Settings.parse("", host_name="mx.example")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("smtpd_tls_security_level", ""),
        ("smtpd_tls_wrappermode", False),
        ("smtpd_tls_auth_only", False),
        ("smtpd_tls_chain_files", ()),
        ("tls_preempt_cipherlist", False),
    ],
)
def test_defaults(name: str, value: object) -> None:
    assert value == getattr(SETTINGS, name)


def test_the_key_is_looked_for_in_the_certificate_file() -> None:
    assert "/c" == Settings.parse("smtpd_tls_cert_file = /c\n").smtpd_tls_key_file


def test_levels_of_the_client_are_none_of_the_server() -> None:
    assert "GP0012" in [one.id for one in Settings.parse("smtpd_tls_security_level = dane\n").findings()]
