"""cidr tables. The expected values are what postmap -q says for the same text."""

from __future__ import annotations

import pytest

from gatepost.tables.cidr import network
from tests.fakes.tables import TableBench

TEXT = """\
192.0.2.1 one
192.0.2.0/24 net
!192.0.0.0/8 outside
if 192.0.0.0/8
192.0.3.7/24 hostbits
192.0.3.0/33 long
192.0.3.0/x bad
192.0.3.0/24
0192.0.2.0/24 oct
2001:db8::/16 six16bad
192.0.4.0/24 inside
endif
endif
[2001:db8::1] six
[2001:db8:1::]/48 six48
[2001:db8:2::/48] sixb
[2001:db8::1 unb
if !2001:db8::/32
2001::/16 six16
endif
ENDIF x
IF
if fe80::/10
foo bar
::/0 local
"""

ANSWERS = (
    ("192.0.2.1", "one"),
    ("192.0.2.9", "net"),
    ("192.0.3.1", None),
    ("192.0.4.1", "inside"),
    ("10.0.0.1", "outside"),
    ("2001:db8::1", "six"),
    ("2001:DB8::1", "six"),
    ("2001:db8:1::7", "six48"),
    ("2001:db8:2::7", "sixb"),
    ("2001:db8:3::7", None),
    ("2001:1::7", "six16"),
    ("::1", None),
    ("fe80::1", "local"),
    ("fe80::1%lo", None),
    ("foo", None),
    ("192.0.02.1", None),
    ("10.0.0.1/32", None),
)


@pytest.mark.parametrize(("key", "value"), ANSWERS)
def test_answers(key: str, value: str | None) -> None:
    assert value == TableBench(c=TEXT).ask("cidr:/c", key)


def test_a_rule_that_cannot_be_understood_is_skipped() -> None:
    bench = TableBench(c=TEXT)
    bench.ask("cidr:/c", "::1")
    assert [
        'non-null host address bits in "192.0.3.7/24", perhaps you should use "192.0.3.0/24" instead',
        'bad mask length in "192.0.3.0/33"',
        'bad mask value in "192.0.3.0/x"',
        "no lookup result",
        'bad network value in "0192.0.2.0/24"',
        'non-null host address bits in "2001:db8::/16", perhaps you should use "2001::/16" instead',
        "ENDIF without IF",
        "missing ']' character after \"[2001:db8::1\"",
        "garbage after ENDIF",
        "no address pattern",
        'bad address pattern: "foo"',
    ] == [
        line.partition(": cidr map /c, line ")[2].partition(": ")[2].removesuffix(": skipping this rule")
        for line in bench.said[:-1]
    ]
    assert "warning: cidr map /c, line 23: IF has no matching ENDIF" == bench.said[-1]


INLINE = (
    ("cidr:{{1.2.3.0/24 x y}, {0.0.0.0/0 z}}", "1.2.3.4", "x y"),
    ("cidr:{{1.2.3.0/24 x y}, {0.0.0.0/0 z}}", "5.2.3.4", "z"),
    ("cidr:{}", "1.2.3.4", None),
    ("cidr:{1.2.3.4 x}", "1.2.3.4", "<cidr map: no '{' at start of text in \"1.2.3.4\">"),
    ("cidr:/none", "1.2.3.4", "<open /none: No such file or directory>"),
)


@pytest.mark.parametrize(("spec", "key", "value"), INLINE)
def test_rules_in_place(spec: str, key: str, value: str | None) -> None:
    assert value == TableBench().ask(spec, key)


def test_garbage_behind_a_bracket() -> None:
    with pytest.raises(ValueError, match=r'garbage after "\[2001:db8::1\]"'):
        network("[2001:db8::1]x")


def test_garbage_behind_a_condition() -> None:
    bench = TableBench(c="if 10.0.0.0/8 x\n10.0.0.1 y\n")
    assert "y" == bench.ask("cidr:/c", "10.0.0.1")
    assert ["warning: cidr map /c, line 1: garbage after IF: skipping this rule"] == bench.said
