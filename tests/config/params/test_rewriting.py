"""Rewriting."""

from __future__ import annotations

import pytest

from gatepost.config.settings import Settings

SETTINGS = Settings.parse("", host_name="mx.example")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("append_at_myorigin", True),
        ("append_dot_mydomain", True),
        ("recipient_delimiter", ""),
        ("virtual_alias_maps", ()),
        ("empty_address_recipient", "MAILER-DAEMON"),
        ("local_header_rewrite_clients", ("permit_inet_interfaces",)),
    ],
)
def test_defaults(name: str, value: object) -> None:
    assert value == getattr(SETTINGS, name)


def test_domains_are_completed_only_at_old_levels() -> None:
    assert not Settings.parse("compatibility_level = 2\n").append_dot_mydomain
