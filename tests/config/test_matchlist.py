"""Pattern lists. What is expected of `mynetworks` was asked of Postfix 3.7.11 with a client at 127.0.0.1."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.config.matchlist import MatchList, included_files
from gatepost.config.param import PatternStyle
from gatepost.config.settings import Settings
from gatepost.config.source import SourceText, split_words
from gatepost.oracle import LookupFailed
from tests.fakes.oracle import FakeOracle, QuickOracle, step

STRINGS, DOMAINS, HOSTS = PatternStyle.STRINGS, PatternStyle.DOMAINS, PatternStyle.HOSTS

FILES = {
    "/nets": "# trusted\n10.0.0.0/8,\n  !127.0.0.9\n127.0.0.0/8\n",
    "/more": "/nets\n",
    "/loop": "/loop\n",
    "/names": "one.example !two.example\n",
}

TABLES: dict[str, dict[str, str] | str] = {
    "hash:/t": {"localhost": "x", "127.0.0.2": "x", "example": "x", ".below.example": "x"},
    "static:all": "x",
}


def make(text: str, style: PatternStyle, *, parents: bool = False) -> MatchList:
    return MatchList.parse(split_words(SourceText.of(text)), style, parents=parents, files=FILES, name="mynetworks")


def matches(text: str, style: PatternStyle, *, parents: bool = False, name: str = "", address: str = "") -> bool:
    found = make(text, style, parents=parents)
    listed = step(found.matches(FakeOracle(TABLES), name=name, address=address))
    assert listed == step(found.matches(QuickOracle(TABLES), name=name, address=address))
    assert found.known(name, address) == (listed if found.fixed else None)
    return listed


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("127.0.0.1/32", True),
        ("127.0.0.0/8", True),
        ("127.0.0", False),
        ("127", False),
        ("127.0.0.01", False),
        ("localhost", True),
        ("LOCALHOST", True),
        (".localhost", False),
        ("!127.0.0.1, 127.0.0.0/8", False),
        ("!!127.0.0.1", True),
        ("[::1]", False),
        ("[::1", False),
        ("[::1]x", False),
        ("[::1]/129 127.0.0.1", True),
        ("[127.0.0.1]", True),
        ("[127.0.0.0]/8", True),
        ("[127.0.0.0/8]", True),
        ("[::ffff:127.0.0.0]/104", False),
        ("[localhost]", False),
        ("1.2.3.4/x", False),
        ("1.2.3.4.5", False),
        ("{127.0.0.1}", False),
        ("127.0.0.1 10.0.0.1/8", True),
        ("/nets", True),
        ("!/nets", False),
        ("/more", True),
        ("hash:/t", True),
        ("static:all", True),
    ],
)
def test_a_client_at_127_0_0_1(text: str, listed: bool) -> None:
    assert listed == matches(text, HOSTS, parents=True, name="localhost", address="127.0.0.1")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("127.0.0.1/8", 'non-null host address bits in "127.0.0.1/8", perhaps you should use "127.0.0.0/8" instead'),
        ("10.0.0.1/8, 127.0.0.1", "non-null host address bits"),
        ("127.0.0.1/33", 'bad mask length in "127.0.0.1/33"'),
        ("127.0.0.1/99999", "bad mask length"),
        ("127.0.0.1/", 'bad mask value in "127.0.0.1/"'),
        ("a/8", 'bad network value in "a/8"'),
        ("10.1/16", 'bad network value in "10.1/16"'),
        ("/nofile", "open file /nofile: No such file or directory"),
        ("/loop", "files include each other"),
        ("!", "a ! stands alone"),
        ("fe80::/10", "made to fail"),
        ("abcd::1", "made to fail"),
    ],
)
def test_a_fault_fails_the_lookup(text: str, reason: str) -> None:
    with pytest.raises(LookupFailed) as caught:
        matches(text, HOSTS, name="localhost", address="127.0.0.1")
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    ("text", "address", "listed"),
    [
        ("[2001:db8::]/32", "2001:db8::9", True),
        ("[2001:db8::/32]", "2001:db8::9", True),
        ("[2001:DB8::9]", "2001:db8::9", True),
        ("[2001:db8::]/32", "2001:db9::9", False),
        ("10.0.0.1/8 [::1]", "::1", True),
        ("[fe80::1]", "fe80::1%eth0", True),
        ("/nets", "127.0.0.9", False),
        ("hash:/t", "127.0.0.2", True),
        ("hash:/t", "127.0.0.3", False),
        ("127.0.0.1", "", False),
        ("127.0.0.1", "unknown", False),
    ],
)
def test_addresses(text: str, address: str, listed: bool) -> None:
    assert listed == matches(text, HOSTS, address=address)


@pytest.mark.parametrize(
    ("text", "parents", "name", "listed"),
    [
        ("example", True, "example", True),
        ("example", True, "a.b.example", True),
        ("example", True, "notexample", False),
        ("example", False, "a.example", False),
        (".example", False, "a.example", True),
        (".example", False, "example", False),
        ("!a.example, example", True, "b.a.example", False),
        ("hash:/t", True, "a.example", True),
        ("hash:/t", False, "a.example", False),
        ("hash:/t", False, "a.below.example", True),
        ("", True, "example", False),
        ("example", True, "", False),
    ],
)
def test_domains(text: str, parents: bool, name: str, listed: bool) -> None:
    assert listed == matches(text, DOMAINS, parents=parents, name=name)


@pytest.mark.parametrize(
    ("text", "name", "listed"),
    [
        ("example", "EXAMPLE", True),
        ("example", "a.example", False),
        (".example", "a.example", False),
        ("hash:/t", "example", True),
        ("hash:/t", "a.example", False),
        ("/names", "one.example", True),
        ("/names", "two.example", False),
        ("!/names one.example", "two.example", True),
        ("10.0.0.0/8", "10.0.0.0/8", True),
        ("[::1]/129", "x", False),
    ],
)
def test_strings(text: str, name: str, listed: bool) -> None:
    assert listed == matches(text, STRINGS, name=name)


def test_parents_are_asked_of_tables_that_take_them_and_only_in_full_of_others() -> None:
    oracle = FakeOracle({"hash:/t": {}, "pcre:/p": {}})
    found = MatchList.parse(split_words(SourceText.of("hash:/t pcre:/p")), HOSTS, parents=True)
    assert not step(found.matches(oracle, name="a.b.c", address="192.0.2.1"))
    assert [
        "hash:/t a.b.c",
        "hash:/t b.c",
        "hash:/t c",
        "hash:/t 192.0.2.1",
        "pcre:/p a.b.c",
        "pcre:/p 192.0.2.1",
    ] == oracle.asked


def test_the_list_of_a_parameter() -> None:
    settings = Settings.parse("relay_domains = example, /more-domains\n").with_files({"/more-domains": "other"})
    found = MatchList.of(settings, "relay_domains")
    assert (True, "relay_domains", DOMAINS) == (found.parents, found.name, found.style)
    assert step(found.matches(FakeOracle(), name="sub.other"))
    assert not MatchList.of(settings, "mydestination").parents


def test_a_failure_names_the_parameter() -> None:
    found = MatchList.of(Settings.parse("mynetworks = 127.0.0.1/8\n"), "mynetworks")
    with pytest.raises(LookupFailed, match="mynetworks lookup error"):
        step(found.matches(FakeOracle(), address="127.0.0.1"))


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("hash:/absent", "mynetworks: hash:/absent: table lookup problem"),
        ("10.0.0.1/8", 'mynetworks: non-null host address bits in "10.0.0.1/8", perhaps you should use "10.0.0.0/8"'),
    ],
)
def test_complaints(pattern: str, complaint: str) -> None:
    found = MatchList.of(Settings.parse(f"mynetworks = {pattern}\n"), "mynetworks")
    with pytest.raises(LookupFailed) as failure:
        step(found.matches(FakeOracle(), address="127.0.0.1"))
    assert found.complaint(failure.value).startswith(complaint)


def test_other_parameters_are_no_pattern_lists() -> None:
    with pytest.raises(TypeError, match="mail_name is not declared as a pattern list"):
        MatchList.of(Settings.parse(""), "mail_name")


def test_patterns_know_their_places() -> None:
    found = MatchList.of(Settings.parse("mydestination = a,\n  b /names\n").with_files(FILES), "mydestination")
    assert ["main.cf:1:17", "main.cf:2:3", "/names:1:1", "/names:1:13"] == [str(one.place) for one in found.patterns]


def test_included_files_are_found() -> None:
    assert ["/a", "/b"] == list(included_files(split_words(SourceText.of("x /a !/b hash:/c"))))


NAMES = st.sampled_from(["", "example", "a.example", "A.b.Example", ".example", "a.", "1.2.3.4", "xexample"])
PATTERNS = st.lists(
    st.sampled_from(
        ["example", ".example", "a.example", "!b.example", ".", "1.2.3.4", "1.2.0.0/16", "[::1]", "!1.2.3.4"]
    )
)


@given(
    PATTERNS, st.sampled_from([STRINGS, DOMAINS, HOSTS]), st.booleans(), NAMES, st.sampled_from(["", "1.2.3.4", "::1"])
)
def test_a_list_that_is_fixed_answers_as_its_patterns_do_one_by_one(
    patterns: list[str], style: PatternStyle, parents: bool, name: str, address: str
) -> None:
    whole = make(" ".join(patterns), style, parents=parents)
    expected = False
    for pattern in patterns:
        if matches(pattern.lstrip("!"), style, parents=parents, name=name, address=address):
            expected = not pattern.startswith("!")
            break
    assert [expected] * 2 == [step(whole.matches(FakeOracle(), name=name, address=address)) for _ in range(2)]
