"""hash, btree, lmdb, texthash. The expected values are what postmap -q says for the same text."""

from __future__ import annotations

import pytest

from gatepost.tables.keyed import map_pair
from tests.fakes.tables import TableBench

TEXT = (
    b"a@b.example REJECT\n# c\n  # d\n  more text  \n\nKEY Value   here  \n"
    b'"quoted key" v1\n"un balanced v2\nnovalue\nname: alias style\n"k\\"x" v3\n'
    b'a@b.example dup\nba"d qu"ote v4\n\303\211 accent\n\377 bad\nx\\ y z\nlast nonl'
)

ANSWERS = (
    ("a@b.example", "REJECT  more text"),
    ("A@B.EXAMPLE", "REJECT  more text"),
    ("key", "Value   here"),
    ('"quoted key"', "v1"),
    ("quoted key", None),
    ('"k\\"x"', "v3"),
    ('ba"d qu"ote', "v4"),
    ("é", "accent"),
    ("name:", "alias style"),
    ("name", None),
    ("x\\", None),
    ("x\\ y", "z"),
    ("last", "nonl"),
    ('"un', None),
    ("novalue", None),
    ("", None),
)


@pytest.mark.parametrize("kind", ["hash", "btree", "lmdb", "proxy:hash"])
@pytest.mark.parametrize(("key", "value"), ANSWERS)
def test_answers(kind: str, key: str, value: str | None) -> None:
    assert value == TableBench(h=TEXT).ask(f"{kind}:/h", key)


def test_each_fault_is_said_once() -> None:
    bench = TableBench(h=TEXT)
    bench.ask("hash:/h", "key")
    bench.ask("hash:/h", "key")
    assert [
        "warning: /h, line 8: unbalanced '\"' in '\"un balanced v2' -- ignoring this line",
        "warning: /h, line 9: expected format: key whitespace value -- ignoring this line",
        'warning: /h, line 10: record is in "key: value" format; is this an alias file?',
        'warning: /h, line 12: duplicate entry: "a@b.example"',
        'warning: /h, line 15: non-UTF-8 input "? bad" -- ignoring this line',
    ] == bench.said


def test_a_texthash_with_duplicates_is_no_table() -> None:
    bench = TableBench(h="a b\nA c\n")
    assert '</h, line 2: duplicate entry: "a">' == bench.ask("texthash:/h", "a")
    assert ['warning: texthash:/h is unavailable. /h, line 2: duplicate entry: "a"'] == bench.said


def test_without_utf8_octets_are_kept_as_they_are() -> None:
    bench = TableBench("smtputf8_enable = no\n", h=b"\xff V\xfe\n")
    assert "V\udcfe" == bench.ask("hash:/h", "\udcff")


def test_a_key_that_is_not_utf8_has_no_value() -> None:
    bench = TableBench(h="a b\n")
    assert bench.ask("hash:/h", "a\udcff") is None
    assert ['warning: hash:/h: non-UTF-8 key "a?": malformed UTF-8 or invalid codepoint'] == bench.said


def test_case_folds_as_unicode_says() -> None:
    bench = TableBench(h="STRASSE a\nstraße b\n")
    assert "a" == bench.ask("hash:/h", "STRAßE")


def test_line_ends_of_other_systems_are_blanks() -> None:
    assert ("k3", "v3") == map_pair("k3 v3\r")
    with pytest.raises(ValueError, match="expected format"):
        map_pair("k4\r")


ALIASES = (
    ("postmaster", "root"),
    ("Postmaster", "root"),
    ("q q", "x"),
    ("c", '"|prog a b", :include:/x  more'),
    ("name", "spaced"),
)


@pytest.mark.parametrize(("key", "value"), ALIASES)
def test_a_table_of_alias_maps_has_the_syntax_of_aliases(key: str, value: str) -> None:
    text = 'postmaster: root\n"q q": x\nname : spaced\nc: "|prog a b", :include:/x\n  more\nc: dup\n'
    bench = TableBench("alias_maps = hash:/aliases\n", aliases=text)
    assert value == bench.ask("hash:/aliases", key)


def test_what_is_wrong_with_aliases() -> None:
    bench = TableBench("alias_database = hash:/al\n", al="nocolon x\nnov:\n:x\ne@f: g\nc: d\nC: e\n")
    assert bench.ask("proxy:hash:/al", "zz") is None
    assert [
        "warning: /al, line 1: need name:value pair",
        "warning: /al, line 2: need name:value pair",
        "warning: /al, line 3: need name:value pair",
        "warning: /al, line 4: name must be local",
        'warning: /al, line 6: duplicate entry: "c"',
    ] == bench.said
