"""Lookup tables."""

from __future__ import annotations

import pytest

from gatepost.config.settings import Settings

SETTINGS = Settings.parse("", host_name="mx.example")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("default_database_type", "hash"),
        ("lmdb_map_size", 16777216),
    ],
)
def test_defaults(name: str, value: object) -> None:
    assert value == getattr(SETTINGS, name)


def test_tables_that_may_be_proxied_are_those_of_other_parameters() -> None:
    assert "hash:/v" in Settings.parse("virtual_alias_maps = hash:/v\n").proxy_read_maps
