"""Whether a certificate is for a name (RFC 6125): the patterns of `match=` and the names of certificates.

The rules:

1. A pattern is a name, or `.parent.domain`, which is any name below that domain, however deep.
2. The names of a certificate are its DNS alternative names; its common name counts only where there are none.
3. `*.domain` in a certificate stands for one label, the first one, and nothing else has wildcards.
4. Names are compared without regard to case. A name with anything in it that no host name has is no name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from cryptography import x509
from cryptography.x509.oid import NameOID

_NAME = re.compile(r"(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*")


def matching_name(certificate: x509.Certificate, patterns: Iterable[str]) -> str | None:
    """The first name of the certificate that one of the patterns is for; None where there is none."""
    known = certificate_names(certificate)
    for pattern in patterns:
        for name in known:
            if _matches(name, pattern.lower().rstrip(".")):
                return name
    return None


def certificate_names(certificate: x509.Certificate) -> tuple[str, ...]:
    """The host names that a certificate is for, in small letters."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        found = [str(name) for name in extension.value.get_values_for_type(x509.DNSName)]
    except (x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, ValueError):
        found = []
    if not found:
        try:
            found = [str(part.value) for part in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        except ValueError:  # a peer may send any bytes that OpenSSL puts up with
            found = []
    return tuple(name.lower().rstrip(".") for name in found if _NAME.fullmatch(name.rstrip(".")))


def _matches(name: str, pattern: str) -> bool:
    """Whether a name of a certificate is good for a pattern."""
    if pattern.startswith("."):
        return name.removeprefix("*").endswith(pattern)
    first, _, rest = pattern.partition(".")
    if name.startswith("*."):
        return bool(first) and "." in rest and rest == name[2:]
    return name == pattern
