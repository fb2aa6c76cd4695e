"""Which hosts are tried, in which order; texts and codes are those of Postfix 3.7."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from gatepost.delivery.hosts import EXCHANGERS, Host, HostRules, Unreachable, find_hosts
from gatepost.delivery.nexthop import parse_nexthops
from gatepost.mail.events import Event
from gatepost.maillog import text
from gatepost.oracle import DnsAnswer
from gatepost.server.oracle import LiveOracle
from tests.fakes.dns import dns_server
from tests.fakes.oracle import FakeOracle
from tests.fakes.tables import TableBench

RULES = HostRules(families=("A",))
ZONE = {
    "victim.example": "MX 10 gone.victim.example",
    "self.example": "MX 10 mail.self.example",
    "mail.self.example": "A 127.0.0.1",
    "backup.example": "MX 5 one.example; MX 10 mail.self.example; MX 20 two.example",
    "temporary.example": "SERVFAIL",
    "half.example": "MX 10 temporary.example",
    "implicit.example": "A 192.0.2.5",
    "null.example": "MX 0 .",
    "one.example": "A 192.0.2.1; AAAA 2001:db8::1",
    "two.example": "A 192.0.2.2",
    "pair.example": "MX 20 two.example; MX 10 one.example",
}


def find(nexthop: str, rules: HostRules = RULES, zone: Mapping[str, str] = ZONE) -> tuple[list[str], list[str]]:
    """Addresses in order, and what was logged."""
    events: list[Event] = []
    (hop,) = parse_nexthops(nexthop, by_mx=True)
    hosts = asyncio.run(find_hosts(hop, FakeOracle(zone=zone), rules, events.append, loops=True))
    return [host.address for host in hosts], [text(event) for event in events]


@pytest.mark.parametrize(
    ("nexthop", "addresses"),
    [
        ("pair.example", ["192.0.2.1", "192.0.2.2"]),
        ("implicit.example", ["192.0.2.5"]),
        ("[one.example]", ["192.0.2.1"]),
        ("[192.0.2.9]", ["192.0.2.9"]),
    ],
)
def test_order(nexthop: str, addresses: list[str]) -> None:
    assert addresses == find(nexthop)[0]


@pytest.mark.parametrize(
    ("nexthop", "dsn", "words"),
    [
        (
            "nowhere.example",
            "5.4.4",
            "Host or domain name not found. Name service error for name=nowhere.example type=A: Host not found",
        ),
        (
            "temporary.example",
            "4.4.3",
            (
                "Host or domain name not found. Name service error for name=temporary.example type=MX: "
                "Host not found, try again"
            ),
        ),
        (
            "half.example",
            "4.4.3",
            (
                "Host or domain name not found. Name service error for name=temporary.example type=A: "
                "Host not found, try again"
            ),
        ),
        ("null.example", "5.1.0", "Domain null.example does not accept mail (nullMX)"),
        ("self.example", "5.4.6", "mail for self.example loops back to myself"),
    ],
)
def test_dead_ends(nexthop: str, dsn: str, words: str) -> None:
    with pytest.raises(Unreachable) as caught:
        find(nexthop, replace(RULES, own=frozenset({"127.0.0.1"})))
    assert (dsn, words) == (caught.value.outcome.dsn, caught.value.outcome.text)


def test_exchangers_without_addresses_are_told_of() -> None:
    events: list[Event] = []
    (hop,) = parse_nexthops("victim.example", by_mx=True)
    for defers, dsn in ((False, "5.4.4"), (True, "4.4.4")):
        rules = replace(RULES, defer_without_address=defers)
        with pytest.raises(Unreachable) as caught:
            asyncio.run(find_hosts(hop, FakeOracle(zone=ZONE), rules, events.append, loops=True))
        assert dsn == caught.value.outcome.dsn
    assert [text(event) for event in events] == [
        "warning: no MX host for victim.example has a valid address record"
    ] * 2


def test_errors_of_the_exchanger_question_can_be_overlooked() -> None:
    with pytest.raises(Unreachable) as caught:
        find("temporary.example", replace(RULES, ignore_mx_errors=True))
    assert "name=temporary.example type=A" in caught.value.outcome.text


def test_only_exchangers_better_than_us_are_tried() -> None:
    assert ["192.0.2.1"] == find("backup.example", replace(RULES, own=frozenset({"127.0.0.1"})))[0]


def test_the_number_of_addresses_is_limited() -> None:
    assert ["192.0.2.1"] == find("pair.example", replace(RULES, limit=1))[0]


def test_families_and_their_order() -> None:
    both = replace(RULES, families=("A", "AAAA"))
    assert ["2001:db8::1", "192.0.2.1"] == find("[one.example]", replace(both, first="ipv6"))[0]
    assert ["192.0.2.1", "2001:db8::1"] == find("[one.example]", replace(both, first="ipv4"))[0]


def test_the_system_may_be_asked_instead() -> None:
    async def native(host: str) -> Sequence[str]:
        return ["192.0.2.77"] if host == "local.example" else []

    rules = replace(RULES, by_dns=False, native=native)
    assert ["192.0.2.77"] == find("local.example", rules)[0]
    with pytest.raises(Unreachable):
        find("other.example", rules)


def test_hosts_of_one_preference_share_the_load() -> None:
    zone = {**ZONE, "even.example": "MX 10 one.example; MX 10 two.example"}
    first = {find("even.example", zone=zone)[0][0] for _ in range(64)}
    assert first == {"192.0.2.1", "192.0.2.2"}
    assert {find("even.example", replace(RULES, shuffled=False), zone)[0][0] for _ in range(8)} == {"192.0.2.1"}


def test_a_host_is_a_value() -> None:
    assert Host("a", "192.0.2.1") == Host("a", "192.0.2.1", 0)


FOUR, SIX = "192.0.2.{}", "2001:db8::{}"


@pytest.mark.parametrize(
    ("families", "fours", "sixes", "limit", "first"),
    [
        ("4466", 2, 9, 4, "ipv4"),
        ("66644", 2, 9, 5, "ipv6"),
        ("44466", 9, 9, 5, "ipv4"),
        ("46666", 1, 9, 5, "ipv4"),
        ("44444", 9, 0, 5, "ipv4"),
        ("4", 3, 3, 1, "ipv4"),
        ("446", 2, 1, 5, "ipv4"),
        ("446", 2, 1, 0, "ipv4"),
    ],
)
def test_where_not_all_are_tried_both_families_are(
    families: str, fours: int, sixes: int, limit: int, first: str
) -> None:
    records = [f"A {FOUR.format(n)}" for n in range(fours)] + [f"AAAA {SIX.format(n)}" for n in range(sixes)]
    rules = HostRules(first=first, limit=limit, shuffled=False)
    found, _ = find("[b.example]", rules, {"b.example": "; ".join(records)})
    assert families == "".join("6" if ":" in address else "4" for address in found)


def test_balance_can_be_off() -> None:
    zone = {"b.example": "A 192.0.2.1; A 192.0.2.2; AAAA 2001:db8::1"}
    assert find("[b.example]", HostRules(limit=2, balanced=False, first="ipv4", shuffled=False), zone)[0] == [
        "192.0.2.1",
        "192.0.2.2",
    ]


def test_a_domain_cannot_make_us_look_up_any_number_of_exchangers() -> None:
    zone = {"b.example": "; ".join(f"MX {n} mx{n}.example" for n in range(EXCHANGERS + 50))}
    zone |= {f"mx{n}.example": "NXDOMAIN" for n in range(EXCHANGERS + 50)}
    oracle = FakeOracle(zone=zone)
    (hop,) = parse_nexthops("b.example", by_mx=True)
    with pytest.raises(Unreachable):
        asyncio.run(find_hosts(hop, oracle, RULES, lambda _: None, loops=True))
    assert len(oracle.asked) == 1 + EXCHANGERS


def test_worse_exchangers_are_looked_up_only_where_they_are_needed() -> None:
    oracle = FakeOracle(zone=ZONE)
    (hop,) = parse_nexthops("pair.example", by_mx=True)
    for limit, asked in ((1, ["one.example A"]), (2, ["one.example A", "two.example A"])):
        oracle.asked.clear()
        asyncio.run(find_hosts(hop, oracle, replace(RULES, limit=limit), lambda _: None, loops=True))
        assert oracle.asked == ["pair.example MX", *asked]


def test_names_are_looked_up_at_the_same_time() -> None:
    """Both families of both exchangers: no question waits for the answer to another."""

    class Gate(FakeOracle):
        def __init__(self) -> None:
            super().__init__(zone={**ZONE, "even.example": "MX 10 one.example; MX 10 two.example"})
            self.open = asyncio.Event()

        async def dns(self, name: str, rtype: str) -> DnsAnswer:
            answer = await super().dns(name, rtype)
            if len(self.asked) == 5:
                self.open.set()
            if rtype != "MX":
                await self.open.wait()
            return answer

    async def main() -> None:
        (hop,) = parse_nexthops("even.example", by_mx=True)
        hosts = await find_hosts(hop, Gate(), HostRules(), lambda _: None, loops=True)
        assert {host.address for host in hosts} == {"192.0.2.1", "2001:db8::1", "192.0.2.2"}

    asyncio.run(main())


@pytest.mark.parametrize(("true_names", "name"), [(False, "alias.example"), (True, "one.example")])
def test_a_host_may_go_by_its_true_name(true_names: bool, name: str) -> None:
    oracle = FakeOracle(zone={**ZONE, "alias.example": "CNAME one.example"})
    (hop,) = parse_nexthops("[alias.example]", by_mx=True)
    rules = replace(RULES, true_names=true_names)
    (host,) = asyncio.run(find_hosts(hop, oracle, rules, lambda _: None, loops=True))
    assert (host.name, host.address) == (name, "192.0.2.1")


HOSTILE = {
    "silent.example": "TIMEOUT",
    "mx.example": "MX 10 silent.example",
    "malformed.example": "MX 10 -bad.example",
    "broken.example": "SERVFAIL",
    "circle.example": "CNAME round.example",
    "round.example": "CNAME circle.example",
    "far.example": "MX 10 circle.example",
    "partly.example": "MX 10 silent.example; MX 20 good.example",
    "good.example": "A 192.0.2.7",
}
FATES = (
    ("silent.example", "4.4.3"),
    ("mx.example", "4.4.3"),
    ("malformed.example", "5.4.4"),
    ("broken.example", "4.4.3"),
    ("far.example", "5.4.4"),
    ("partly.example", "192.0.2.7"),
)


@pytest.mark.parametrize(("nexthop", "fate"), FATES)
def test_the_fate_of_mail_where_a_name_server_is_silent_or_talks_rubbish(nexthop: str, fate: str) -> None:
    async def scenario() -> str:
        async with dns_server(HOSTILE) as server:
            bench = TableBench()
            oracle = LiveOracle(bench.tables.view(), server.resolver(), bench.emit)
            (hop,) = parse_nexthops(nexthop, by_mx=True)
            try:
                (host,) = await find_hosts(hop, oracle, RULES, bench.emit, loops=True)
            except Unreachable as failed:
                return failed.outcome.dsn
            return host.address

    assert fate == asyncio.run(scenario())
