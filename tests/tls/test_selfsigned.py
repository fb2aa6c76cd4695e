"""The certificate of a starter configuration."""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography import x509

from gatepost.tls.chains import read_pair
from gatepost.tls.selfsigned import self_signed


def test_it_is_a_pair_for_the_name_and_this_machine() -> None:
    certificate, key = self_signed("mail.example.test", datetime(2026, 5, 1, tzinfo=UTC))
    files = {"certificate": certificate, "key": key}
    read_pair("certificate", "key", files.__getitem__)
    loaded = x509.load_pem_x509_certificate(certificate)
    names = loaded.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert ["mail.example.test", "localhost"] == names.get_values_for_type(x509.DNSName)
    assert 2036 == loaded.not_valid_after_utc.year
