"""Known and unknown addresses, as Postfix 3.7.11 tells them apart."""

from __future__ import annotations

import pytest

from gatepost.config.own import OwnAddresses
from gatepost.config.settings import Settings
from gatepost.oracle import Oracle
from gatepost.routing.listing import Known, Listing
from gatepost.routing.router import Router
from tests.fakes.oracle import FakeOracle, step

ROUTER = Router(
    Settings.parse("""\
compatibility_level = 3.6
myhostname = mx.ohio.net
mydestination = $myhostname, ohio.net, cat.example
virtual_alias_domains = va.example
virtual_mailbox_domains = vm.example
relay_domains = rd.example
local_recipient_maps = hash:local
virtual_mailbox_maps = hash:vm
relay_recipient_maps = hash:rr
virtual_alias_maps = hash:va
canonical_maps = hash:canon
recipient_canonical_maps = hash:rcanon
transport_maps = hash:t
recipient_delimiter = +
"""),
    OwnAddresses(frozenset({"127.0.0.1"})),
)

ORACLE = FakeOracle(
    {
        "hash:local": {"kibuna": "x"},
        "hash:vm": {"u@vm.example": "x", "local": "x"},
        "hash:rr": {"u@rd.example": "x"},
        "hash:va": {"vk": "kibuna", "@cat.example": "@ohio.net", "e8@ohio.net": "x"},
        "hash:canon": {"c@ohio.net": "x"},
        "hash:rcanon": {"rc@ohio.net": "x"},
        "hash:t": {
            "e1@ohio.net": "error:no such",
            "e2@ohio.net": "error:5.1.7 gone",
            "e3@ohio.net": "error:",
            "e4@ohio.net": "retry:",
            "e5@ohio.net": "retry:5.1.1 hm",
            "e6@va.example": "error:x",
            "e7@x.example": "error:7",
            "e8@ohio.net": "error:x",
        },
    }
)


def listed(router: Router, address: str, oracle: Oracle) -> Listing:
    return step(router.recipient_listing(step(router.resolve(address, oracle)), oracle))


@pytest.mark.parametrize(
    "address",
    [
        "kibuna",
        "kibuna@ohio.net",
        "kibuna+x@ohio.net",
        "kibuna@[127.0.0.1]",
        "postmaster@ohio.net",
        "PostMaster@ohio.net",
        "mailer-daemon@ohio.net",
        "double-bounce@ohio.net",
        "@ohio.net",
        "vk@ohio.net",
        "vk+x@mx.ohio.net",
        "x@cat.example",
        "c@ohio.net",
        "rc@ohio.net",
        "u+x@vm.example",
        "u+x@rd.example",
        "any@elsewhere.example",
        "e8@ohio.net",
    ],
)
def test_known(address: str) -> None:
    assert listed(ROUTER, address, ORACLE).known is Known.LISTED


@pytest.mark.parametrize(
    ("address", "table"),
    [
        ("nosuch", "local recipient table"),
        ("abuse@ohio.net", "local recipient table"),
        ("postmaster+x@ohio.net", "local recipient table"),
        ("x@[127.0.0.1]", "local recipient table"),
        ("any@va.example", "virtual alias table"),
        ("postmaster@va.example", "virtual alias table"),
        ("e6@va.example", "virtual alias table"),
        ("local@vm.example", "virtual mailbox table"),
        ("postmaster@vm.example", "virtual mailbox table"),
        ("@vm.example", "virtual mailbox table"),
        ("double-bounce@rd.example", "relay recipient table"),
    ],
)
def test_unknown(address: str, table: str) -> None:
    listing = listed(ROUTER, address, ORACLE)
    assert (Known.UNLISTED, table) == (listing.known, listing.table)


@pytest.mark.parametrize(
    ("address", "known", "dsn", "text"),
    [
        ("e1@ohio.net", Known.REFUSED, "", "no such"),
        ("e2@ohio.net", Known.REFUSED, "5.1.7", "gone"),
        ("e3@ohio.net", Known.REFUSED, "", "Address is undeliverable"),
        ("e4@ohio.net", Known.POSTPONED, "", "Address is undeliverable"),
        ("e5@ohio.net", Known.POSTPONED, "5.1.1", "hm"),
        ("e7@x.example", Known.REFUSED, "", "7"),
    ],
)
def test_transports_that_refuse(address: str, known: Known, dsn: str, text: str) -> None:
    listing = listed(ROUTER, address, ORACLE)
    assert (known, dsn, text) == (listing.known, listing.dsn, listing.text)


def test_an_empty_parameter_knows_everybody() -> None:
    router = Router(
        Settings.parse(
            "myhostname = mx.ohio.net\nmydestination = ohio.net\nlocal_recipient_maps =\n"
            "relay_domains = rd.example\nvirtual_mailbox_domains = vm.example\nvirtual_alias_domains = va.example\n"
        ),
        OwnAddresses(),
    )
    for address in ("x@ohio.net", "x@rd.example", "x@vm.example"):
        assert listed(router, address, FakeOracle()).known is Known.LISTED
    assert listed(router, "x@va.example", FakeOracle()).known is Known.UNLISTED
