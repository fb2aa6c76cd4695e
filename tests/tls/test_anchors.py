"""Files of trust anchors."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gatepost.mail.tlsa import Tlsa
from gatepost.maillog import text
from gatepost.tls.anchors import load_anchors
from gatepost.tls.policy import Unusable
from tests.fakes.certificates import authority, read_pem

CA = read_pem(authority())
KEY = CA.public_key()
PUBLIC = KEY.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
FILES = {
    "both.pem": authority().certificate + b"some words between\n" + PUBLIC,
    "old.pem": authority().certificate.replace(b"CERTIFICATE", b"X509 CERTIFICATE"),
    "empty.pem": b"nothing here\n",
    "broken.pem": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
}


def read(name: str) -> bytes:
    try:
        return FILES[name]
    except KeyError:
        raise FileNotFoundError(2, "No such file or directory", name) from None


def test_certificates_and_keys_become_records() -> None:
    certificate = Tlsa(2, 0, 0, CA.public_bytes(Encoding.DER))
    key = Tlsa(2, 1, 0, KEY.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    assert (certificate, key) == load_anchors("both.pem", read)
    assert (certificate,) == load_anchors("old.pem", read)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("/x", "warning: error opening trust anchor file: /x: No such file or directory"),
        ("empty.pem", "warning: no trust anchors in file: empty.pem"),
        ("broken.pem", "warning: error reading trust anchor file: broken.pem: "),
    ],
)
def test_a_file_that_is_of_no_use(name: str, says: str) -> None:
    with pytest.raises(Unusable) as caught:
        load_anchors(name, read)
    (event,) = caught.value.events
    assert text(event).startswith(says)
