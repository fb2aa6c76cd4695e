"""Milters."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gatepost.config.settings import Settings

SETTINGS = Settings.parse("", host_name="mx.example")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("smtpd_milters", ()),
        ("milter_default_action", "tempfail"),
        ("milter_protocol", 6),
        ("milter_connect_timeout", timedelta(seconds=30)),
    ],
)
def test_defaults(name: str, value: object) -> None:
    assert value == getattr(SETTINGS, name)


def test_the_version_macro_is_made_of_name_and_version() -> None:
    assert "x 3.7.11" == Settings.parse("mail_name = x\n").milter_macro_v
