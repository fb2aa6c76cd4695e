"""Conditions, order, and templates."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.tables.rules import Builder, Captures, Template, literal
from gatepost.tables.source import Fault, Line

FILLED = (
    ("plain", "plain"),
    ("$1", "one"),
    ("a $1 ${2} $(1) $$x", "a one  one $x"),
    ("$1$1", "oneone"),
)


@pytest.mark.parametrize(("text", "result"), FILLED)
def test_templates(text: str, result: str) -> None:
    assert result == Template.parse(text).fill(("whole", "one", None))


@given(st.text(alphabet="a$1{}() \\", max_size=12))
def test_any_template_is_understood_or_refused(text: str) -> None:
    try:
        template = Template.parse(text)
    except ValueError:
        return
    template.fill(("",) * (template.highest + 1))


def contains(wanted: str) -> Callable[[str], Captures | None]:
    return lambda key: () if wanted in key else None


def test_conditions_nest_and_one_without_end_reaches_to_the_end() -> None:
    faults: list[Fault] = []
    builder: Builder[str] = Builder("map /x", faults)

    builder.begin(Line(1, "if a"), contains("a"))
    builder.begin(Line(2, "if b"), contains("b"))
    builder.rule(contains("c"), literal("abc"))
    assert builder.end()
    builder.rule(contains("c"), literal("ac"))
    assert builder.end()
    assert not builder.end()
    builder.begin(Line(6, "if d"), contains("d"))
    builder.rule(contains("c"), literal("cd"))
    rules = builder.finish()
    assert ["abc", "ac", "cd", None, None] == [rules.first(key) for key in ("abc", "ac", "cd", "c", "abd")]
    assert ["map /x, line 6: IF has no matching ENDIF"] == [fault.text for fault in faults]
