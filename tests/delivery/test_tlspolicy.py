"""The policy for a host. Outcomes and log lines are those of Postfix 3.7.11 with the same zone."""

from __future__ import annotations

import pytest

from gatepost.config.settings import Settings
from gatepost.delivery.nexthop import Nexthop, parse_nexthops
from gatepost.delivery.sts import StsPolicies
from gatepost.delivery.tlspolicy import PolicyFinder, TlsRules
from gatepost.mail.events import Emit, Event
from gatepost.mail.tlsa import Tlsa
from gatepost.maillog import text
from gatepost.oracle import Oracle
from gatepost.smtp.client_values import Server
from gatepost.tls.mta_sts import Mode, StsPolicy
from gatepost.tls.policy import Level, TlsPolicy, Unusable
from tests.fakes.oracle import FakeOracle, step
from tests.fakes.tls import our_client

KEY = "0f" * 32
TLSA = f"TLSA 3 1 1 {KEY}"
ZONE = {
    "dom.example": "MX 10 mx.example",
    "mx.example": "A 192.0.2.1; AAAA 2001:db8::1",
    "_25._tcp.mx.example": TLSA,
    "anchored.example": "MX 10 ta.example",
    "ta.example": "A 192.0.2.1",
    "_25._tcp.ta.example": f"TLSA 2 0 1 {KEY}; {TLSA}",
    "none.example": "MX 10 bare.example",
    "bare.example": "A 192.0.2.1",
    "unsigned.example": "MX 10 mx.example",
    "bare-unsigned.example": "MX 10 bare.example",
    "hu.example": "MX 10 host.unsigned.example",
    "host.unsigned.example": "A 192.0.2.1",
    "_25._tcp.host.unsigned.example": TLSA,
    "old.example": "MX 10 pkix.example",
    "pkix.example": "A 192.0.2.1",
    "_25._tcp.pkix.example": f"TLSA 0 0 1 {KEY}; TLSA 1 0 1 {KEY}",
    "odd.example": "MX 10 odd-mx.example",
    "odd-mx.example": "A 192.0.2.1",
    "_25._tcp.odd-mx.example": "TLSA 3 0 9 abcd",
    "broken.example": "MX 10 broken-mx.example",
    "broken-mx.example": "A 192.0.2.1",
    "_25._tcp.broken-mx.example": "SERVFAIL",
    "alias.example": "MX 10 alias-mx.example",
    "alias-mx.example": "CNAME mx.example",
    "half-alias.example": "MX 10 half-mx.example",
    "half-mx.example": "CNAME host.unsigned.example",
    "_25._tcp.half-mx.example": TLSA,
    "itself.example": "A 192.0.2.1",
    "_25._tcp.itself.example": TLSA,
    "moved.example": "CNAME dom.example",
    "stu.example": "MX 10 st.example",
    "st.example": "A 192.0.2.1",
    "_25._tcp.st.example": "CNAME _25._tcp.host.unsigned.example",
}


def is_unsigned(name: str) -> bool:
    return "unsigned.example" in name


SIGNED = FakeOracle(zone=ZONE, signed=lambda name: not is_unsigned(name))


def find(more: str, nexthop: str, host: str, *, address: str = "192.0.2.1", port: str = "25") -> TlsPolicy:
    policy, _ = find_and_tell(more, nexthop, host, address=address, port=port)
    return policy


def find_and_tell(
    more: str, nexthop: str, host: str, *, address: str = "192.0.2.1", port: str = "25"
) -> tuple[TlsPolicy, list[str]]:
    events: list[Event] = []
    settings = Settings.parse(f"smtp_dns_support_level = dnssec\n{more}")
    finder = PolicyFinder(TlsRules.read(settings, "smtp"), our_client(more))
    (hop,) = parse_nexthops(nexthop, by_mx=True)
    policy = step(finder.find(SIGNED, hop, Server(host, address, port), events.append))
    return policy, [text(event) for event in events]


LOOKUP = "warning: TLS policy lookup for"
DANE = "smtp_tls_security_level = dane"
ONLY = "smtp_tls_security_level = dane-only"
RECORD = Tlsa(3, 1, 1, bytes.fromhex(KEY))
MAY_POLICY = "smtp_tls_dane_insecure_mx_policy = may"
ENCRYPT_POLICY = "smtp_tls_dane_insecure_mx_policy = encrypt"


