"""The words for a session."""

from __future__ import annotations

import hashlib
from ssl import PEM_cert_to_DER_cert

import pytest
from OpenSSL import SSL, crypto

from gatepost.mail.peer import TlsDetails
from gatepost.tls.details import certificate
from tests.fakes.certificates import Issued, issue
from tests.fakes.tls import client, server, shake


def details(text: str = "", **wanted: object) -> TlsDetails:
    channel = server(text).channel("a[192.0.2.1]")
    shake(channel, client(**wanted))  # type: ignore[arg-type]  # the fake's own options
    return channel.details


def test_tls_1_3_tells_exchange_and_signature() -> None:
    found = details(ciphers="")
    assert found.key_exchange.startswith("X25519")
    assert "ECDSA (prime256v1) server-digest SHA256" == found.server_signature
    assert (256, 256) == (found.used_bits, found.algorithm_bits)


def test_an_rsa_key_has_a_size() -> None:
    assert "RSA-PSS (2048 bits) server-digest SHA256" == details("smtpd_tls_cert_file = rsa.pem").server_signature


def test_tls_1_2_has_both_in_the_cipher() -> None:
    found = details(maximum=SSL.TLS1_2_VERSION)
    assert "TLSv1.2" == found.protocol
    assert "ECDHE-ECDSA" in found.cipher
    assert ("", "") == (found.key_exchange, found.server_signature)


@pytest.mark.parametrize(
    ("who", "trusted"),
    [(issue("client.example"), True), (issue("stranger.example", by_authority=False), False)],
)
def test_a_client_certificate_is_described_and_its_trust_told(who: Issued, trusted: bool) -> None:
    found = details(
        "smtpd_tls_ask_ccert = yes\nsmtpd_tls_CAfile = ca.pem\nsmtpd_tls_fingerprint_digest = sha256", certificate=who
    )
    shown = found.certificate
    assert shown is not None
    assert found.certificate_requested
    assert trusted is shown.trusted
    assert shown.issuer_cn == ("Test CA" if trusted else "stranger.example")
    der = PEM_cert_to_DER_cert(who.certificate.decode())
    assert hashlib.sha256(der).digest().hex(":").upper() == shown.fingerprint
    assert len(shown.pubkey_fingerprint) == 32 * 3 - 1
    assert "ECDSA (prime256v1) client-digest SHA256" == found.client_signature


def test_no_certificate_is_none_even_where_one_was_asked_for() -> None:
    found = details("smtpd_tls_ask_ccert = yes")
    assert found.certificate is None
    assert found.certificate_requested


def test_a_digest_is_shown_in_pairs() -> None:
    loaded = crypto.load_certificate(crypto.FILETYPE_PEM, issue("client.example").certificate)
    shown = certificate(loaded, "md5", trusted=False)
    assert len(shown.fingerprint.split(":")) == 16
    assert "client.example" == shown.subject_cn
