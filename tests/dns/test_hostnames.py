"""Which names may be host names."""

from __future__ import annotations

import pytest

from gatepost.dns.hostnames import hostname_fault, is_address

NAMES = (
    ("mail.good.example", ""),
    ("single", ""),
    ("bad_name.example", ""),
    ("1a.2", ""),
    ("bücher.example", ""),
    ("", "empty hostname"),
    ("-bad.example", "misplaced hyphen"),
    ("bad-.example", "misplaced hyphen"),
    ("a..b", "misplaced delimiter"),
    (".a", "misplaced delimiter"),
    ("a.", "misplaced delimiter"),
    ("1.2.3", "numeric hostname"),
    ("a b", "invalid character 32(decimal)"),
    ("*.x.example", "invalid character 42(decimal)"),
    ("a" * 64, "bad length"),
    ("a." * 128 + "a", "bad length"),
)


@pytest.mark.parametrize(("name", "fault"), NAMES)
def test_host_names(name: str, fault: str) -> None:
    assert fault == hostname_fault(name)


@pytest.mark.parametrize(
    ("text", "expected"), [("192.0.2.7", True), ("2001:db8::1", True), ("[::1]", False), ("a", False)]
)
def test_addresses(text: str, expected: bool) -> None:
    assert expected == is_address(text)
