"""Policies for destinations. Texts of log lines are those of Postfix 3.7.11."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gatepost.mail.tlsa import Tlsa
from gatepost.maillog import text
from gatepost.tls.policy import (
    Destination,
    Level,
    PolicyRules,
    Stated,
    TlsPolicy,
    Unusable,
    complete_policy,
    fingerprints,
    is_server_name,
    parse_policy,
    stated_policy,
)
from tests.fakes.oracle import FakeOracle, step

ANCHOR = Tlsa(2, 0, 0, b"anchor")
WHERE = Destination("dom.example", "dom.example", "mx.dom.example")
TABLE = 'smtp_tls_policy_maps, next-hop destination "dom.example"'


def load(name: str) -> tuple[Tlsa, ...]:
    if name == "/absent":
        raise Unusable
    return (ANCHOR,)


def find(
    rules: PolicyRules, table: Mapping[str, str] | None = None, where: Destination = WHERE, *, failing: bool = False
) -> TlsPolicy:
    tables = {"hash:p": table or {}}
    oracle = FakeOracle(tables, failing=tables if failing else ())
    return complete_policy(rules, step(stated_policy(rules, where, oracle, load)), where, load)


MAPS = PolicyRules(policy_maps=("hash:p",))
SITES = PolicyRules(per_site=("hash:p",))


@pytest.mark.parametrize(
    ("nexthop", "keys"),
    [
        ("a.dom.example", ["a.dom.example", ".dom.example", ".example"]),
        ("[a.dom.example]", ["[a.dom.example]"]),
        ("a.dom.example:25", ["a.dom.example:25"]),
        ("private/lmtp", ["private/lmtp"]),
        ("localhost", ["localhost"]),
    ],
)
def test_the_keys_of_a_next_hop(nexthop: str, keys: list[str]) -> None:
    oracle = FakeOracle({"hash:p": {}})
    step(stated_policy(MAPS, Destination(nexthop, "dom", "host"), oracle, load))
    assert [f"hash:p {key}" for key in keys] == oracle.asked


@pytest.mark.parametrize(
    ("table", "level", "expected"),
    [
        ({}, Level.MAY, Level.MAY),
        ({"dom.example": "encrypt"}, Level.MAY, Level.ENCRYPT),
        ({".example": "may"}, Level.SECURE, Level.MAY),
        ({".example": "encrypt", "dom.example": "none"}, Level.SECURE, Level.NONE),
        ({"mx.dom.example": "encrypt"}, Level.NONE, Level.NONE),
    ],
)
def test_the_table_stands_above_main_cf(table: dict[str, str], level: Level, expected: Level) -> None:
    assert expected == find(PolicyRules(level=level, policy_maps=("hash:p",)), table).level


@pytest.mark.parametrize(
    ("table", "level", "expected"),
    [
        ({"dom.example": "NONE"}, Level.SECURE, Level.NONE),
        ({"dom.example": "MAY"}, Level.SECURE, Level.SECURE),
        ({"dom.example": "MAY"}, Level.NONE, Level.MAY),
        ({"mx.dom.example": "must_nopeermatch"}, Level.NONE, Level.ENCRYPT),
        ({"dom.example": "NONE", "mx.dom.example": "MUST"}, Level.NONE, Level.VERIFY),
        ({"dom.example": "MAY", "mx.dom.example": "NONE"}, Level.VERIFY, Level.NONE),
        ({"dom.example": "MUST", "mx.dom.example": "MAY"}, Level.NONE, Level.VERIFY),
        ({".example": "MUST"}, Level.MAY, Level.MAY),
    ],
)
def test_the_older_table(table: dict[str, str], level: Level, expected: Level) -> None:
    assert expected == find(PolicyRules(level=level, per_site=("hash:p",)), table).level


def test_the_policy_table_beats_the_older_one() -> None:
    rules = PolicyRules(policy_maps=("hash:p",), per_site=("hash:absent",))
    assert Level.NONE is find(rules, {}).level


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("encrypt", Stated(Level.ENCRYPT, explicit=True)),
        ("may, protocols=>=TLSv1.2", Stated(Level.MAY, explicit=True, protocols=">=TLSv1.2")),
        ("ENCRYPT Ciphers=high exclude=", Stated(Level.ENCRYPT, explicit=True, ciphers="high", exclude="")),
        ("secure match=a:.b match=c", Stated(Level.SECURE, explicit=True, match=("a", ".b", "c"))),
        ("fingerprint match=aa:bb|CC", Stated(Level.FINGERPRINT, explicit=True, pins=("AABB", "CC"))),
        (
            "verify tafile=/a servername=hostname",
            Stated(Level.VERIFY, explicit=True, records=(ANCHOR,), servername="hostname"),
        ),
        ("dane-only connection_reuse=yes", Stated(Level.DANE_ONLY, explicit=True)),
    ],
)
def test_values_of_the_table(value: str, expected: Stated) -> None:
    assert expected == parse_policy(value, TABLE, load)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("", "invalid empty policy"),
        ("foo", 'invalid security level "foo"'),
        ("half-dane", 'invalid security level "half-dane"'),
        ("encrypt foo", "malformed attribute/value pair \"foo\": missing '=' after attribute name"),
        ("encrypt foo=bar", 'invalid attribute name: "foo"'),
        ("encrypt match=bar", 'attribute "match" invalid at security level "encrypt"'),
        ("dane match=foo", 'attribute "match" invalid at security level "dane"'),
        ("encrypt tafile=/x", 'attribute "tafile" invalid at security level "encrypt"'),
        ("verify match=", 'attribute "match" has empty value'),
        ("verify ciphers=", 'attribute "ciphers" has empty value'),
        ("verify ciphers=high ciphers=high", 'attribute "ciphers" is specified multiple times'),
        ("verify protocols= protocols=", 'attribute "protocols" is specified multiple times'),
        ("verify servername=", '"servername=" specifies an invalid hostname'),
        ("verify connection_reuse=maybe", 'attribute "connection_reuse" has bad value: "maybe"'),
    ],
)
def test_a_value_that_is_wrong_is_no_policy(value: str, says: str) -> None:
    with pytest.raises(Unusable) as caught:
        find(MAPS, {"dom.example": value or " "})
    assert [f"warning: {TABLE}: {says}"] == [text(event) for event in caught.value.events]
    assert ("4.7.5", "client TLS configuration problem") == (caught.value.dsn, caught.value.text)


def test_attributes_without_tls_are_told_of() -> None:
    stated = parse_policy("none foo=bar", TABLE, load)
    assert [f'warning: {TABLE}: ignoring attribute "foo=bar" with TLS disabled'] == [*map(text, stated.remarks)]


def test_a_fingerprint_that_is_none() -> None:
    assert ["AABB", "CC"] == list(fingerprints(["aa:bb", "cc"]))
    for word in ("", "xyz", "ABC", "md5"):
        with pytest.raises(Unusable, match="configuration problem"):
            list(fingerprints([word]))


@pytest.mark.parametrize(
    ("rules", "lines", "outcome"),
    [
        (
            MAPS,
            ['hash:p lookup error for "dom.example"', f"{TABLE}: policy table lookup error"],
            ("4.7.5", "client TLS configuration problem"),
        ),
        (
            SITES,
            [
                'hash:p lookup error for "dom.example"',
                'smtp_tls_per_site: next-hop destination "dom.example": per-site table lookup error',
            ],
            ("4.3.0", "Temporary lookup error"),
        ),
    ],
)
def test_a_table_that_fails_stops_the_mail(rules: PolicyRules, lines: list[str], outcome: tuple[str, str]) -> None:
    with pytest.raises(Unusable) as caught:
        find(rules, failing=True)
    assert [f"warning: {line}" for line in lines] == [text(event) for event in caught.value.events]
    assert outcome == (caught.value.dsn, caught.value.text)


def test_an_unknown_word_in_the_older_table_stops_the_mail() -> None:
    with pytest.raises(Unusable) as caught:
        find(SITES, {"mx.dom.example": "FOO"})
    told = "warning: smtp_tls_per_site: unknown TLS policy 'FOO' for server hostname mx.dom.example"
    assert [told] == [text(event) for event in caught.value.events]


MAIN = PolicyRules(
    protocols="P",
    mandatory_protocols="MP",
    ciphers="low",
    mandatory_ciphers="high",
    exclude="E",
    mandatory_exclude="ME",
    pins=("aa:bb",),
    policy_maps=("hash:p",),
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("none", TlsPolicy()),
        ("may", TlsPolicy(Level.MAY, "P", "low", "E")),
        ("encrypt", TlsPolicy(Level.ENCRYPT, "MP", "high", "E ME eNULL")),
        ("may exclude=X protocols=", TlsPolicy(Level.MAY, "", "low", "X")),
        ("encrypt exclude=", TlsPolicy(Level.ENCRYPT, "MP", "high", "eNULL")),
        ("fingerprint", TlsPolicy(Level.FINGERPRINT, "MP", "high", "E ME aNULL", pins=("AABB",))),
        ("verify", TlsPolicy(Level.VERIFY, "MP", "high", "E ME aNULL", match=("mx.dom.example",))),
        ("secure", TlsPolicy(Level.SECURE, "MP", "high", "E ME aNULL", match=("dom.example", ".dom.example"))),
        (
            "secure match=hostname:x ciphers=medium",
            TlsPolicy(Level.SECURE, "MP", "medium", "E ME aNULL", match=("mx.dom.example", "x")),
        ),
        ("may servername=hostname", TlsPolicy(Level.MAY, "P", "low", "E", servername="mx.dom.example")),
        ("may servername=nexthop", TlsPolicy(Level.MAY, "P", "low", "E", servername="dom.example")),
        ("may servername=other.example", TlsPolicy(Level.MAY, "P", "low", "E", servername="other.example")),
    ],
)
def test_what_the_table_leaves_open_main_cf_says(value: str, expected: TlsPolicy) -> None:
    assert expected == find(MAIN, {"dom.example": value})


def test_anchors_of_main_cf_take_the_place_of_authorities_at_the_levels_that_ask_them() -> None:
    rules = PolicyRules(anchor_files=("/a",), policy_maps=("hash:p",))
    assert (ANCHOR,) == find(rules, {"dom.example": "verify"}).records
    assert () == find(rules, {"dom.example": "encrypt"}).records
    with pytest.raises(Unusable):
        find(PolicyRules(level=Level.VERIFY, anchor_files=("/absent",)))


def test_fingerprints_are_needed_at_their_level() -> None:
    with pytest.raises(Unusable) as caught:
        find(PolicyRules(level=Level.FINGERPRINT))
    (told,) = caught.value.events
    assert "warning: nexthop domain dom.example: configured at fingerprint security level, but with no" in text(told)


def test_an_address_is_not_sent_as_a_name() -> None:
    where = Destination("[192.0.2.1]", "192.0.2.1", "192.0.2.1")
    assert "" == find(PolicyRules(level=Level.MAY, servername="hostname"), where=where).servername


def test_a_name_for_servers_that_is_none_stops_the_mail() -> None:
    with pytest.raises(Unusable) as caught:
        find(PolicyRules(level=Level.MAY, servername="bad_name!"))
    told = 'warning: "smtp_tls_servername = bad_name!" specifies an invalid hostname'
    assert [told] == [text(event) for event in caught.value.events]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.example", True), ("a", True), ("", False), ("-a", False), ("a..b", False), ("1.2.3.4", False), ("[a]", False)],
)
def test_names_that_hosts_have(name: str, expected: bool) -> None:
    assert expected is is_server_name(name)


def test_levels_know_what_they_ask() -> None:
    assert [level.word for level in Level if level.matches] == [
        *("fingerprint", "half-dane", "dane", "dane-only", "verify", "secure")
    ]
    assert [False, False, True, True] == [TlsPolicy(level).required for level in (0, 1, 2, 8)]  # type: ignore[arg-type]  # by strength
