"""Rule lines, with a dialect whose patterns are plain substrings."""

from __future__ import annotations

import pytest

from gatepost.tables.patterns import Dialect, parse_lines, text_of, toggled
from gatepost.tables.rules import Captures
from gatepost.tables.source import Line
from tests.fakes.oracle import step


class _Substring:
    groups = 0

    def __init__(self, text: str) -> None:
        self._text = text.encode()

    def __call__(self, key: bytes) -> Captures | None:
        return (self._text.decode(),) if self._text in key else None


def _compile(pattern: str, flags: str, place: str) -> _Substring:
    toggled(flags, "i")
    assert place
    return _Substring(pattern)


PLAIN = Dialect("plain", _compile, second_pattern=True)


def _ask(text: str, key: str) -> tuple[str | None, list[str]]:
    lines = [Line(number, line) for number, line in enumerate(text.split("\n"), 1)]
    parsed = parse_lines(PLAIN, "plain map /p", lines, [])
    return step(parsed.answers.find(key)), [fault.message for fault in parsed.faults]


CASES: tuple[tuple[str, str, str | None, list[str]], ...] = (
    ("/a/ A", "xax", "A", []),
    ("/a/i A", "xax", "A", []),
    ("!/a/ A", "b", "A", []),
    ("! ! /a/ A", "a", "A", []),
    ("/a/!/b/ A", "a", "A", []),
    ("/a/!/b/ A", "ab", None, []),
    ("#a\\#b#  A ", "a\\#b", "A", []),
    ("if /a/\n/b/ B\nendif\n/c/ C", "bc", "C", []),
    ("if !/a/\n/b/ B\nendif\n/c/ C", "bc", "B", []),
    ("IF /a/\n/b/ B\nENDIF\n/c/ C", "abc", "B", []),
    (
        "if /a/ extra\n/b/ B\nendif extra",
        "ab",
        "B",
        ['ignoring extra text after IF statement: "extra"', "ignoring extra text after ENDIF"],
    ),
    ("/a/z A", "a", None, ['unknown regexp option "z": skipping this rule']),
    ("word x", "word", None, ["ignoring unrecognized request"]),
)


@pytest.mark.parametrize(("text", "key", "value", "messages"), CASES)
def test_lines(text: str, key: str, value: str | None, messages: list[str]) -> None:
    assert (value, messages) == _ask(text, key)


def test_flags_turn_over() -> None:
    assert frozenset("ix") == toggled("", "imx", on="ix")
    assert frozenset("xm") == toggled("imm" + "m", "imx", on="ix")


def test_groups_are_text() -> None:
    assert text_of(None) is None
    assert text_of(b"\xff") == "\udcff"
