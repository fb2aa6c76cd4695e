"""Access tokens, with the examples of RFC 7628 section 4.1 and of Google's description of XOAUTH2."""

from __future__ import annotations

import base64

import pytest

from gatepost.sasl.bearer import BearerExchange

TOKEN = "vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg=="


def test_oauthbearer() -> None:
    exchange = BearerExchange("OAUTHBEARER", "user@example.com", TOKEN, "server.example.com", "143")
    expected = (
        "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyI"
        "HZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2c9PQEB"
    )
    assert base64.b64decode(expected) == exchange.initial()


def test_xoauth2() -> None:
    exchange = BearerExchange("XOAUTH2", "someuser@example.com", TOKEN)
    assert b"user=someuser@example.com\x01auth=Bearer " + TOKEN.encode() + b"\x01\x01" == exchange.initial()


def test_names_with_signs_of_the_protocol() -> None:
    first = BearerExchange("OAUTHBEARER", "a=b,c", "t").initial()
    assert b"n,a=a=3Db=2Cc,\x01auth=Bearer t\x01\x01" == first


@pytest.mark.parametrize(("mechanism", "answer"), [("XOAUTH2", b""), ("OAUTHBEARER", b"\x01")])
def test_a_refusal_is_acknowledged_once(mechanism: str, answer: bytes) -> None:
    exchange = BearerExchange(mechanism, "u", "t")
    assert answer == exchange.answer(b'{"status":"400"}')
    assert exchange.answer(b"") is None


def test_success_needs_nothing_more() -> None:
    exchange = BearerExchange("XOAUTH2", "u", "t")
    exchange.final(b"x")
    assert exchange.is_proven
