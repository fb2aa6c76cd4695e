"""Cipher grades: from `smtpd_tls_ciphers = medium` to a cipher list in OpenSSL's language."""

from __future__ import annotations

import re

from gatepost.config.settings import Settings

GRADES = ("null", "export", "low", "medium", "high")
"""Grades from weakest to strongest; each names the parameter `tls_<grade>_cipherlist`."""


def cipher_list(settings: Settings, prefix: str, *, mandatory: bool, authenticated: bool = False) -> str:
    """The cipher list of `smtpd` or `smtp`; raises ValueError for an unknown grade.

    `mandatory`: TLS is required, so the mandatory grade counts and both exclusion lists. `authenticated`: certificates
    will be asked for, which ciphers without authentication cannot carry.
    """
    grade = settings.text(f"{prefix}_tls_{'mandatory_' if mandatory else ''}ciphers").strip().lower()
    if grade not in GRADES:
        raise ValueError(f"invalid TLS cipher grade: {grade!r}")
    # export and low are names of the past: nothing in them is safe, and current OpenSSL has none of it
    name = {"export": "medium", "low": "medium"}.get(grade, grade)
    excluded = settings.text(f"{prefix}_tls_exclude_ciphers")
    if mandatory:
        excluded += f" {settings.text(f'{prefix}_tls_mandatory_exclude_ciphers')}"
    words = [word for word in re.split(r"[\s,:]+", excluded) if word]
    if authenticated:
        words.append("aNULL")
    return "".join([settings.text(f"tls_{name}_cipherlist"), *(f":!{word}" for word in words)])
