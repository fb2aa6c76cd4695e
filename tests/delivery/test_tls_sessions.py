"""Deliveries in TLS: what Postfix 3.7.11's smtp(8) logged and decided, with the same servers, zone and parameters.

The lines were recorded from a real Postfix on loopback; only ports and what the servers have in common are left out.
Whole handshakes run here, from the policy to the verdict. An answer of the zone is signed unless its name says `plain`.
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gatepost.config.own import OwnAddresses
from gatepost.config.settings import Settings
from gatepost.delivery.rules import ClientRules
from gatepost.delivery.smtp import SmtpAgent
from gatepost.delivery.sts import StsPolicies
from gatepost.delivery.surroundings import Surroundings
from gatepost.delivery.tlsreports import TlsReports, read_day
from gatepost.mail.events import Emit, Event
from gatepost.maillog import text
from gatepost.oracle import Oracle
from gatepost.smtp.client_values import Dialect
from gatepost.tls.client import ClientTls
from gatepost.tls.dane import selected
from gatepost.tls.mta_sts import Mode, StsPolicy
from tests.fakes.certificates import authority, issue, read_pem
from tests.fakes.jobs import job
from tests.fakes.oracle import FakeOracle
from tests.fakes.peer import FakePeer
from tests.fakes.tls import FILES, read

GOOD, SELF, CHAIN, PLAIN, REFUSES, BREAKS = (f"127.0.1.{number}" for number in range(1, 7))
KEY = hashlib.sha256(selected(read_pem(issue("mx.example")), 1)).hexdigest()
CA = hashlib.sha256(selected(read_pem(authority()), 0)).hexdigest()
PIN = hashlib.sha256(selected(read_pem(issue("mx.example")), 0)).digest().hex(":")
WRONG = "00" * 32

ZONE = {
    "good.example": f"A {GOOD}",
    "self.example": f"A {SELF}",
    "mx.example": f"A {GOOD}; MX 10 mx.ta.example",
    "notls.example": f"A {PLAIN}",
    "refuses.example": f"A {REFUSES}",
    "breaks.example": f"A {BREAKS}",
    "dom.example": "MX 10 mx.example",
    "two.example": "MX 10 self.example; MX 20 mx.example",
    "ee.example": "MX 10 ee-mx.example",
    "ee-mx.example": f"A {GOOD}",
    "_PORT._tcp.ee-mx.example": f"TLSA 3 1 1 {KEY}",
    "ta.example": "MX 10 mx.ta.example",
    "mx.ta.example": f"A {CHAIN}",
    "_PORT._tcp.mx.ta.example": f"TLSA 2 0 1 {CA}",
    "short.example": "MX 10 short-mx.example",
    "short-mx.example": f"A {GOOD}",
    "_PORT._tcp.short-mx.example": f"TLSA 2 0 1 {CA}",
    "wrong.example": "MX 10 wrong-mx.example",
    "wrong-mx.example": f"A {GOOD}",
    "_PORT._tcp.wrong-mx.example": f"TLSA 3 1 1 {WRONG}",
    "stripped.example": "MX 10 stripped-mx.example",
    "stripped-mx.example": f"A {PLAIN}",
    "_PORT._tcp.stripped-mx.example": f"TLSA 3 1 1 {KEY}",
    "broken.example": "MX 10 broken-mx.example",
    "broken-mx.example": f"A {GOOD}",
    "_PORT._tcp.broken-mx.example": "SERVFAIL",
    "plain-mx.example": "MX 10 ee-mx.example",
    "plain-wrong.example": "MX 10 wrong-mx.example",
    "pkix.example": "MX 10 pkix-mx.example",
    "pkix-mx.example": f"A {SELF}",
    "_PORT._tcp.pkix-mx.example": f"TLSA 0 0 1 {CA}",
    "anchored.example": "MX 10 mx.example",
}


@dataclass
class Site:
    """The servers and the zone, on one port."""

    port: int
    zone: dict[str, str]


async def open_site(stack: AsyncExitStack, folder: Path) -> Site:
    def context(name: str) -> ssl.SSLContext:
        path = folder / name
        path.write_bytes(FILES[name])
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(path)
        return made

    peers = [
        FakePeer(address=GOOD, tls=context("server.pem")),
        FakePeer(address=SELF, tls=context("self.pem")),
        FakePeer(address=CHAIN, tls=context("chain.pem")),
        FakePeer(address=PLAIN),
        FakePeer(address=REFUSES, tls=context("server.pem"), replies={"STARTTLS": "454 4.7.0 not now"}),
        FakePeer(address=BREAKS, offers=("STARTTLS",), replies={"STARTTLS": "220 go"}),
    ]
    port = 0
    for peer in peers:
        peer.port = port
        await stack.enter_async_context(peer)
        port = peer.port
    return Site(port, {name.replace("PORT", str(port)): value for name, value in ZONE.items()})


async def deliver(
    more: str, nexthop: str, folder: Path, sts: StsPolicies | None = None, reports: TlsReports | None = None
) -> tuple[tuple[str, str], list[str]]:
    async with AsyncExitStack() as stack:
        site = await open_site(stack, folder)
        settings = Settings.parse(
            f"compatibility_level = 3.6\ninet_protocols = ipv4\nsmtp_tls_CAfile = ca.pem\nsmtp_tls_loglevel = 1\n"
            f"smtp_tcp_port = {site.port}\nmyhostname = client.example\n{more}"
        )
        oracle = FakeOracle({"hash:p": dict(TABLE)}, site.zone, signed=lambda name: "plain" not in name)
        events: list[Event] = []
        surroundings = Surroundings(lambda: oracle, lambda _: events.append, OwnAddresses(), sts, reports)
        agent = SmtpAgent(ClientRules.read(settings, Dialect.SMTP), surroundings, ClientTls.build(settings, read=read))
        (result,) = await agent.deliver(job("b@b.example", nexthop=nexthop))
        lines = [text(event).replace(f":{site.port}", "").replace(f"_{site.port}.", "_25.") for event in events]
        outcome = result.dsn, result.text.replace(f":{site.port}", "")
        return outcome, [line.partition(": TLSv1.3 with cipher TLS_AES_256_GCM_SHA384")[0] for line in lines]


TABLE = {
    "[good.example]": "encrypt ciphers=foo",
    "[mx.example]": "encrypt protocols=foo",
    "dom.example": "verify match=.example",
    "anchored.example": "secure match=hostname tafile=ca.pem",
    ".ta.example": "none",
}
MAY = "smtp_tls_security_level = may"
ENCRYPT = "smtp_tls_security_level = encrypt"
VERIFY = "smtp_tls_security_level = verify"
SECURE = "smtp_tls_security_level = secure"
PINNED = f"smtp_tls_security_level = fingerprint\nsmtp_tls_fingerprint_cert_match = {PIN}"
UNPINNED = "smtp_tls_security_level = fingerprint"
DANE = "smtp_tls_security_level = dane\nsmtp_dns_support_level = dnssec"
ONLY = "smtp_tls_security_level = dane-only\nsmtp_dns_support_level = dnssec"
TABLES = "smtp_tls_policy_maps = hash:p"

SENT = ("2.0.0", "250 2.0.0 taken")
UNVERIFIED = ("4.7.5", "Server certificate not verified")
BROKEN = ("4.7.5", "Cannot start TLS: handshake failure")
PROBLEM = ("4.7.5", "client TLS configuration problem")


NO_PINS = "configured at fingerprint security level, but with no fingerprints to match."
NO_ANSWER = (
    "Host or domain name not found. "
    "Name service error for name=_25._tcp.broken-mx.example type=TLSA: Host not found, try again"
)


def made(state: str, host: str, address: str = GOOD) -> str:
    return f"{state} TLS connection established to {host}[{address}]"


def mismatch(host: str, address: str = GOOD) -> str:
    return f"server certificate verification failed for {host}[{address}]: num=62:hostname mismatch"


def no_record(host: str, address: str = GOOD) -> str:
    return f"server certificate verification failed for {host}[{address}]: num=65:no matching DANE TLSA records"


def lookup(hop: str, host: str, why: str) -> str:
    return f"warning: TLS policy lookup for {hop}/{host}: {why}"


RECORDED: list[tuple[str, str, tuple[str, str], list[str]]] = [
    (MAY, "[good.example]", SENT, [made("Trusted", "good.example")]),
    (MAY, "[self.example]", SENT, [made("Untrusted", "self.example", SELF)]),
    (
        ENCRYPT,
        "[notls.example]",
        ("4.7.4", f"TLS is required, but was not offered by host notls.example[{PLAIN}]"),
        [],
    ),
    (
        ENCRYPT,
        "[refuses.example]",
        (
            "4.7.0",
            f"TLS is required, but host refuses.example[{REFUSES}] refused to start TLS: 454 4.7.0 not now",
        ),
        [],
    ),
    (MAY, "[refuses.example]", SENT, []),
    (VERIFY, "[mx.example]", SENT, [made("Verified", "mx.example")]),
    (VERIFY, "[good.example]", UNVERIFIED, [mismatch("good.example"), made("Untrusted", "good.example")]),
    (
        f"{VERIFY}\nsmtp_tls_loglevel = 0",
        "[self.example]",
        UNVERIFIED,
        [f"certificate verification failed for self.example[{SELF}]: self-signed certificate"],
    ),
    (
        f"{VERIFY}\nsmtp_tls_CAfile =",
        "[mx.example]",
        UNVERIFIED,
        [
            f"certificate verification failed for mx.example[{GOOD}]: untrusted issuer /CN=Test CA",
            made("Untrusted", "mx.example"),
        ],
    ),
    (SECURE, "dom.example", UNVERIFIED, [mismatch("mx.example"), made("Untrusted", "mx.example")]),
    (f"{SECURE}\nsmtp_tls_secure_cert_match = mx.example", "dom.example", SENT, [made("Verified", "mx.example")]),
    (
        f"{VERIFY}\nsmtp_tls_loglevel = 0",
        "two.example",
        SENT,
        [
            f"certificate verification failed for self.example[{SELF}]: self-signed certificate",
            "4Xyz: Server certificate not verified",
        ],
    ),
    (
        UNPINNED,
        "[good.example]",
        PROBLEM,
        [
            f"warning: nexthop domain [good.example]: {NO_PINS}",
            lookup("[good.example]", "good.example", PROBLEM[1]),
        ],
    ),
    (PINNED, "[good.example]", SENT, [made("Verified", "good.example")]),
    (PINNED, "[self.example]", UNVERIFIED, [no_record("self.example", SELF), made("Untrusted", "self.example", SELF)]),
    ("smtp_tls_note_starttls_offer = yes", "[good.example]", SENT, ["Host offered STARTTLS: [good.example]"]),
    (
        "smtp_tls_wrappermode = yes",
        "[good.example]",
        ("4.3.0", "server unavailable or unable to receive mail"),
        ['warning: smtp_tls_wrappermode requires "smtp_tls_security_level = encrypt" (or stronger)'],
    ),
    (
        f"{ENCRYPT}\nsmtp_tls_servername = bad_name!",
        "[good.example]",
        PROBLEM,
        [
            'warning: "smtp_tls_servername = bad_name!" specifies an invalid hostname',
            lookup("[good.example]", "good.example", PROBLEM[1]),
        ],
    ),
    (
        f"{ENCRYPT}\nsmtp_tls_mandatory_protocols = >=TLSv9",
        "[good.example]",
        BROKEN,
        [f'warning: good.example[{GOOD}]: Invalid TLS protocol list ">=TLSv9": aborting TLS session'],
    ),
    (TABLES, "[good.example]", BROKEN, [f'warning: good.example[{GOOD}]: invalid cipher grade: "foo"']),
    (
        TABLES,
        "[mx.example]",
        BROKEN,
        [f'warning: mx.example[{GOOD}]: Invalid TLS protocol list "foo": aborting TLS session'],
    ),
    (TABLES, "dom.example", SENT, [made("Verified", "mx.example")]),
    (f"{TABLES}\nsmtp_tls_CAfile =", "anchored.example", SENT, [made("Verified", "mx.example")]),
    (DANE, "ee.example", SENT, [made("Verified", "ee-mx.example")]),
    (ONLY, "ee.example", SENT, [made("Verified", "ee-mx.example")]),
    (DANE, "wrong.example", UNVERIFIED, [no_record("wrong-mx.example"), made("Untrusted", "wrong-mx.example")]),
    (
        DANE,
        "ta.example",
        UNVERIFIED,
        [mismatch("mx.ta.example", CHAIN), made("Untrusted", "mx.ta.example", CHAIN)],
    ),
    (DANE, "mx.example", SENT, [made("Verified", "mx.ta.example", CHAIN)]),
    (DANE, "short.example", UNVERIFIED, [no_record("short-mx.example"), made("Untrusted", "short-mx.example")]),
    (
        DANE,
        "stripped.example",
        ("4.7.4", f"TLS is required, but was not offered by host stripped-mx.example[{PLAIN}]"),
        [],
    ),
    (
        DANE,
        "broken.example",
        ("4.7.5", "TLSA lookup error for broken-mx.example"),
        [
            f"warning: DANE TLSA lookup problem: {NO_ANSWER}",
            lookup("broken.example", "broken-mx.example", "TLSA lookup error for broken-mx.example"),
        ],
    ),
    (DANE, "plain-mx.example", SENT, [made("Trusted", "ee-mx.example")]),
    (
        ONLY,
        "plain-mx.example",
        ("4.7.5", "non DNSSEC destination"),
        [lookup("plain-mx.example", "ee-mx.example", "non DNSSEC destination")],
    ),
    (
        DANE,
        "plain-wrong.example",
        UNVERIFIED,
        [no_record("wrong-mx.example"), made("Untrusted", "wrong-mx.example")],
    ),
    (DANE, "[good.example]", SENT, [made("Trusted", "good.example")]),
    (
        DANE,
        "pkix.example",
        SENT,
        [
            f"warning: _25._tcp.pkix-mx.example unsupported TLSA certificate usage: 0 0 1 {CA.upper()}",
            made("Untrusted", "pkix-mx.example", SELF),
        ],
    ),
]


@pytest.mark.parametrize(("more", "nexthop", "outcome", "lines"), RECORDED)
def test_what_postfix_did(more: str, nexthop: str, outcome: tuple[str, str], lines: list[str], tmp_path: Path) -> None:
    result, said = asyncio.run(deliver(more, nexthop, tmp_path))
    assert (outcome, lines) == (result, said)


@pytest.mark.parametrize(("level", "dsn"), [(MAY, "4.7.5"), (ENCRYPT, "4.7.5")])
def test_a_handshake_that_breaks(level: str, dsn: str, tmp_path: Path) -> None:
    result, (first, *_) = asyncio.run(deliver(level, "[breaks.example]", tmp_path))
    assert (dsn, "Cannot start TLS: handshake failure") == result
    assert first.startswith(f"SSL_connect error to breaks.example[{BREAKS}]: ")


class Announced(StsPolicies):
    """One policy for every domain."""

    def __init__(self, mode: Mode, *patterns: str) -> None:
        self._policy = StsPolicy("any.example", "1", mode, patterns, 60)

    async def find(self, domain: str, oracle: Oracle, emit: Emit) -> StsPolicy:
        del oracle, emit
        return replace(self._policy, domain=domain)


ENFORCE, TEST = Announced(Mode.ENFORCE, "*.example"), Announced(Mode.TESTING, "*.example")
STRANGE = Announced(Mode.ENFORCE, "*.elsewhere.example")
NOT_OFFERED = ("4.7.4", f"TLS is required, but was not offered by host stripped-mx.example[{PLAIN}]")
NOT_NAMED = ("4.7.5", "host mx.example is not in the MTA-STS policy of dom.example")


@pytest.mark.parametrize(
    ("level", "steps", "tickets", "dumps"),
    [(1, False, False, False), (2, True, True, False), (3, True, True, False), (4, True, True, True)],
)
def test_how_much_is_told(level: int, steps: bool, tickets: bool, dumps: bool, tmp_path: Path) -> None:
    _, lines = asyncio.run(deliver(f"{MAY}\nsmtp_tls_loglevel = {level}", "[good.example]", tmp_path))
    end = lines.index(made("Trusted", "good.example"))
    assert steps is ("SSL_connect:SSLv3/TLS read server hello" in lines[:end])
    assert steps is (f'good.example[{GOOD}]: TLS cipher list "aNULL:-aNULL:HIGH:MEDIUM:+RC4:@STRENGTH"' in lines[:end])
    assert tickets is ("SSL_connect:SSLv3/TLS read server session ticket" in lines[end:])
    assert dumps is any(line.startswith("write to ") for line in lines[end:])


@pytest.fixture
def _web_authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The authority of these tests is one of the web's."""
    file = tmp_path / "web.pem"
    file.write_bytes(FILES["ca.pem"])
    monkeypatch.setenv("SSL_CERT_FILE", str(file))


