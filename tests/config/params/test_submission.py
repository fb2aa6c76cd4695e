"""Local submission, ETRN, VERP."""

from __future__ import annotations

import pytest

from gatepost.config.settings import Settings

SETTINGS = Settings.parse("", host_name="mx.example")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("default_verp_delimiters", "+="),
        ("authorized_submit_users", ("static:anyone",)),
    ],
)
def test_defaults(name: str, value: object) -> None:
    assert value == getattr(SETTINGS, name)


def test_etrn_is_for_relay_domains() -> None:
    assert ("a.example",) == Settings.parse("relay_domains = a.example\n").fast_flush_domains
