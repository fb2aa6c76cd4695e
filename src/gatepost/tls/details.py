"""What an established TLS session is, in the words of log lines and Received headers.

The rules:

1. Key exchange and signature are told for TLS 1.3 only, as in Postfix: before it they are part of the cipher's name.
2. The digest of a signature is told where the key leaves no choice (ECDSA in TLS 1.3, RFC 8446 section 4.2.3), and
   for our own RSA key where the client's wishes are known; OpenSSL's Python bindings do not say which one was used.
3. A certificate that cannot be read has empty names; its fingerprint is of its bytes, so it always exists.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum

from cryptography import x509
from cryptography.hazmat.bindings.openssl.binding import Binding
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from OpenSSL import SSL, crypto

from gatepost.mail.peer import Certificate, TlsDetails
from gatepost.tls.hello import rsa_digest

_CURVES = {
    "secp256r1": ("prime256v1", "SHA256"),
    "secp384r1": ("secp384r1", "SHA384"),
    "secp521r1": ("secp521r1", "SHA512"),
}
"""Name of a curve in log lines, and the one digest that TLS 1.3 signs with on it."""

_GROUPS = {
    "x25519": "X25519",
    "x448": "X448",
    "secp256r1": "ECDHE (prime256v1)",
    "prime256v1": "ECDHE (prime256v1)",
    "secp384r1": "ECDHE (secp384r1)",
    "secp521r1": "ECDHE (secp521r1)",
    "ffdhe2048": "DHE (2048 bits)",
    "ffdhe3072": "DHE (3072 bits)",
    "ffdhe4096": "DHE (4096 bits)",
}
"""Names that log tools know; other groups, such as X25519MLKEM768, go by OpenSSL's own name."""


class Side(Enum):
    """Which end of the connection we are; the value is the function that OpenSSL's handshake goes by in log lines."""

    SERVER = "SSL_accept"
    CLIENT = "SSL_connect"


@dataclass(frozen=True, slots=True)
class Observed:
    """What was seen besides OpenSSL's own record of a session.

    `trusted`: the peer's chain ends at one of our authorities. `digest`: the name of the fingerprint digest.
    """

    side: Side
    digest: str
    trusted: bool = False
    server_name: str = ""
    certificate_requested: bool = False
    hello: bytes = b""
    """What the client began with; it tells the digest that our RSA key, if we have one, signs with."""


def describe(connection: SSL.Connection, observed: Observed) -> TlsDetails:
    """The details of an established session."""
    cipher = connection.get_cipher_name() or ""
    bits = connection.get_cipher_bits() or 0
    protocol = connection.get_protocol_version_name()
    modern = protocol == "TLSv1.3"
    peer = connection.get_peer_certificate()
    own = connection.get_certificate()
    server, client = (
        (own, peer) if observed.side is Side.SERVER else (peer, own if observed.certificate_requested else None)
    )
    return TlsDetails(
        protocol=protocol,
        cipher=cipher,
        used_bits=bits,
        algorithm_bits=_algorithm_bits(cipher, bits),
        key_exchange=_group(connection.get_group_name()) if modern else "",
        server_signature=_signature(server, "server", observed.hello) if modern else "",
        client_signature=_signature(client, "client") if modern else "",
        server_name=observed.server_name,
        certificate=certificate(peer, observed.digest, trusted=observed.trusted) if peer else None,
        certificate_requested=observed.certificate_requested,
    )


def certificate(peer: crypto.X509, digest: str, *, trusted: bool) -> Certificate:
    """Names and fingerprints of a peer's certificate; `digest` is a name such as `sha256`."""
    der = crypto.dump_certificate(crypto.FILETYPE_ASN1, peer)
    read, subject, issuer = readable(peer), "", ""
    with suppress(ValueError):
        if read is not None:
            subject, issuer = _common_name(read.subject), _common_name(read.issuer) or _organization(read.issuer)
    return Certificate(subject, issuer, _fingerprint(der, digest), _fingerprint(_public_key(peer), digest), trusted)


def readable(peer: crypto.X509) -> x509.Certificate | None:
    """The certificate as a value; None where it makes no sense: a peer may send any bytes that OpenSSL puts up with."""
    try:
        return peer.to_cryptography()
    except (ValueError, x509.InvalidVersion):
        return None


def _common_name(name: x509.Name) -> str:
    return _attribute(name, NameOID.COMMON_NAME)


def _organization(name: x509.Name) -> str:
    return _attribute(name, NameOID.ORGANIZATION_NAME)


def _attribute(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    values = name.get_attributes_for_oid(oid)
    return str(values[0].value) if values else ""


def _public_key(peer: crypto.X509) -> bytes:
    try:
        key = peer.get_pubkey().to_cryptography_key()
    except (crypto.Error, ValueError, TypeError):
        return b""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[union-attr]  # a certificate holds a public key


def _fingerprint(data: bytes, digest: str) -> str:
    return hashlib.new(digest, data, usedforsecurity=False).digest().hex(":").upper() if data else ""


def _algorithm_bits(cipher: str, used: int) -> int:
    """Bits of the algorithm, which differ from those in use only for ciphers of the nineties."""
    return 168 if "3DES" in cipher or "DES-CBC3" in cipher else used


def _group(name: str | None) -> str:
    return _GROUPS.get(name.lower(), name) if name else ""


KEYS = 64
"""Public keys that are kept, so that our own is not taken out of its certificate for every session."""

_keys: dict[bytes, object] = {}  # by the digest of the certificate


def _key(signer: crypto.X509) -> object:
    """The public key of a certificate. Raises crypto.Error, ValueError, TypeError."""
    mark = hashlib.sha256(crypto.dump_certificate(crypto.FILETYPE_ASN1, signer)).digest()
    if mark not in _keys:
        if len(_keys) >= KEYS:
            _keys.clear()
        _keys[mark] = signer.get_pubkey().to_cryptography_key()
    return _keys[mark]


def _signature(signer: crypto.X509 | None, role: str, hello: bytes = b"") -> str:
    if signer is None:
        return ""
    try:
        key = _key(signer)
    except (crypto.Error, ValueError, TypeError):
        return ""
    match key:
        case rsa.RSAPublicKey():
            digest = rsa_digest(hello)
            digest = f" {role}-digest {digest}" if digest else ""
            return f"RSA-PSS ({key.key_size} bits){digest}"
        case ec.EllipticCurvePublicKey():
            curve, digest = _CURVES.get(key.curve.name, (key.curve.name, ""))
            return f"ECDSA ({curve}) {role}-digest {digest}" if digest else f"ECDSA ({curve})"
        case ed25519.Ed25519PublicKey():
            return "Ed25519"
        case ed448.Ed448PublicKey():
            return "Ed448"
        case _:
            return ""


def session_reused(connection: SSL.Connection) -> bool:
    """Whether the session was resumed from a ticket, and so cost no key exchange with the certificate."""
    return bool(Binding().lib.SSL_session_reused(connection._ssl))  # noqa: SLF001 - pyOpenSSL has no name for it
