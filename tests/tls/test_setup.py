"""Contexts from terms."""

from __future__ import annotations

from dataclasses import replace

import pytest
from OpenSSL import SSL

from gatepost.mail.events import Noted
from gatepost.tls.chains import read_pair
from gatepost.tls.channel import Handshake, TlsChannel, TlsFailed
from gatepost.tls.details import Side
from gatepost.tls.protocols import parse_protocols
from gatepost.tls.setup import Terms, make_context
from tests.fakes.certificates import issue
from tests.fakes.tls import FILES, client, read, shake

TERMS = Terms(
    protocols=parse_protocols(">=TLSv1.2"), ciphers="HIGH", chains=(read_pair("server.pem", "server.pem", read),)
)


def channel(terms: Terms, level: int = 0) -> TlsChannel:
    connection = SSL.Connection(make_context(Side.SERVER, terms), None)
    connection.set_accept_state()
    return TlsChannel(connection, Handshake(Side.SERVER, "a[192.0.2.1]", "sha256", level))


def test_excluded_versions_are_not_negotiated() -> None:
    made = channel(replace(TERMS, protocols=parse_protocols(">=TLSv1.2, !TLSv1.3")))
    shake(made, client())
    assert "TLSv1.2" == made.details.protocol


def test_a_version_below_the_minimum_is_refused() -> None:
    made = channel(replace(TERMS, protocols=parse_protocols("TLSv1.3")))
    with pytest.raises(TlsFailed):
        shake(made, client(maximum=SSL.TLS1_2_VERSION))


def test_the_servers_order_of_ciphers_can_count() -> None:
    ours = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256"
    theirs = ":".join(reversed(ours.split(":")))
    for prefer, expected in ((True, "AES256"), (False, "AES128")):
        made = channel(replace(TERMS, ciphers=ours, prefer_own_ciphers=prefer))
        shake(made, client(ciphers=theirs, maximum=SSL.TLS1_2_VERSION))
        assert expected in made.details.cipher


def test_an_unknown_cipher_list_is_an_error() -> None:
    with pytest.raises(SSL.Error):
        make_context(Side.SERVER, replace(TERMS, ciphers="NO-SUCH-CIPHER"))


def test_a_client_certificate_that_nobody_vouches_for_does_not_end_the_handshake() -> None:
    made = channel(replace(TERMS, verify=True, authorities=FILES["ca.pem"], level=2), level=2)
    shake(made, client(issue("stranger.example", by_authority=False)))
    assert made.details.certificate is not None
    assert not made.details.certificate.trusted
    notes = [event.text for event in made.events() if isinstance(event, Noted)]
    assert "a[192.0.2.1]: depth=0 verify=0 subject=/CN=stranger.example" in notes
