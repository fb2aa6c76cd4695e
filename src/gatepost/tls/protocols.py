"""The protocol lists of `smtpd_tls_protocols` and its siblings: `>=TLSv1.2`, `!SSLv3, !TLSv1`, `TLSv1.2 TLSv1.3`."""

from __future__ import annotations

import re
from dataclasses import dataclass

VERSIONS = {"ssl2": 0x0002, "ssl3": 0x0300, "tls1": 0x0301, "tls1.1": 0x0302, "tls1.2": 0x0303, "tls1.3": 0x0304}
"""Wire version by name, without the `v`, in lower case (RFC 8446 section 4.1.2, and its predecessors)."""

_WORD = re.compile(r"(>=|<=|!|)\s*(\S+)")


@dataclass(frozen=True, slots=True)
class Protocols:
    """What may be negotiated: versions from `minimum` to `maximum` (0: the library's own bound), less `excluded`."""

    minimum: int = 0
    maximum: int = 0
    excluded: frozenset[int] = frozenset()


def parse_protocols(text: str) -> Protocols:
    """Read a protocol list; raises ValueError with the word that is not understood.

    Names without a sign are the only ones allowed; with `!` they are taken out; `>=` and `<=` set the bounds.
    """
    minimum = maximum = 0
    included: set[int] = set()
    excluded: set[int] = set()
    for word in re.split(r"[\s,:]+", re.sub(r"(>=|<=|!)\s+", r"\1", text.strip())):
        if not word:
            continue
        found = _WORD.fullmatch(word)
        version = _version(found[2]) if found else None
        if found is None or version is None:
            raise ValueError(f"unrecognized protocol name or token: {word!r}")
        match found[1]:
            case ">=":
                minimum = version
            case "<=":
                maximum = version
            case "!":
                excluded.add(version)
            case _:
                included.add(version)
    if included:
        excluded |= set(VERSIONS.values()) - included
    return Protocols(minimum, maximum, frozenset(excluded))


def _version(name: str) -> int | None:
    if re.fullmatch(r"0x[0-9a-fA-F]{1,4}|[0-9]{1,5}", name):
        return int(name, 0)
    return VERSIONS.get(name.lower().replace("v", "", 1))
