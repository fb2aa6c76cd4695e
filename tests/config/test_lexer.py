"""Lines and assignments of main.cf."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.config.lexer import logical_lines, parse_assignments


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a = b\n", {"a": "b"}),
        ("a=b", {"a": "b"}),
        ("a =\n", {"a": ""}),
        ("a = b # c\n", {"a": "b # c"}),
        ("# a = b\n  # c = d\n\n \t\ne = f", {"e": "f"}),
        ("a = b\n  c\n\td\n", {"a": "b  c\td"}),
        ("a = b\n# between\n\n  c\n", {"a": "b  c"}),
        ("a =\n  b\n", {"a": "b"}),
        ("a = b\r\nc = d\r\n", {"a": "b", "c": "d"}),
        ("a = x = y\n", {"a": "x = y"}),
        ("a = 1\na = 2\n", {"a": "2"}),
    ],
)
def test_values(text: str, values: dict[str, str]) -> None:
    assert values == {name: str(entry.value) for name, entry in parse_assignments(text, "main.cf").last().items()}


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("a b\n", "main.cf:1:2 error GP0003 missing '=' after 'a'"),
        ("a = 1\nb\n", "main.cf:2:2 error GP0003 missing '=' after 'b'"),
        ("= b\n", "main.cf:1:1 error GP0002 the name before '=' is missing"),
        ("a = 1\na = 2\n", "main.cf:2:1 warning GP0004 a is set again; this line overrides line 1"),
        ("  a = 1\nb = 2\n", "main.cf:1:1 warning GP0001 the first line begins with a blank; it is left out"),
    ],
)
def test_findings(text: str, finding: str) -> None:
    found = parse_assignments(text, "main.cf").findings
    assert [finding] == [f"{one.place} {one.level.value} {one.id} {one.message}" for one in found]


def test_a_value_knows_where_each_part_stands() -> None:
    (entry,) = parse_assignments("# comment\nname = one,\n# between\n  two\n", "main.cf").entries
    assert "main.cf:2:1" == str(entry.place)
    assert "main.cf:2:8" == str(entry.value.place())
    assert "main.cf:4:3" == str(entry.value.place(str(entry.value).index("two")))


def test_logical_lines_join_continuations() -> None:
    assert ["a  b", "c"] == [str(line) for line in logical_lines("a\n  b\nc\n", "f")]


@given(st.text(alphabet="ab= #\n\t\r", max_size=60))
def test_any_text_gives_entries_or_findings(text: str) -> None:
    parsed = parse_assignments(text, "main.cf")
    assert all(entry.name and "=" not in entry.name for entry in parsed.entries)
