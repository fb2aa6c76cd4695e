"""Cipher grades: from `smtpd_tls_ciphers = medium` to a cipher list in OpenSSL's language."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gatepost.config.settings import Settings


def cipher_list(settings: Settings, prefix: str, *, mandatory: bool, authenticated: bool = False) -> str:
    """The cipher list of `smtpd`; raises ValueError for an unknown grade.

    `mandatory`: TLS is required, so the mandatory grade counts and both exclusion lists. `authenticated`: certificates
    will be asked for, which ciphers without authentication cannot carry.
    """
    grade = settings.text(f"{prefix}_tls_{'mandatory_' if mandatory else ''}ciphers")
    excluded = settings.text(f"{prefix}_tls_exclude_ciphers")
    if mandatory:
        excluded += f" {settings.text(f'{prefix}_tls_mandatory_exclude_ciphers')}"
    if authenticated:
        excluded += " aNULL"
    return graded_list(grade, excluded, grade_lists(settings))


def grade_lists(settings: Settings) -> dict[str, str]:
    """The cipher list of each grade.

    Export and low are names of the past: nothing in them is safe, and current OpenSSL has none of it, so that medium
    stands in for them.
    """
    medium = settings.text("tls_medium_cipherlist")
    high, null = settings.text("tls_high_cipherlist"), settings.text("tls_null_cipherlist")
    return {"null": null, "export": medium, "low": medium, "medium": medium, "high": high}


def graded_list(grade: str, excluded: str, lists: Mapping[str, str]) -> str:
    """A grade's list without what is excluded; raises ValueError for an unknown grade or a sign in an exclusion."""
    known = lists.get(grade.strip().lower())
    if known is None:
        raise ValueError(f'invalid cipher grade: "{grade}"')
    words = [word for word in re.split(r"[\s,:]+", excluded) if word]
    for word in words:
        if word[0] in "!+-@":
            raise ValueError(f"invalid unary '!+-@' in cipher exclusion: {word}")
    return "".join([known, *(f":!{word}" for word in words)])
