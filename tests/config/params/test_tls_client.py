"""TLS of the client."""

from __future__ import annotations

import pytest

from gatepost.config.settings import Settings

SETTINGS = Settings.parse("", host_name="mx.example")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("smtp_tls_security_level", ""),
        ("smtp_tls_loglevel", 0),
        ("smtp_tls_ciphers", "medium"),
        ("smtp_tls_protocols", (">=TLSv1",)),
        ("smtp_use_tls", False),
    ],
)
def test_defaults(name: str, value: object) -> None:
    assert value == getattr(SETTINGS, name)


def test_the_key_is_looked_for_in_the_certificate_file() -> None:
    assert "/c" == Settings.parse("smtp_tls_cert_file = /c\n").smtp_tls_key_file


def test_fingerprints_are_newer_at_newer_levels() -> None:
    assert "sha256" == Settings.parse("compatibility_level = 3.6\n").smtp_tls_fingerprint_digest
