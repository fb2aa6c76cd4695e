"""Declaring and opening types."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from unittest.mock import patch

import pytest

from gatepost.tables import registry
from gatepost.tables.registry import known_types, table_type
from gatepost.tables.table import Constant, Pairs
from tests.fakes.tables import TableBench


def test_the_types_there_are() -> None:
    ours = {"hash", "btree", "lmdb", "texthash", "inline", "static", "cidr", "regexp", "pcre", "unix", "proxy", "fail"}
    assert ours <= known_types()


def test_a_site_adds_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_FACTORIES", dict(registry._FACTORIES))

    @table_type("colour")
    def colour(opening: registry.Opening) -> Constant:
        return Constant(Pairs({"sky": opening.name}), partial_keys=True)

    assert "blue" == TableBench().ask("colour:blue", "SKY")
    assert "colour" in known_types()


def test_entry_points_are_loaded() -> None:
    point = EntryPoint("keyed", "gatepost.tables.keyed", registry.GROUP)
    with patch.object(registry, "entry_points", return_value=[point]) as asked:
        registry._load.cache_clear()
        known_types()
    assert asked.call_args.kwargs == {"group": "gatepost.tables"}
