"""How a peer is shown."""

from __future__ import annotations

from gatepost.mail.peer import Peer


def test_an_unknown_peer_is_called_so() -> None:
    assert Peer("192.0.2.1").label == "unknown[192.0.2.1]"


def test_ipv6_addresses_are_marked_in_received_headers_only() -> None:
    peer = Peer("2001:db8::1", "six.example")
    assert peer.label == "six.example[2001:db8::1]"
    assert peer.rfc_address == "IPv6:2001:db8::1"
    assert Peer("192.0.2.1").rfc_address == "192.0.2.1"
