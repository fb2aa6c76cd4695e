"""OpenSSL's options by name: `tls_ssl_options` turns some on, `tls_disable_workarounds` turns workarounds off.

The numbers are those of OpenSSL 3 (ssl.h); a number may be written in hexadecimal too. Workarounds that OpenSSL 3 no
longer knows are accepted, and have no number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from gatepost.config.settings import Settings

OPTIONS: Mapping[str, int] = {
    "LEGACY_SERVER_CONNECT": 0x4,
    "ENABLE_KTLS": 0x8,
    "NO_TICKET": 0x4000,
    "NO_SESSION_RESUMPTION_ON_RENEGOTIATION": 0x10000,
    "NO_COMPRESSION": 0x20000,
    "ENABLE_MIDDLEBOX_COMPAT": 0x100000,
    "PRIORITIZE_CHACHA": 0x200000,
    "NO_RENEGOTIATION": 0x40000000,
}

WORKAROUNDS: Mapping[str, int] = {
    "TLSEXT_PADDING": 0x10,
    "SAFARI_ECDHE_ECDSA_BUG": 0x40,
    "DONT_INSERT_EMPTY_FRAGMENTS": 0x800,
    "CRYPTOPRO_TLSEXT_BUG": 0x80000000,
    "LEGACY_SERVER_CONNECT": 0x4,
    **dict.fromkeys(
        (
            "CVE-2005-2969",
            "CVE-2010-4180",
            "MICROSOFT_BIG_SSLV3_BUFFER",
            "MICROSOFT_SESS_ID_BUG",
            "MSIE_SSLV2_RSA_PADDING",
            "NETSCAPE_CHALLENGE_BUG",
            "NETSCAPE_REUSE_CIPHER_CHANGE_BUG",
            "SSLEAY_080_CLIENT_DH_BUG",
            "SSLREF2_REUSE_CERT_TYPE_BUG",
            "TLS_BLOCK_PADDING_BUG",
            "TLS_D5_BUG",
            "TLS_ROLLBACK_BUG",
        ),
        0,
    ),
}


def parse_options(parameter: str, words: tuple[str, ...], known: Mapping[str, int]) -> int:
    """The numbers of a list of names, or'ed. Raises ValueError with the parameter for a name that is not known."""
    found = 0
    for word in words:
        if re.fullmatch(r"0[xX][0-9A-Fa-f]{1,16}", word):
            found |= int(word, 16)
        elif word.upper() in known:
            found |= known[word.upper()]
        else:
            raise ValueError(f"{parameter}: unknown option {word}")
    return found


def configured_options(settings: Settings) -> tuple[int, int]:
    """What to turn on, and what to leave out. Raises ValueError."""
    return (
        parse_options("tls_ssl_options", settings.tls_ssl_options, OPTIONS),
        parse_options("tls_disable_workarounds", settings.tls_disable_workarounds, WORKAROUNDS),
    )
