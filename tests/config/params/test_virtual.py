"""Virtual mailboxes."""

from __future__ import annotations

import pytest

from gatepost.config.settings import Settings

SETTINGS = Settings.parse("", host_name="mx.example")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("virtual_mailbox_limit", 51200000),
        ("virtual_minimum_uid", 100),
        ("virtual_mailbox_maps", ()),
    ],
)
def test_defaults(name: str, value: object) -> None:
    assert value == getattr(SETTINGS, name)


def test_the_base_is_a_directory() -> None:
    assert "/var/vmail" == Settings.parse("virtual_mailbox_base = /var/vmail\n").virtual_mailbox_base
