"""The host's own addresses and networks."""

from __future__ import annotations

import ipaddress
import struct

import pytest

from gatepost.config.own import OwnAddresses, address_request, networks, parse_addresses

INTERFACES = [
    ipaddress.ip_interface(text) for text in ("127.0.0.1/8", "192.0.2.2/25", "192.0.2.3/25", "::1/128", "fd00::2/64")
]


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("host", ("127.0.0.1/32", "192.0.2.2/32", "192.0.2.3/32", "[::1]/128", "[fd00::2]/128")),
        ("subnet", ("127.0.0.0/8", "192.0.2.0/25", "[::1]/128", "[fd00::]/64")),
        ("class", ("127.0.0.0/8", "192.0.2.0/24", "[::1]/128", "[fd00::]/64")),
    ],
)
def test_networks_by_style(style: str, expected: tuple[str, ...]) -> None:
    assert expected == networks(style, INTERFACES)


@pytest.mark.parametrize(
    ("address", "network"),
    [("10.1.2.3/24", "10.0.0.0/8"), ("172.16.1.1/24", "172.16.0.0/16"), ("224.0.0.9/24", "224.0.0.9/32")],
)
def test_classes(address: str, network: str) -> None:
    assert (network,) == networks("class", [ipaddress.ip_interface(address)])


def test_own_addresses_are_those_of_interfaces_and_proxies() -> None:
    own = OwnAddresses(frozenset({"192.0.2.2"}), frozenset({"198.51.100.1"}))
    assert [True, True, False] == [one in own for one in ("192.0.2.2", "198.51.100.1", "192.0.2.9")]


def message(kind: int, body: bytes) -> bytes:
    return struct.pack("=LHHLL", 16 + len(body), kind, 2, 1, 0) + body


def address(family: int, length: int, *attributes: tuple[int, bytes]) -> bytes:
    body = struct.pack("=BBBBL", family, length, 0, 0, 1)
    for kind, value in attributes:
        body += struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)
    return message(20, body)


def test_netlink_answers_are_read() -> None:
    four = address(2, 24, (1, bytes([192, 0, 2, 9])), (2, bytes([192, 0, 2, 1])), (3, b"eth0\0"))
    six = address(10, 64, (1, ipaddress.ip_address("fd00::1").packed))
    strange = address(17, 0, (3, b"eth0\0"))
    found, complete = parse_addresses(four + six + strange)
    assert (["192.0.2.1/24", "fd00::1/64"], False) == ([str(one) for one in found], complete)


@pytest.mark.parametrize(
    "last", [message(3, b"\0\0\0\0"), message(2, b"\0\0\0\0"), struct.pack("=LHHLL", 0, 9, 0, 0, 0)]
)
def test_the_end_of_the_answer_is_seen(last: bytes) -> None:
    assert ([], True) == parse_addresses(last)


def test_the_question_is_a_dump_of_addresses() -> None:
    assert (24, 22, 0x301) == struct.unpack_from("=LHH", address_request())
