"""Gatepost's own parameters."""

from __future__ import annotations

import pytest

from gatepost.config.param import declared
from gatepost.config.params.gatepost import GatepostParameters
from gatepost.config.settings import Settings

SETTINGS = Settings.parse("", host_name="mx.example")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gatepost_users_file", ""),
        ("gatepost_log_format", "text"),
    ],
)
def test_defaults(name: str, value: object) -> None:
    assert value == getattr(SETTINGS, name)


def test_they_all_begin_with_our_name() -> None:
    assert all(name.startswith("gatepost_") for name in declared(GatepostParameters))
