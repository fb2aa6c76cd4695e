"""Files of trust anchors (`smtp_tls_trust_anchor_file`, `tafile=`): certificates and public keys, as PEM text.

They take the place of the authorities. Each becomes a record of usage 2 with all of the data (`tls/dane.py`), so that
there is one way to check a chain against an anchor.
"""

from __future__ import annotations

import re

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from gatepost.mail.events import Warned
from gatepost.mail.tlsa import Tlsa
from gatepost.tls.chains import Read
from gatepost.tls.dane import CERTIFICATE, FULL, KEY, TRUST_ANCHOR
from gatepost.tls.policy import Unusable

_BLOCK = re.compile(rb"-----BEGIN ((?:TRUSTED |X509 )?CERTIFICATE|PUBLIC KEY)-----.*?-----END \1-----", re.DOTALL)


def load_anchors(name: str, read: Read) -> tuple[Tlsa, ...]:
    """The anchors in a file. Raises Unusable."""
    try:
        content = read(name)
    except OSError as error:
        raise Unusable(Warned(f"error opening trust anchor file: {name}: {error.strerror or error}")) from error
    try:
        found = tuple(_record(block[1], block[0]) for block in _BLOCK.finditer(content))
    except ValueError as error:
        raise Unusable(Warned(f"error reading trust anchor file: {name}: {error}")) from error
    if not found:
        raise Unusable(Warned(f"no trust anchors in file: {name}"))
    return found


def _record(label: bytes, text: bytes) -> Tlsa:
    if label == b"PUBLIC KEY":
        key = load_pem_public_key(text).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return Tlsa(TRUST_ANCHOR, KEY, FULL, key)
    plain = text.replace(label, b"CERTIFICATE")
    return Tlsa(TRUST_ANCHOR, CERTIFICATE, FULL, x509.load_pem_x509_certificate(plain).public_bytes(Encoding.DER))
