"""The text of a table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.tables.source import (
    Fault,
    Item,
    Line,
    closing_brace,
    decode,
    fold,
    inline_rules,
    is_utf8,
    logical_lines,
    printable,
    split_items,
)

LINES: tuple[tuple[str, list[Line]], ...] = (
    ("", []),
    ("a b\n", [Line(1, "a b")]),
    ("a b", [Line(1, "a b")]),
    ("# c\n\na b\n\n# c\n  # d\n  more\nc d\n", [Line(3, "a b  more"), Line(8, "c d")]),
    ("k v\n\t\n\tw\n", [Line(1, "k v\tw")]),
    ("k v\r\n", [Line(1, "k v\r")]),
)


@pytest.mark.parametrize(("text", "expected"), LINES)
def test_a_blank_in_front_continues_and_comments_never_end_a_line(text: str, expected: list[Line]) -> None:
    faults: list[Fault] = []
    assert expected == list(logical_lines(text, faults, "/x"))
    assert not faults


def test_a_text_cannot_begin_with_a_continuation() -> None:
    faults: list[Fault] = []
    assert [Line(2, "k v")] == list(logical_lines("  first indented\nk v\n", faults, "h2"))
    assert ['h2: logical line must not start with whitespace: "  first indented"'] == [f.text for f in faults]


@given(st.lists(st.text(alphabet="ab #\t\n"), max_size=8))
def test_no_text_but_comments_and_blanks_is_lost(parts: list[str]) -> None:
    text = "\n".join(parts)
    faults: list[Fault] = []
    lines = list(logical_lines(text, faults, "/x"))
    kept = "".join(line.text for line in lines) + "".join(fault.source for fault in faults)
    wanted = "".join(line for line in text.split("\n") if line.strip() and not line.strip().startswith("#"))
    assert sorted(wanted) == sorted(kept)


ITEMS: tuple[tuple[str, list[Item]], ...] = (
    ("a=b,c=d", [Item("a=b", False), Item("c=d", False)]),
    ("a=b, { c = d e } f", [Item("a=b", False), Item("c = d e", True), Item("f", False)]),
    ("{a},{b}", [Item("a", True), Item("b", True)]),
    ("{a {b} c}", [Item("a {b} c", True)]),
    (" , ", []),
)


@pytest.mark.parametrize(("text", "expected"), ITEMS)
def test_items_are_separated_by_blanks_and_commas(text: str, expected: list[Item]) -> None:
    assert expected == split_items(text)


RULES: tuple[tuple[str, list[str]], ...] = (
    ("{{/a/ x},{/b/ {y}}}", ["/a/ x", "/b/ {y}"]),
    ("{}", []),
    ("{{1.2.3.0/24 x y}, {0.0.0.0/0 z}}", ["1.2.3.0/24 x y", "0.0.0.0/0 z"]),
)


@pytest.mark.parametrize(("text", "expected"), RULES)
def test_rules_in_place(text: str, expected: list[str]) -> None:
    assert expected == inline_rules(text)


FAULTS = (
    ("{1.2.3.4 x}", "no '{' at start of text in \"1.2.3.4\""),
    ("{{1.2.3.4 x} y}", "no '{' at start of text in \"y\""),
    ("{{1.2.3.4 x}", "missing '}' in \"{{1.2.3.4 x}\""),
    ("{{/a/ x}}z", "syntax error after '}' in \"{{/a/ x}}z\""),
    ("{{/a/ x}z}", "syntax error after '}' in \"{/a/ x}z\""),
)


@pytest.mark.parametrize(("text", "message"), FAULTS)
def test_what_is_wrong_with_rules_in_place(text: str, message: str) -> None:
    with pytest.raises(ValueError) as raised:
        inline_rules(text)
    assert message == str(raised.value)


def test_braces() -> None:
    assert 4 == closing_brace("{a{}} {}")
    assert -1 == closing_brace("{a{}")


def test_case_is_folded_wide_with_utf8_and_narrow_without() -> None:
    assert "strasse" == fold("STRAßE", utf8=True)
    assert "straÃ\x9fe" == fold("STRAÃ\x9fE", utf8=False)
    assert "é\udcff" == fold("é\udcff", utf8=False)


def test_octets_that_are_not_utf8() -> None:
    text = decode(b"v\xff")
    assert not is_utf8(text)
    assert is_utf8("é")
    assert "v?" == printable(text)


def test_a_fault_is_the_same_after_it_moved() -> None:
    assert Fault("/x, line 1", "bad", "text").identity == Fault("/x, line 9", "bad", "text").identity