@pytest.mark.parametrize(
    ("more", "nexthop", "host", "level", "servername"),
    [
        (DANE, "dom.example", "mx.example", Level.DANE, "mx.example"),
        (ONLY, "dom.example", "mx.example", Level.DANE_ONLY, "mx.example"),
        (ONLY, "[mx.example]", "mx.example", Level.DANE_ONLY, "mx.example"),
        (ONLY, "itself.example", "itself.example", Level.DANE_ONLY, "itself.example"),
        (ONLY, "moved.example", "mx.example", Level.DANE_ONLY, "mx.example"),
        (ONLY, "alias.example", "alias-mx.example", Level.DANE_ONLY, "mx.example"),
        (ONLY, "half-alias.example", "half-mx.example", Level.DANE_ONLY, "half-mx.example"),
        (DANE, "unsigned.example", "mx.example", Level.HALF_DANE, "mx.example"),
        (f"{DANE}\n{ENCRYPT_POLICY}", "unsigned.example", "mx.example", Level.ENCRYPT, ""),
        (f"{DANE}\n{ENCRYPT_POLICY}", "bare-unsigned.example", "bare.example", Level.MAY, ""),
        (f"{DANE}\n{MAY_POLICY}", "unsigned.example", "mx.example", Level.MAY, ""),
        (DANE, "none.example", "bare.example", Level.MAY, ""),
        (DANE, "hu.example", "host.unsigned.example", Level.MAY, ""),
        (DANE, "stu.example", "st.example", Level.MAY, ""),
        (DANE, "[192.0.2.1]", "192.0.2.1", Level.MAY, ""),
        (DANE, "old.example", "pkix.example", Level.ENCRYPT, ""),
        (DANE, "odd.example", "odd-mx.example", Level.ENCRYPT, ""),
        ("smtp_tls_security_level = may", "dom.example", "mx.example", Level.MAY, ""),
        ("smtp_tls_security_level = secure", "broken.example", "broken-mx.example", Level.SECURE, ""),
    ],
)
def test_the_level_that_the_dns_leaves(more: str, nexthop: str, host: str, level: Level, servername: str) -> None:
    policy = find(more, nexthop, host)
    assert (level, servername) == (policy.level, policy.servername)
    assert ((RECORD,) if level.by_dane else ()) == policy.records
    assert policy.protocols == ">=TLSv1"


def test_a_host_whose_mx_record_we_did_not_see_signed_is_not_in_the_dns_for_us() -> None:
    assert Level.HALF_DANE is find(DANE, "none.example", "mx.example").level


def test_names_count_where_an_anchor_vouches() -> None:
    policy = find(DANE, "anchored.example", "ta.example")
    assert ("ta.example", "anchored.example") == policy.match
    assert [2, 3] == [record.usage for record in policy.records]
    assert () == find(DANE, "dom.example", "mx.example").match


@pytest.mark.parametrize(
    ("nexthop", "host", "says"),
    [
        ("unsigned.example", "mx.example", "non DNSSEC destination"),
        ("none.example", "bare.example", "no TLSA records found"),
        ("hu.example", "host.unsigned.example", "no TLSA records found"),
        ("stu.example", "st.example", "no TLSA records found"),
        ("[192.0.2.1]", "192.0.2.1", "no TLSA records found"),
        ("old.example", "pkix.example", "TLSA records unusable"),
        ("odd.example", "odd-mx.example", "TLSA records unusable"),
    ],
)
def test_dane_only_means_that(nexthop: str, host: str, says: str) -> None:
    with pytest.raises(Unusable) as caught:
        find(ONLY, nexthop, host)
    assert (says, "4.7.5") == (caught.value.text, caught.value.dsn)


@pytest.mark.parametrize("level", [DANE, ONLY])
def test_records_that_cannot_be_looked_up_make_the_mail_wait(level: str) -> None:
    with pytest.raises(Unusable) as caught:
        find(level, "broken.example", "broken-mx.example")
    assert ("TLSA lookup error for broken-mx.example:25", "4.7.5") == (caught.value.text, caught.value.dsn)
    told = (
        "warning: DANE TLSA lookup problem: Host or domain name not found. Name service error for "
        "name=_25._tcp.broken-mx.example type=TLSA: Host not found, try again"
    )
    assert [told, f"{LOOKUP} broken.example/broken-mx.example: TLSA lookup error for broken-mx.example:25"] == [
        text(event) for event in caught.value.events
    ]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("smtp_dns_support_level = enabled", "dom.example: {} configured with dnssec lookups disabled"),
        ("smtp_host_lookup = native", "dom.example: {} configured with dnssec lookups disabled"),
        ("ignore_mx_lookup_error = yes", "dom.example: {} configured with MX lookup errors ignored"),
    ],
)
def test_a_configuration_in_which_dane_makes_no_sense(more: str, told: str) -> None:
    policy, lines = find_and_tell(f"{DANE}\n{more}", "dom.example", "mx.example")
    assert (Level.MAY, [f"warning: {told.format('dane')}"]) == (policy.level, lines)
    with pytest.raises(Unusable, match="client TLS configuration problem") as caught:
        find(f"{ONLY}\n{more}", "dom.example", "mx.example")
    assert [
        f"warning: {told.format('dane-only')}",
        f"{LOOKUP} dom.example/mx.example: client TLS configuration problem",
    ] == [text(event) for event in caught.value.events]


