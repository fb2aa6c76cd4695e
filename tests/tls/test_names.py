"""Names of certificates against patterns."""

from __future__ import annotations

import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from gatepost.tls.names import certificate_names, matching_name

KEY = ec.generate_private_key(ec.SECP256R1())


def certificate(*names: str, common: str = "common.example", mail: str = "") -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(KEY.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
    )
    general: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
    general += [x509.RFC822Name(mail)] if mail else []
    if general:
        builder = builder.add_extension(x509.SubjectAlternativeName(general), critical=False)
    return builder.sign(KEY, SHA256())


@pytest.mark.parametrize(
    ("names", "pattern", "expected"),
    [
        (("mx.example",), "mx.example", "mx.example"),
        (("mx.example",), "MX.Example.", "mx.example"),
        (("MX.Example",), "mx.example", "mx.example"),
        (("mx.example",), "x.example", None),
        (("mx.example",), ".example", "mx.example"),
        (("a.mx.example",), ".example", "a.mx.example"),
        (("example",), ".example", None),
        (("badexample",), ".example", None),
        (("*.example.com",), "mx.example.com", "*.example.com"),
        (("*.example.com",), "a.mx.example.com", None),
        (("*.example.com",), "example.com", None),
        (("*.example.com",), ".example.com", "*.example.com"),
        (("*.com",), "example.com", None),
        (("mx*.example.com",), "mx1.example.com", None),
        (("other.example", "mx.example"), "mx.example", "mx.example"),
        ((), "common.example", "common.example"),
        (("mx.example",), "common.example", None),
        (("mx.example",), "", None),
    ],
)
def test_a_pattern_finds_the_name(names: tuple[str, ...], pattern: str, expected: str | None) -> None:
    assert expected == matching_name(certificate(*names), [pattern])


def test_the_first_pattern_that_matches_counts() -> None:
    assert "b.example" == matching_name(certificate("a.example", "b.example"), ["b.example", "a.example"])
    assert matching_name(certificate("a.example"), []) is None


def test_the_common_name_counts_where_no_dns_name_is() -> None:
    assert ("common.example",) == certificate_names(certificate(mail="a@b.example"))
    assert () == certificate_names(certificate(common="Some Organisation"))


def test_a_name_that_no_host_has_is_none() -> None:
    assert () == certificate_names(certificate(common="mx.example\0.evil.example"))
    assert () == certificate_names(certificate("mx.example/evil"))
