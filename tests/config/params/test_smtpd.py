"""The dialogue."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gatepost.config.settings import Settings

SETTINGS = Settings.parse("", host_name="mx.example")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("smtpd_recipient_limit", 1000),
        ("smtpd_timeout", timedelta(seconds=300)),
        ("smtpd_forbid_bare_newline", "normalize"),
        ("smtpd_forbid_unauth_pipelining", True),
        ("smtpd_hard_error_limit", 20),
        ("message_size_limit", 10240000),
        ("smtpd_peername_lookup", True),
    ],
)
def test_defaults(name: str, value: object) -> None:
    assert value == getattr(SETTINGS, name)


def test_stress_makes_it_less_patient() -> None:
    settings = Settings.parse("stress = yes\n")
    assert (timedelta(seconds=10), 1, 1) == (
        settings.smtpd_timeout,
        settings.smtpd_hard_error_limit,
        settings.smtpd_junk_command_limit,
    )


def test_the_banner_names_host_and_system() -> None:
    assert "mx.example ESMTP Gatepost" == Settings.parse("myhostname = mx.example\n").smtpd_banner


def test_a_table_may_forbid_commands() -> None:
    assert ("CONNECT", "GET", "POST", "regexp:{{/^[^A-Z]/ Bogus}}") == SETTINGS.smtpd_forbidden_commands
