"""pcre tables. The expected values are what postmap -q says for the same text."""

from __future__ import annotations

import pcre2
import pytest

from gatepost.tables.pcre import Pcre, compile_pattern
from tests.fakes.tables import TableBench

TEXT = r"""/^one$/ ONE
/^(two)-(.*)$/ $1 ${2} $(1) $$x
/Case/i CASE
/A.B/s NODOT
/^xa/mi XA
/ p q /x PQ
/anch/A ANCH
/dollar$/E DE
/^(u+)g/U $1
/Xf/X XF
if /^if/
/ifa/ IFA
if !/x/
/ifb/ IFB
endif
endif
/^(o)?pt/ opt=$1.
/^(?=look)l/ AHEAD
"""

ANSWERS = (
    ("one", "ONE"),
    ("ONE", "ONE"),
    ("two-Z", "two Z two $x"),
    ("case", None),
    ("Case", "CASE"),
    ("A\nB", None),
    ("AxB", "NODOT"),
    ("y\nxa", "XA"),
    ("pq", "PQ"),
    ("anch", "ANCH"),
    ("dollar", "DE"),
    ("dollar\n", None),
    ("uuug", "uuu"),
    ("xf", "XF"),
    ("ifa", "IFA"),
    ("ifb", "IFB"),
    ("ifbx", None),
    ("pt", "opt=."),
    ("opt", "opt=o."),
    ("look", "AHEAD"),
)


@pytest.mark.parametrize(("key", "value"), ANSWERS)
def test_answers(key: str, value: str | None) -> None:
    assert value == TableBench(p=TEXT).ask("pcre:/p", key)


FAULTS = (
    ("/bad(/ X", "error in regex at offset 4: missing closing parenthesis: skipping this rule"),
    ("/[a-/ Z", "error in regex at offset 3: missing terminating ] for character class: skipping this rule"),
    ("/noflag/q X", 'unknown regexp option "q": skipping this rule'),
    ("/two1/!/three/ both $1", 'unknown regexp option "!": skipping this rule'),
)


@pytest.mark.parametrize(("line", "message"), FAULTS)
def test_a_rule_that_cannot_be_understood_is_skipped(line: str, message: str) -> None:
    bench = TableBench(p=f"{line}\n/^zz$/ yes\n")
    assert "yes" == bench.ask("pcre:/p", "zz")
    assert [f"warning: pcre map /p, line 1: {message}"] == bench.said


def test_a_match_that_takes_too_long_fails_the_lookup_rather_than_pass_the_rule() -> None:
    bench = TableBench(p="/^(a+)+$/ REJECT\n")
    assert "<pcre map /p, line 1: match limit exceeded>" == bench.ask("pcre:/p", "a" * 60 + "!")
    assert ["warning: pcre map /p, line 1: match limit exceeded"] == bench.said


def test_a_pattern_that_needs_more_stack_is_interpreted() -> None:
    key = b"a" * 3000
    matches = Pcre(rb"^((?:.)(?1)?)$", 0, "here")
    with pytest.raises(pcre2.LibraryError, match="JIT"):
        matches._pattern.search(key)
    assert matches(key) is not None
    assert not matches._pattern.jit


def test_octets_and_characters() -> None:
    assert compile_pattern("^.$", "", "", utf8=False)(b"\xff") == ("\udcff",)
    assert compile_pattern("^.$", "", "", utf8=True)("é".encode()) == ("é",)
