"""Next hops as written."""

from __future__ import annotations

import pytest

from gatepost.delivery.nexthop import Nexthop, parse_nexthops


@pytest.mark.parametrize(
    ("text", "hop"),
    [
        ("example.com", Nexthop("example.com", "example.com", by_mx=True)),
        ("example.com.", Nexthop("example.com.", "example.com", by_mx=True)),
        ("example.com:587", Nexthop("example.com:587", "example.com", "587", by_mx=True)),
        ("[mail.example.com]", Nexthop("[mail.example.com]", "mail.example.com")),
        ("[127.0.0.1]:submission", Nexthop("[127.0.0.1]:submission", "127.0.0.1", "submission")),
        ("[2001:db8::1]:25", Nexthop("[2001:db8::1]:25", "2001:db8::1", "25")),
        ("[IPv6:2001:db8::1]", Nexthop("[IPv6:2001:db8::1]", "2001:db8::1")),
        ("192.0.2.1", Nexthop("192.0.2.1", "192.0.2.1")),
        ("inet:localhost:24", Nexthop("inet:localhost:24", "localhost", "24")),
        ("unix:private/lmtp", Nexthop("unix:private/lmtp", path="private/lmtp")),
    ],
)
def test_one(text: str, hop: Nexthop) -> None:
    assert (hop,) == parse_nexthops(text, by_mx=True)


def test_lmtp_asks_for_no_exchangers() -> None:
    assert not parse_nexthops("example.com:24", by_mx=False)[0].by_mx


def test_several() -> None:
    assert ["a", "[b]:1", "c"] == [hop.text for hop in parse_nexthops("a, [b]:1  c", by_mx=True)]


@pytest.mark.parametrize("text", ["", " , ", ":25"])
def test_none(text: str) -> None:
    with pytest.raises(ValueError, match="next hop"):
        parse_nexthops(text, by_mx=True)


@pytest.mark.parametrize(("host", "is_address"), [("127.0.0.1", True), ("::1", True), ("localhost", False)])
def test_addresses_are_told_from_names(host: str, is_address: bool) -> None:
    assert is_address == Nexthop(host, host).is_address
