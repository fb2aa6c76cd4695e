"""Lines of aliases(5)."""

from __future__ import annotations

import pytest

from gatepost.tables.aliases import alias_pair

PAIRS = (
    ("a: b, c", ("a", "b, c")),
    ('"q q": x', ("q q", "x")),
    (r'"q\"q": x', ('q"q', "x")),
    ("name : spaced ", ("name", "spaced")),
    ("z: y: w", ("z", "y: w")),
    ('a"b c": d', ("ab c", "d")),
    ('c: "|prog a:b"', ("c", '"|prog a:b"')),
)


@pytest.mark.parametrize(("line", "expected"), PAIRS)
def test_name_and_value(line: str, expected: tuple[str, str]) -> None:
    assert expected == alias_pair(line)


@pytest.mark.parametrize("line", ["nocolon x", '"un: x', "nov:", ":x"])
def test_what_is_no_alias(line: str) -> None:
    with pytest.raises(ValueError, match="need name:value pair"):
        alias_pair(line)


def test_a_name_is_local() -> None:
    with pytest.raises(ValueError, match="name must be local"):
        alias_pair("e@f: g")
