"""Who a client is, and which keys a server may have. Clients: as Postfix 3.7.11 says with the same zone."""

from __future__ import annotations

import asyncio

import pytest

from gatepost import maillog
from gatepost.dns.lookups import TlsaAnswer, confirmed_name, tlsa
from gatepost.mail.peer import NameStatus, Peer
from gatepost.mail.tlsa import Tlsa
from gatepost.oracle import DnsStatus
from gatepost.server.oracle import LiveOracle
from tests.fakes.dns import dns_server
from tests.fakes.oracle import FakeOracle, step
from tests.fakes.tables import TableBench

OK, PERMANENT, TEMPORARY, FORGED = NameStatus.OK, NameStatus.PERMANENT, NameStatus.TEMPORARY, NameStatus.FORGED

PEERS = {
    "127.0.0.42": "PTR loop.example",
    "loop.example": "A 127.0.0.42",
    "127.0.0.43": "PTR forged.example",
    "forged.example": "A 192.0.2.99",
    "127.0.0.44": "SERVFAIL",
    "127.0.0.45": "PTR broken.example",
    "broken.example": "SERVFAIL",
    "127.0.0.46": "PTR nowhere.example",
    "127.0.0.47": "PTR noaddr.example",
    "noaddr.example": "TXT nothing",
    "127.0.0.48": "PTR 192.0.2.7",
    "127.0.0.49": "PTR bad_name.example",
    "bad_name.example": "A 127.0.0.49",
    "127.0.0.50": "PTR -bad.example",
    "127.0.0.52": "PTR viacname.example",
    "viacname.example": "CNAME real.example",
    "real.example": "A 127.0.0.52",
    "127.0.0.53": "CNAME x.rev.example",
    "x.rev.example": "PTR rev.example",
    "rev.example": "A 127.0.0.53",
    "127.0.0.54": "PTR UPPER.Example",
    "upper.example": "A 127.0.0.54",
    "127.0.0.57": "PTR 1.2.3",
    "127.0.0.59": "PTR localhost",
    "127.0.0.60": "TIMEOUT",
    "127.0.0.61": "TXT x",
    "2001:db8::7": "PTR six.example",
    "six.example": "AAAA 2001:db8::7; A 192.0.2.7",
}
MISMATCH = "warning: hostname {} does not resolve to address {}"
NAMES: tuple[tuple[str, Peer, list[str]], ...] = (
    ("127.0.0.1", Peer("127.0.0.1", "localhost", "localhost", OK, OK), []),
    ("127.0.0.42", Peer("127.0.0.42", "loop.example", "loop.example", OK, OK), []),
    (
        "127.0.0.43",
        Peer("127.0.0.43", "unknown", "forged.example", FORGED, OK),
        [MISMATCH.format("forged.example", "127.0.0.43")],
    ),
    ("127.0.0.44", Peer("127.0.0.44", "unknown", "unknown", TEMPORARY, TEMPORARY), []),
    (
        "127.0.0.45",
        Peer("127.0.0.45", "unknown", "broken.example", TEMPORARY, OK),
        [MISMATCH.format("broken.example", "127.0.0.45") + ": Temporary failure in name resolution"],
    ),
    (
        "127.0.0.46",
        Peer("127.0.0.46", "unknown", "nowhere.example", FORGED, OK),
        [MISMATCH.format("nowhere.example", "127.0.0.46") + ": Name or service not known"],
    ),
    (
        "127.0.0.47",
        Peer("127.0.0.47", "unknown", "noaddr.example", FORGED, OK),
        [MISMATCH.format("noaddr.example", "127.0.0.47") + ": No address associated with hostname"],
    ),
    ("127.0.0.48", Peer("127.0.0.48"), ["warning: numeric hostname: 192.0.2.7"]),
    ("127.0.0.49", Peer("127.0.0.49", "bad_name.example", "bad_name.example", OK, OK), []),
    ("127.0.0.50", Peer("127.0.0.50"), []),
    ("127.0.0.52", Peer("127.0.0.52", "viacname.example", "viacname.example", OK, OK), []),
    ("127.0.0.53", Peer("127.0.0.53", "rev.example", "rev.example", OK, OK), []),
    ("127.0.0.54", Peer("127.0.0.54", "UPPER.Example", "UPPER.Example", OK, OK), []),
    ("127.0.0.57", Peer("127.0.0.57"), ["warning: valid_hostname: numeric hostname: 1.2.3"]),
    (
        "127.0.0.59",
        Peer("127.0.0.59", "unknown", "localhost", FORGED, OK),
        [MISMATCH.format("localhost", "127.0.0.59")],
    ),
    ("127.0.0.60", Peer("127.0.0.60", "unknown", "unknown", TEMPORARY, TEMPORARY), []),
    ("127.0.0.61", Peer("127.0.0.61"), []),
    ("127.0.0.99", Peer("127.0.0.99"), []),
    ("2001:db8::7", Peer("2001:db8::7", "six.example", "six.example", OK, OK), []),
    ("192.0.2.88", Peer("192.0.2.88", "Listed.example", "Listed.example", OK, OK), []),
)


@pytest.mark.parametrize(("address", "peer", "said"), NAMES)
def test_the_name_of_a_client(address: str, peer: Peer, said: list[str]) -> None:
    async def scenario() -> None:
        async with dns_server(PEERS) as server:
            resolver = server.resolver("127.0.0.1 localhost\n192.0.2.88 Listed.example\n")
            found, events = await confirmed_name(resolver, address)
            assert (peer, said) == (found, [maillog.text(event) for event in events])

    asyncio.run(scenario())


KEY = "0f" * 32
SERVERS = {
    "_25._tcp.good.example": f"TLSA 3 1 1 {KEY}",
    "good.example": "A 192.0.2.7",
    "_25._tcp.other.example": "CNAME _25._tcp.good.example",
    "_25._tcp.broken.example": "SERVFAIL",
}
FOUND = TlsaAnswer(DnsStatus.FOUND, (Tlsa(3, 1, 1, bytes.fromhex(KEY)),), secure=True)
TLSA = (
    ("good.example", FOUND),
    ("other.example", FOUND),
    ("none.example", TlsaAnswer(DnsStatus.NXDOMAIN, secure=True, reason="Host not found")),
    ("broken.example", TlsaAnswer(DnsStatus.TEMPFAIL, reason="Host not found, try again")),
)


@pytest.mark.parametrize(("host", "answer"), TLSA)
def test_the_keys_of_a_server(host: str, answer: TlsaAnswer) -> None:
    async def scenario() -> None:
        bench = TableBench()
        async with dns_server(SERVERS, authentic=True) as server:
            assert answer == await tlsa(LiveOracle(bench.tables.view(), server.resolver(), bench.emit), host, 25)

    asyncio.run(scenario())


def test_keys_that_nobody_vouches_for_are_not_secure() -> None:
    found = step(tlsa(FakeOracle(zone=SERVERS), "good.example", 25))
    assert (DnsStatus.FOUND, False) == (found.status, found.secure)
