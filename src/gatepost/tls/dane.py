"""Certificates against TLSA records (RFC 6698, RFC 7671): usages 2 (trust anchor) and 3 (end entity).

The rules:

1. Usages 0 and 1 ask for authorities that everybody trusts, and there are none for mail (RFC 7672 section 3.1.3): such
   records cannot be used, and neither can those whose numbers or data make no sense.
2. Among digests of one usage and selector the strongest that is known decides (RFC 7671 section 9); the full data
   counts always.
3. A record of usage 3 that matches is enough: names and dates of the certificate do not count (RFC 7671 section 5.1).
4. A trust anchor is a certificate that the server sent, or the record itself where it holds a whole certificate or a
   whole key (RFC 7671 section 5.2). From it, signatures, dates and constraints of the chain are OpenSSL's to check.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from OpenSSL import crypto

from gatepost.mail.tlsa import Tlsa

TRUST_ANCHOR, END_ENTITY = 2, 3
"""Usages of records that mail can go by."""

CERTIFICATE, KEY = 0, 1
"""Selectors: the whole certificate, or its public key."""

FULL = 0
"""The matching type that is no digest."""

DIGESTS = {"sha256": 1, "sha512": 2}
"""Digests by name, with their matching types (RFC 6698 section 2.1.3)."""


@dataclass(frozen=True, slots=True)
class Match:
    """What a chain is good for: the record, how deep in the chain it matched, and what matched there."""

    record: Tlsa
    depth: int

    @property
    def text(self) -> str:
        """As the log says it."""
        what = "EE" if self.record.usage == END_ENTITY else "TA"
        kind = "public key" if self.record.selector == KEY and self.record.matching == FULL else "certificate"
        return f"Matched DANE {what} {kind} at depth {self.depth}: {self.record.text}"


def is_supported(record: Tlsa) -> bool:
    """Whether a record has a usage that mail can go by."""
    return record.usage in (TRUST_ANCHOR, END_ENTITY)


def usable(records: Sequence[Tlsa], digests: Sequence[str]) -> tuple[Tlsa, ...]:
    """The records that can be used; `digests` are names, the strongest first (`tls_dane_digests`)."""
    return tuple(record for record in records if is_supported(record) and _makes_sense(record, digests))


def strongest(records: Sequence[Tlsa], digests: Sequence[str]) -> tuple[Tlsa, ...]:
    """Of usable records those that decide: full data, and the strongest digest of each usage and selector."""
    order = {DIGESTS[name]: place for place, name in enumerate(digests) if name in DIGESTS}
    best: dict[tuple[int, int], int] = {}
    for record in records:
        if record.matching != FULL:
            kind = record.usage, record.selector
            best[kind] = min(best.get(kind, len(order)), order[record.matching])
    return tuple(
        record
        for record in records
        if record.matching == FULL or order[record.matching] == best[record.usage, record.selector]
    )


def find_match(chain: Sequence[x509.Certificate], records: Sequence[Tlsa]) -> Match | None:
    """What the chain that a server sent matches; None where it matches nothing. The records decide alone (`strongest`).

    For a trust anchor the names of the certificate are still to be looked at.
    """
    if not chain:
        return None
    for record in records:
        if record.usage == END_ENTITY and _is(record, chain[0]):
            return Match(record, 0)
    for record, anchor, depth in _anchors(chain, [record for record in records if record.usage == TRUST_ANCHOR]):
        if _leads_to(chain, anchor):
            return Match(record, depth)
    return None


def selected(certificate: x509.Certificate, selector: int) -> bytes:
    """The bytes that a selector picks."""
    if selector == CERTIFICATE:
        return certificate.public_bytes(Encoding.DER)
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _is(record: Tlsa, certificate: x509.Certificate) -> bool:
    try:
        data = selected(certificate, record.selector)
    except (ValueError, UnsupportedAlgorithm):
        return False
    if record.matching == FULL:
        return data == record.data
    return next(hashlib.new(name, data).digest() for name, number in DIGESTS.items() if number == record.matching) == (
        record.data
    )


def _makes_sense(record: Tlsa, digests: Sequence[str]) -> bool:
    if record.selector not in (CERTIFICATE, KEY):
        return False
    if record.matching == FULL:
        return _parsed(record) is not None
    name = next((name for name in digests if DIGESTS.get(name) == record.matching), None)
    return name is not None and len(record.data) == hashlib.new(name).digest_size


def _parsed(record: Tlsa) -> x509.Certificate | Any | None:  # noqa: ANN401 - a key of any kind
    """The certificate or key in a record that holds all of it; None where it does not."""
    try:
        if record.selector == CERTIFICATE:
            certificate = x509.load_der_x509_certificate(record.data)
            certificate.public_key()
            return certificate
        return load_der_public_key(record.data)
    except (ValueError, UnsupportedAlgorithm):
        return None


def _anchors(
    chain: Sequence[x509.Certificate], records: Sequence[Tlsa]
) -> Iterator[tuple[Tlsa, x509.Certificate, int]]:
    """Certificates that a record makes trustworthy, each with the record and its depth in the chain."""
    for depth, certificate in enumerate(chain):
        for record in records:
            if depth and _is(record, certificate):
                yield record, certificate, depth
            elif record.matching == FULL and record.selector == KEY and _signed(certificate, _parsed(record)):
                yield record, certificate, depth + 1
    for record in records:
        if record.matching == FULL and record.selector == CERTIFICATE:
            whole = _parsed(record)
            if isinstance(whole, x509.Certificate) and whole not in chain:
                yield record, whole, len(chain)


def _leads_to(chain: Sequence[x509.Certificate], anchor: x509.Certificate) -> bool:
    """Whether the first certificate is good by way of the others, if the anchor is trusted."""
    store = crypto.X509Store()
    store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)
    leaf, *others = (crypto.X509.from_cryptography(certificate) for certificate in chain)
    try:
        store.add_cert(crypto.X509.from_cryptography(anchor))
        crypto.X509StoreContext(store, leaf, others).verify_certificate()
    except (crypto.X509StoreContextError, crypto.Error):
        return False
    return True


def _signed(certificate: x509.Certificate, key: Any) -> bool:  # noqa: ANN401 - a key of any kind
    """Whether a bare key has signed a certificate."""
    signature, content = certificate.signature, certificate.tbs_certificate_bytes
    try:
        digest = certificate.signature_hash_algorithm
        match key:
            case rsa.RSAPublicKey() if digest is not None:
                scheme = certificate.signature_algorithm_parameters
                pads = scheme if isinstance(scheme, padding.PSS | padding.PKCS1v15) else padding.PKCS1v15()
                key.verify(signature, content, pads, digest)
            case ec.EllipticCurvePublicKey() if digest is not None:
                key.verify(signature, content, ec.ECDSA(digest))
            case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey():
                key.verify(signature, content)
            case _:
                return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True
