"""POSIX expressions for RE2. What matches is what glibc's regexec matches, by way of postmap -q."""

from __future__ import annotations

import pytest
import re2

from gatepost.tables.posix import to_re2
from gatepost.tables.regexp import compile_pattern

TRANSLATIONS = (
    ("a.b", "a.b"),
    (r"a\.b", r"a\.b"),
    (r"[\.]k", r"[\\.]k"),
    (r"[]a-z[:digit:]-]", r"[\]a-z[:digit:]\-]"),
    (r"[^]]", r"[^\]]"),
    (r"[[.-.][=x=]]", r"[\-x]"),
    ("[a-z", None),
    ("[[:<:]]w", None),
    ("[[:digit:", None),
    ("[[.ab.]]", None),
    ("a{,2}", "a{0,2}"),
    ("a{2}", "a{2}"),
    ("a{", None),
    ("a{x}", None),
    ("a{}", None),
    ("{2}", None),
    ("*x", None),
    ("^*x", None),
    ("(*a)", None),
    ("a|*b", None),
    ("(a", None),
    (")z", r"\)z"),
    ("a}", r"a\}"),
    (r"\d1", "d1"),
    (r"\w\W\s\S\b\B", r"\w\W\s\S\b\B"),
    (r"\`a\'", "^a$"),
    (r"(b)\1", None),
    (r"\<word", r"\bword"),
    (r"word\>", r"word\b"),
    (r"\<.", None),
    (r".\>", None),
    ("a+?", None),
    ("a\\", None),
    ("é", "é"),
)


@pytest.mark.parametrize(("pattern", "expected"), TRANSLATIONS)
def test_extended_expressions(pattern: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(ValueError):
            to_re2(pattern)
    else:
        assert expected == to_re2(pattern)


BASIC = (
    ("a|b", r"a\|b"),
    (r"a\|b", "a|b"),
    (r"\(a\)*", "(a)*"),
    ("(a)", r"\(a\)"),
    ("*a", r"\*a"),
    ("a*", "a*"),
    ("a+", r"a\+"),
    (r"a\+", "a+"),
    (r"a\{2\}", "a{2}"),
    ("a^b$c", r"a\^b\$c"),
    (r"^a$\|^b$", "^a$|^b$"),
    (r"a\)", None),
)


@pytest.mark.parametrize(("pattern", "expected"), BASIC)
def test_basic_expressions(pattern: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(ValueError):
            to_re2(pattern, extended=False)
    else:
        assert expected == to_re2(pattern, extended=False)


def test_with_lines_a_negated_bracket_does_not_match_their_ends() -> None:
    assert r"[^a\n]" == to_re2("[^a]", newline=True)
    with pytest.raises(ValueError, match="flag m"):
        to_re2(r"\`a", newline=True)


MATCHES = (
    ("^(a|ab)(c|bcd)(d*)$", "abcd", True),  # the longest alternative that lets the whole match
    ("word", "WORD", True),
    (r"\<word", "a word", True),
    (r"\<word", "xword", False),
    ("^.*$", "a\nb", True),
    ("x$", "x\n", False),
    ("[\\.]k", "\\k", True),
    (r"\W-?q", "-q", True),
    ("x{2}y", "xxy", True),
    ("(|a)b1", "b1", True),
)


@pytest.mark.parametrize(("pattern", "key", "matches"), MATCHES)
def test_re2_understands_what_comes_out(pattern: str, key: str, matches: bool) -> None:
    assert matches == (compile_pattern(pattern, "", utf8=True)(key.encode()) is not None)


def test_every_escaped_punctuation_is_itself() -> None:
    for code in range(33, 127):
        if not chr(code).isalnum() and chr(code) not in "<>`'":
            assert re2.fullmatch(to_re2("\\" + chr(code)), chr(code)), chr(code)
