"""What main.cf says about TLS towards others."""

from __future__ import annotations

import pytest

from gatepost.config.settings import Settings
from gatepost.tls.policy import Level, PolicyRules
from gatepost.tls.rules import main_level, policy_rules


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Level.NONE),
        ("smtp_use_tls = yes", Level.MAY),
        ("smtp_enforce_tls = yes", Level.VERIFY),
        ("smtp_enforce_tls = yes\nsmtp_tls_enforce_peername = no", Level.ENCRYPT),
        ("smtp_enforce_tls = yes\nsmtp_tls_security_level = may", Level.MAY),
        *((f"smtp_tls_security_level = {level.word}", level) for level in Level if level is not Level.HALF_DANE),
        ("smtp_tls_security_level = Dane-Only", Level.DANE_ONLY),
        ("lmtp_tls_security_level = secure", Level.NONE),
    ],
)
def test_the_level_of_main_cf(text: str, expected: Level) -> None:
    assert expected is main_level(Settings.parse(text), "smtp")


@pytest.mark.parametrize("prefix", ["smtp", "lmtp"])
def test_every_parameter_has_its_place(prefix: str) -> None:
    text = """
        X_tls_security_level = secure
        X_tls_policy_maps = hash:a, inline:{ {b.example = may} }
        X_tls_per_site = hash:c
        X_tls_protocols = >=TLSv1.2
        X_tls_mandatory_protocols = TLSv1.3
        X_tls_ciphers = low
        X_tls_mandatory_ciphers = high
        X_tls_exclude_ciphers = A, B
        X_tls_mandatory_exclude_ciphers = C
        X_tls_verify_cert_match = hostname:other
        X_tls_secure_cert_match = nexthop
        X_tls_fingerprint_cert_match = aa:bb, cc|dd
        X_tls_trust_anchor_file = /a, /b
        X_tls_servername = hostname
    """.replace("        X_", f"{prefix}_")
    expected = PolicyRules(
        prefix,
        Level.SECURE,
        ("hash:a", "inline:{ {b.example = may} }"),
        ("hash:c",),
        ">=TLSv1.2",
        "TLSv1.3",
        "low",
        "high",
        "A, B",
        "C",
        ("hostname", "other"),
        ("nexthop",),
        ("aa:bb", "cc", "dd"),
        ("/a", "/b"),
        "hostname",
    )
    assert expected == policy_rules(Settings.parse(text), prefix)


def test_the_defaults() -> None:
    rules = policy_rules(Settings.parse(""), "smtp")
    assert PolicyRules(protocols=">=TLSv1", mandatory_protocols=">=TLSv1") == rules
