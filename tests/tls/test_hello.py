"""What a ClientHello tells."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from OpenSSL import SSL

from gatepost.tls.hello import RSA_DIGESTS, rsa_digest, signature_schemes
from tests.fakes.tls import client, wire


def hello() -> bytes:
    connection = client()
    with suppress(SSL.WantReadError):
        connection.do_handshake()
    return wire(connection)


def test_a_real_one_is_understood() -> None:
    schemes = signature_schemes(hello())
    assert RSA_DIGESTS.keys() <= set(schemes)
    assert rsa_digest(hello()) in RSA_DIGESTS.values()


def test_it_may_be_spread_over_records() -> None:
    whole = hello()
    body = whole[5:]
    cut = b"".join(
        b"\x16\x03\x01" + len(piece).to_bytes(2, "big") + piece
        for piece in (body[start : start + 50] for start in range(0, len(body), 50))
    )
    assert signature_schemes(whole) == signature_schemes(cut)


@pytest.mark.parametrize("data", [b"", b"NOOP\r\n", b"\x16\x03\x01\x00\x04\x02\x00\x00\x00", b"\x16\x03\x01\xff\xff"])
def test_what_is_none_tells_nothing(data: bytes) -> None:
    assert signature_schemes(data) == ()
    assert rsa_digest(data) == ""


@given(st.integers(0, 2000))
def test_a_part_of_one_tells_nothing_or_all(length: int) -> None:
    whole = hello()
    assert signature_schemes(whole[:length]) in ((), signature_schemes(whole))


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_fault(data: bytes) -> None:
    signature_schemes(b"\x16\x03\x01" + len(data).to_bytes(2, "big") + data)