def test_a_socket_has_no_dane() -> None:
    settings = Settings.parse("lmtp_tls_security_level = dane")
    finder = PolicyFinder(TlsRules.read(settings, "lmtp"), None)
    hop = Nexthop("unix:private/lmtp", path="private/lmtp")
    with pytest.raises(Unusable) as caught:
        step(finder.find(SIGNED, hop, Server("host", "private/lmtp"), lambda _: None))
    told = 'warning: private/lmtp: the "dane" security level is invalid for delivery via unix-domain sockets'
    assert [told, f"{LOOKUP} private/lmtp/host: client TLS configuration problem"] == [
        text(event) for event in caught.value.events
    ]


def test_unsigned_addresses_can_be_looked_at_all_the_same() -> None:
    forced = f"{DANE}\nsmtp_tls_force_insecure_host_tlsa_lookup = yes"
    SIGNED.asked.clear()
    assert Level.MAY is find(forced, "hu.example", "host.unsigned.example").level
    assert "_25._tcp.host.unsigned.example TLSA" in SIGNED.asked
    SIGNED.asked.clear()
    find(DANE, "hu.example", "host.unsigned.example")
    assert "_25._tcp.host.unsigned.example TLSA" not in SIGNED.asked


def test_records_are_told_of() -> None:
    shown = KEY.upper()
    _, lines = find_and_tell(f"{DANE}\nsmtp_tls_loglevel = 2", "dom.example", "mx.example")
    assert [f"DNSSEC-signed TLSA record: _25._tcp.mx.example: 3 1 1 {shown}"] == lines
    _, lines = find_and_tell(DANE, "old.example", "pkix.example")
    assert [
        f"warning: _25._tcp.pkix.example unsupported TLSA certificate usage: {usage} 0 1 {shown}" for usage in (0, 1)
    ] == lines
    _, lines = find_and_tell(DANE, "odd.example", "odd-mx.example")
    assert ["warning: odd-mx.example[192.0.2.1]:25: unusable TLSA RR: 3 0 9 ABCD"] == lines


def test_the_address_that_is_tried_has_to_be_signed() -> None:
    assert Level.DANE is find(DANE, "dom.example", "mx.example", address="2001:db8::1").level


@pytest.mark.parametrize("level", ["", "smtp_tls_security_level = may"])
def test_tls_from_the_first_byte_has_to_be_demanded(level: str) -> None:
    with pytest.raises(Unusable) as caught:
        find(f"smtp_tls_wrappermode = yes\n{level}", "[mx.example]:465", "mx.example", port="465")
    told = 'warning: smtp_tls_wrappermode requires "smtp_tls_security_level = encrypt" (or stronger)'
    assert [told] == [text(event) for event in caught.value.events]
    assert ("4.3.0", "server unavailable or unable to receive mail") == (caught.value.dsn, caught.value.text)


def test_a_remark_about_the_table_is_logged() -> None:
    table = "smtp_tls_policy_maps = hash:p"
    oracle = FakeOracle({"hash:p": {"dom.example": "none foo=bar"}})
    events: list[Event] = []
    finder = PolicyFinder(TlsRules.read(Settings.parse(table), "smtp"), None)
    (hop,) = parse_nexthops("dom.example", by_mx=True)
    policy = step(finder.find(oracle, hop, Server("mx.example", "192.0.2.1", "25"), events.append))
    assert TlsPolicy() == policy
    assert 'ignoring attribute "foo=bar" with TLS disabled' in text(events[0])


@pytest.mark.parametrize(
    ("more", "fixed"),
    [
        ("", True),
        ("smtp_tls_security_level = secure", True),
        (DANE, False),
        ("smtp_tls_policy_maps = hash:p", False),
        ("smtp_tls_per_site = hash:p", False),
    ],
)
def test_whether_all_servers_have_one_policy(more: str, fixed: bool) -> None:
    assert fixed is TlsRules.read(Settings.parse(more), "smtp").are_fixed


class FakePolicies(StsPolicies):
    """Policies in memory."""

    def __init__(self, *policies: StsPolicy) -> None:
        self.policies = {policy.domain: policy for policy in policies}
        self.asked: list[str] = []

    async def find(self, domain: str, oracle: Oracle, emit: Emit) -> StsPolicy | None:
        del oracle, emit
        self.asked.append(domain)
        return self.policies.get(domain)