@pytest.mark.usefixtures("_web_authority")
@pytest.mark.parametrize(
    ("more", "nexthop", "sts", "outcome", "counted"),
    [
        (MAY, "dom.example", ENFORCE, SENT, ("sts", "")),
        (MAY, "dom.example", STRANGE, NOT_NAMED, ("sts", "validation-failure")),
        (MAY, "stripped.example", ENFORCE, NOT_OFFERED, ("sts", "starttls-not-supported")),
        (MAY, "pkix.example", ENFORCE, UNVERIFIED, ("sts", "certificate-not-trusted")),
        (MAY, "pkix.example", TEST, SENT, ("sts", "certificate-not-trusted")),
        (MAY, "ee.example", TEST, SENT, ("sts", "certificate-host-mismatch")),
        (MAY, "ee.example", ENFORCE, UNVERIFIED, ("sts", "certificate-host-mismatch")),
        (DANE, "ee.example", STRANGE, SENT, ("tlsa", "")),
        (DANE, "wrong.example", ENFORCE, UNVERIFIED, ("tlsa", "validation-failure")),
        (MAY, "dom.example", None, SENT, ("no-policy-found", "")),
        (MAY, "stripped.example", None, SENT, ("no-policy-found", "starttls-not-supported")),
        (MAY, "[good.example]", None, SENT, None),
        ("", "dom.example", None, SENT, None),
    ],
)
def test_policies_of_domains_are_followed_and_told(
    more: str,
    nexthop: str,
    sts: StsPolicies | None,
    outcome: tuple[str, str],
    counted: tuple[str, str] | None,
    tmp_path: Path,
) -> None:
    async def main() -> tuple[str, str]:
        reports = TlsReports(tmp_path / "reports", lambda _: None, lambda: 0.0)
        result, _ = await deliver(more, nexthop, tmp_path, sts, reports)
        await reports.write()
        return result

    assert outcome == asyncio.run(main())
    found = [(one.kind, one.result) for one in read_day(tmp_path / "reports", "1970-01-01")]
    assert ([counted] if counted else []) == found
