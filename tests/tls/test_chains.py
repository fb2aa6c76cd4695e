"""Certificates and keys from PEM text."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from OpenSSL import SSL

from gatepost.tls.chains import ChainError, install, read_authorities, read_chain_files, read_pair, trust
from tests.fakes.certificates import authority, issue

FILES = {
    "pair.pem": issue("mx.example").both,
    "certificate.pem": issue("mx.example").certificate + authority().certificate,
    "key.pem": issue("mx.example").key,
    "other.key": issue("other.example").key,
    "rsa.pem": issue("rsa.example", kind="rsa").both,
    "empty.pem": b"nothing here\n",
    "broken.pem": b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" + issue("mx.example").certificate,
    "ca.pem": authority().certificate * 2,
}


def read(name: str) -> bytes:
    try:
        return FILES[name]
    except KeyError:
        raise FileNotFoundError(2, "No such file or directory", name) from None


def test_a_pair_has_its_chain() -> None:
    chain = read_pair("certificate.pem", "key.pem", read)
    assert len(chain.certificates) == 2
    assert "certificate.pem, key.pem" == chain.source


def test_chain_files_hold_several_chains() -> None:
    chains = read_chain_files(["rsa.pem", "pair.pem"], read)
    assert [1, 1] == [len(chain.certificates) for chain in chains]


def test_a_key_and_its_certificates_may_stand_in_two_files() -> None:
    (chain,) = read_chain_files(["key.pem", "certificate.pem"], read)
    assert len(chain.certificates) == 2


def test_a_context_takes_chains_of_two_kinds() -> None:
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    for chain in read_chain_files(["rsa.pem", "pair.pem"], read):
        install(context, chain)
    context.check_privatekey()


@pytest.mark.parametrize(
    ("attempt", "says"),
    [
        (lambda: read_pair("absent.pem", "absent.pem", read), 'cannot read "absent.pem": No such file or directory'),
        (lambda: read_pair("certificate.pem", "certificate.pem", read), 'no private key in file "certificate.pem"'),
        (lambda: read_pair("key.pem", "key.pem", read), 'no certificate in file "key.pem"'),
        (lambda: read_pair("certificate.pem", "other.key", read), "does not belong to the certificate"),
        (lambda: read_pair("broken.pem", "broken.pem", read), "cannot be read"),
        (lambda: read_chain_files(["certificate.pem", "key.pem"], read), "before any private key"),
        (lambda: read_chain_files(["key.pem"], read), "a private key without a certificate"),
        (lambda: read_chain_files(["empty.pem"], read), "no private key"),
        (lambda: read_authorities("empty.pem", read), "no certificate"),
    ],
)
def test_every_fault_is_named(attempt: Callable[[], object], says: str) -> None:
    with pytest.raises(ChainError, match=says):
        attempt()


def test_authorities_are_all_read() -> None:
    assert read_authorities("ca.pem", read).count(b"BEGIN CERTIFICATE") == 2


def test_a_context_takes_authorities() -> None:
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    trust(context, read_authorities("ca.pem", read), announce=True)
    with pytest.raises(ChainError, match="CAfile"):
        trust(context, b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", announce=False)
