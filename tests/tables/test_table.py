"""The shapes of tables."""

from __future__ import annotations

import pytest

from gatepost.tables.table import Broken, Constant, Pairs, Unavailable
from tests.fakes.oracle import step


def test_pairs() -> None:
    pairs = Pairs({"a": "b"})
    assert ("b", None) == (step(pairs.find("a")), step(pairs.find("A")))
    assert [("a", "b")] == list(pairs.items())


def test_a_constant_has_one_version() -> None:
    pairs = Pairs({})
    table = Constant(pairs, partial_keys=False)
    assert step(table.version()) is pairs
    assert not table.takes_partial_keys


def test_a_broken_table_says_why() -> None:
    with pytest.raises(Unavailable, match="why"):
        step(Broken("why").version())
