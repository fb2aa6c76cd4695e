"""What main.cf says about TLS towards other servers: the parameters of one smtp or lmtp service, read once.

`smtp_` and `lmtp_` parameters have the same names after the prefix.
"""

from __future__ import annotations

import re

from gatepost.config.settings import Settings
from gatepost.tls.policy import LEVELS, Level, PolicyRules


def policy_rules(settings: Settings, prefix: str) -> PolicyRules:
    """The rules of one service. Raises ConfigurationError."""

    def words(name: str, separators: str = r"[\s,]+") -> tuple[str, ...]:
        return tuple(word for word in re.split(separators, settings.text(name)) if word)

    return PolicyRules(
        prefix,
        main_level(settings, prefix),
        policy_maps=getattr(settings, f"{prefix}_tls_policy_maps"),
        per_site=getattr(settings, f"{prefix}_tls_per_site"),
        protocols=settings.text(f"{prefix}_tls_protocols"),
        mandatory_protocols=settings.text(f"{prefix}_tls_mandatory_protocols"),
        ciphers=settings.text(f"{prefix}_tls_ciphers"),
        mandatory_ciphers=settings.text(f"{prefix}_tls_mandatory_ciphers"),
        exclude=settings.text(f"{prefix}_tls_exclude_ciphers"),
        mandatory_exclude=settings.text(f"{prefix}_tls_mandatory_exclude_ciphers"),
        verify_match=words(f"{prefix}_tls_verify_cert_match", r"[\s,:]+"),
        secure_match=words(f"{prefix}_tls_secure_cert_match", r"[\s,:]+"),
        pins=words(f"{prefix}_tls_fingerprint_cert_match", r"[\s,|]+"),
        anchor_files=words(f"{prefix}_tls_trust_anchor_file"),
        servername=settings.text(f"{prefix}_tls_servername").strip(),
    )


def main_level(settings: Settings, prefix: str) -> Level:
    """The level that main.cf sets; the older parameters count where it is silent."""
    word = settings.text(f"{prefix}_tls_security_level").strip().lower()
    if word:
        return LEVELS[word]
    if getattr(settings, f"{prefix}_enforce_tls"):
        return Level.VERIFY if getattr(settings, f"{prefix}_tls_enforce_peername") else Level.ENCRYPT
    return Level.MAY if getattr(settings, f"{prefix}_use_tls") else Level.NONE
