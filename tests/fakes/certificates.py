"""Certificates for tests: an authority, and whom it vouches for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Issued:
    """A certificate and its key as PEM text."""

    certificate: bytes
    key: bytes

    @property
    def both(self) -> bytes:
        """Key first, as chain files have it."""
        return self.key + self.certificate


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


_AUTHORITY_KEY = ec.generate_private_key(ec.SECP256R1())


@cache
def issue(name: str, *, by_authority: bool = True, kind: str = "ec") -> Issued:
    """A certificate for a name, from the authority `Test CA` or from itself."""
    key = ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else rsa.generate_private_key(65537, 2048)
    now = dt.datetime.now(dt.UTC)
    is_authority = name == "Test CA"
    signer = _AUTHORITY_KEY if by_authority or is_authority else key
    own = _AUTHORITY_KEY if is_authority else key
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name("Test CA" if by_authority else name))
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name.replace(" ", "-"))]), critical=False)
        .sign(signer, SHA256())
    )
    return Issued(
        certificate.public_bytes(Encoding.PEM),
        own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )


def signed_by(signer: Issued, name: str, *, is_authority: bool = False, days: int = 30) -> Issued:
    """A certificate from somebody else than `Test CA`; it has expired where `days` is negative."""
    key = ec.generate_private_key(ec.SECP256R1())
    their_key = load_pem_private_key(signer.key, None)
    assert isinstance(their_key, ec.EllipticCurvePrivateKey)
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(x509.load_pem_x509_certificate(signer.certificate).subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=60))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name.replace(" ", "-"))]), critical=False)
        .sign(their_key, SHA256())
    )
    return Issued(
        certificate.public_bytes(Encoding.PEM),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )


def read_pem(issued: Issued) -> x509.Certificate:
    """The certificate as a value."""
    return x509.load_pem_x509_certificate(issued.certificate)


def authority() -> Issued:
    """The authority's own certificate."""
    return issue("Test CA")