STS = FakePolicies(
    StsPolicy("none.example", "1", Mode.ENFORCE, ("*.example",), 60),
    StsPolicy("dom.example", "1", Mode.ENFORCE, ("*.example",), 60),
    StsPolicy("broken.example", "1", Mode.ENFORCE, ("*.example",), 60),
    StsPolicy("try.example", "1", Mode.TESTING, ("bare.example",), 60),
    StsPolicy("off.example", "1", Mode.NONE, (), 60),
)
ENFORCED = TlsPolicy(
    Level.SECURE, ">=TLSv1", "medium", "aNULL", match=("bare.example",), servername="bare.example", by_web=True
)
TRIED = TlsPolicy(
    Level.MAY, ">=TLSv1", "medium", match=("bare.example",), servername="bare.example", by_web=True, on_trial=True
)


def by_sts(more: str, nexthop: str, host: str) -> TlsPolicy:
    rules = TlsRules.read(Settings.parse(f"smtp_dns_support_level = dnssec\n{more}"), "smtp")
    oracle = FakeOracle({"hash:p": {"none.example": "may"}}, ZONE, signed=SIGNED.signed)
    (hop,) = parse_nexthops(nexthop, by_mx=True)
    finder = PolicyFinder(rules, our_client(more), STS)
    return step(finder.find(oracle, hop, Server(host, "192.0.2.1", "25"), lambda _: None))


MAY = "smtp_tls_security_level = may"


@pytest.mark.parametrize(
    ("more", "nexthop", "expected"),
    [
        (MAY, "none.example", ENFORCED),
        ("smtp_tls_security_level = encrypt", "none.example", ENFORCED),
        (DANE, "none.example", ENFORCED),
        (MAY, "try.example", TRIED),
        (MAY, "off.example", TlsPolicy(Level.MAY, ">=TLSv1", "medium")),
        (MAY, "other.example", TlsPolicy(Level.MAY, ">=TLSv1", "medium")),
        (MAY, "[none.example]", TlsPolicy(Level.MAY, ">=TLSv1", "medium")),
        (f"{MAY}\nsmtp_tls_policy_maps = hash:p", "none.example", TlsPolicy(Level.MAY, ">=TLSv1", "medium")),
        ("", "none.example", TlsPolicy()),
    ],
)
def test_mta_sts(more: str, nexthop: str, expected: TlsPolicy) -> None:
    assert expected == by_sts(more, nexthop, "bare.example")


def test_tlsa_records_win_over_mta_sts() -> None:
    assert Level.DANE is by_sts(DANE, "dom.example", "mx.example").level
    with pytest.raises(Unusable, match="TLSA lookup error"):
        by_sts(DANE, "broken.example", "broken-mx.example")


def test_what_main_cf_demands_is_not_weakened_by_mta_sts() -> None:
    policy = by_sts("smtp_tls_security_level = secure", "try.example", "bare.example")
    assert (Level.SECURE, False, False) == (policy.level, policy.on_trial, policy.by_web)


def test_a_host_that_the_policy_does_not_name_gets_nothing() -> None:
    with pytest.raises(Unusable) as caught:
        by_sts(MAY, "none.example", "mx.elsewhere.test")
    why = "host mx.elsewhere.test is not in the MTA-STS policy of none.example"
    assert (why, "4.7.5", "validation-failure") == (caught.value.text, caught.value.dsn, caught.value.result)
    assert [f"{LOOKUP} none.example/mx.elsewhere.test: {why}"] == [text(event) for event in caught.value.events]
    assert () == by_sts(MAY, "try.example", "mx.elsewhere.test").match


@pytest.mark.parametrize(("more", "fixed"), [(MAY, False), ("", True)])
def test_with_mta_sts_policies_differ(more: str, fixed: bool) -> None:
    assert fixed is PolicyFinder(TlsRules.read(Settings.parse(more), "smtp"), None, STS).are_fixed
    assert PolicyFinder(TlsRules.read(Settings.parse(more), "smtp"), None).are_fixed


@pytest.mark.parametrize(
    ("more", "nexthop", "host", "kind"),
    [(MAY, "none.example", "bare.example", "sts"), (DANE, "dom.example", "mx.example", "tlsa")],
)
def test_a_policy_knows_where_it_comes_from(more: str, nexthop: str, host: str, kind: str) -> None:
    source = by_sts(more, nexthop, host).source
    assert source is not None
    assert (kind, nexthop) == (source.kind, source.domain)
    assert source.lines
