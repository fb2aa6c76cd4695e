"""regexp tables. The expected values are what postmap -q says for the same text, but for what RE2 refuses."""

from __future__ import annotations

import pytest

from gatepost.tables.regexp import compile_pattern
from tests.fakes.tables import TableBench

TEXT = r"""/^one$/ ONE
/^(two)-(.*)$/ $1 ${2} $(1) $$x
/empty/
/^two1$/!/three/ both
/t(w)o2/i!/x/ b $1
/(q)uot\/e/ q$1
|pi(p)e| $1
/Case/i CASE
if /^if/
/ifa/ IFA
if !/x/
/ifb/ IFB
endif
endif
/\<word/ WORD
/c{,2}d/ CD
/)z/ PAR
/[\.]k/ BKS
/tail/ text  # no comment
  continued
/a\|b/x BASIC
/^l.*e$/m LINE
!/./ EMPTY
! /[[:alpha:]]/ NEG
"""

ANSWERS = (
    ("one", "ONE"),
    ("ONE", "ONE"),
    ("two-Z", "two Z two $x"),
    ("empty", ""),
    ("two1", "both"),
    ("two1three", None),
    ("TWO2", None),
    ("two2", "b w"),
    ("quot/e", "qq"),
    ("pipe", "p"),
    ("Case", "CASE"),
    ("ifa", "IFA"),
    ("ifb", "IFB"),
    ("IFBx", "BASIC"),
    ("a word", "WORD"),
    ("ccd", "CD"),
    (")z", "PAR"),
    ("\\k", "BKS"),
    ("tAil", "text  # no comment  continued"),
    ("x\nline\ny", "LINE"),
    ("12", "NEG"),
)


@pytest.mark.parametrize(("key", "value"), ANSWERS)
def test_answers(key: str, value: str | None) -> None:
    assert value == TableBench(r=TEXT).ask("regexp:/r", key)


FAULTS = (
    ("!/a/ $1", "$number found in negative match replacement text: skipping this rule"),
    ("/dup$/ $3", 'out of range replacement index "3": skipping this rule'),
    ("/n(a)me/ $name", 'non-numeric replacement index "name": skipping this rule'),
    ("/bad(/ X", r"Unmatched ( or \(: skipping this rule"),
    ("/noflag/q X", 'unknown regexp option "q": skipping this rule'),
    ("/noend X", 'no closing regexp delimiter "/": skipping this rule'),
    ("/xx/ $", 'empty macro name: "$": skipping this rule'),
    ("/xy/ ${1", 'truncated macro reference: "${1": skipping this rule'),
    ("/xz/ a$b", 'non-numeric replacement index "b": skipping this rule'),
    ("/yy/ $0", 'out of range replacement index "0": skipping this rule'),
    ("/*x/ STAR", "Invalid preceding regular expression: skipping this rule"),
    ("/[a-/ Z", "Unmatched [, [^, [:, [., or [=: skipping this rule"),
    ("/[z-a]/ Z", "invalid character class range: z-a: skipping this rule"),
    (r"/(b)\1/ BB", r"the backreference \1 is not supported; use a pcre: table for this rule: skipping this rule"),
    ("m/foo/ bar", "ignoring unrecognized request"),
    ("if", "no regexp: skipping this rule"),
    ("if /u/", "IF has no matching ENDIF"),
    ("endif", "ignoring ENDIF without matching IF"),
    ("/empty/", "no replacement text: using empty string"),
)


@pytest.mark.parametrize(("line", "message"), FAULTS)
def test_a_rule_that_cannot_be_understood_is_skipped(line: str, message: str) -> None:
    bench = TableBench(r=f"{line}\n/^zz$/ yes\n")
    assert ("yes" if "if /u/" not in line else None) == bench.ask("regexp:/r", "zz")
    assert [f"warning: regexp map /r, line 1: {message}"] == bench.said


INLINE = (
    ("regexp:{{/x/ REJECT a b}, {/y/ $$1}}", "x", "REJECT a b"),
    ("regexp:{{/x/ REJECT a b}, {/y/ $$1}}", "Y", "$1"),
    ("regexp:{}", "a", None),
    ("regexp:{ /x/ y }", "x", "<regexp map: no '{' at start of text in \"/x/\">"),
)


@pytest.mark.parametrize(("spec", "key", "value"), INLINE)
def test_rules_in_place(spec: str, key: str, value: str | None) -> None:
    assert value == TableBench().ask(spec, key)


def test_a_pattern_that_would_take_others_forever_does_not() -> None:
    matches = compile_pattern("^(a+)+$", "", utf8=True)
    assert matches(b"a" * 5000 + b"!") is None


def test_without_utf8_a_character_is_an_octet() -> None:
    assert compile_pattern("^.$", "", utf8=False)(b"\xff") == ("\udcff",)
    assert compile_pattern("^.$", "", utf8=True)("é".encode()) == ("é",)
