"""MTA-STS (RFC 8461): what a domain says of the TLS of its mail exchangers, as text of its own web server.

The rules:

1. A domain has a policy if its TXT record says so: exactly one that begins with `v=STSv1;`, with an `id` of letters and
   digits (section 3.1). Anything else is no record.
2. A policy is lines of `key: value`; keys that are not known are passed over, of one that comes twice the first counts,
   except for `mx` (section 3.2). One that lacks what it must have is an error, never a weaker policy.
3. A pattern of `mx` is a host's name, or `*.` and a domain: exactly one label stands for the star (section 4.1).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

MAX_AGE = 31_557_600
"""The longest time, in seconds, that a policy may be kept (section 3.2): about a year."""

TEXT_LIMIT = 65_536
"""Bytes of a policy that are read (section 3.3 asks for a limit and proposes this one)."""

_RECORD = re.compile(r"v=STSv1\s*;")
_ID = re.compile(r"(?:^|;)\s*id\s*=\s*([A-Za-z0-9]{1,32})\s*(?:;|$)")
_PATTERN = re.compile(r"(?:\*\.)?[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_-]+)*\.?")


class Mode(Enum):
    """What a policy asks for."""

    ENFORCE = "enforce"  # mail goes to a server that passes, or not at all
    TESTING = "testing"  # faults are counted only
    NONE = "none"  # as if there were no policy


@dataclass(frozen=True, slots=True)
class StsPolicy:
    """A domain's policy. `identity` is the id of the record under which it was fetched; `max_age` is in seconds."""

    domain: str
    identity: str
    mode: Mode
    patterns: tuple[str, ...]
    max_age: int

    def covers(self, host: str) -> bool:
        """Whether a mail exchanger is one of the policy's."""
        name = host.lower().rstrip(".")
        return any(_fits(name, pattern.lower().rstrip(".")) for pattern in self.patterns)

    @property
    def lines(self) -> tuple[str, ...]:
        """The policy as its lines, for reports (RFC 8460 section 4.4)."""
        patterns = (f"mx: {pattern}" for pattern in self.patterns)
        return "version: STSv1", f"mode: {self.mode.value}", *patterns, f"max_age: {self.max_age}"


def record_identity(records: Sequence[str]) -> str:
    """The id in the TXT records of `_mta-sts.domain`; empty where they announce no policy."""
    found = [record for record in records if _RECORD.match(record)]
    if len(found) != 1:
        return ""
    identity = _ID.search(found[0])
    return identity[1] if identity else ""


def parse_policy(text: str, domain: str, identity: str) -> StsPolicy:
    """Read the text of a policy. Raises ValueError, with what is wrong with it."""
    fields: dict[str, str] = {}
    patterns: list[str] = []
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if not colon:
            if line.strip():
                raise ValueError(f"a line without a colon: {line.strip()[:60]!r}")
            continue
        if key.strip() == "mx":
            patterns.append(value.strip())
        else:
            fields.setdefault(key.strip(), value.strip())
    if fields.get("version") != "STSv1":
        raise ValueError("it does not say version: STSv1")
    mode = next((mode for mode in Mode if mode.value == fields.get("mode")), None)
    if mode is None:
        raise ValueError(f"mode is none of enforce, testing, none: {fields.get('mode', '')[:60]!r}")
    age = fields.get("max_age", "")
    if not (age.isascii() and age.isdigit() and len(age) <= 10):  # noqa: PLR2004 - as many digits as the RFC allows
        raise ValueError(f"max_age is no number: {age[:60]!r}")
    wrong = next((pattern for pattern in patterns if not _PATTERN.fullmatch(pattern)), None)
    if wrong is not None:
        raise ValueError(f"mx is no name: {wrong[:60]!r}")
    if not patterns and mode is not Mode.NONE:
        raise ValueError("it names no mx")
    return StsPolicy(domain, identity, mode, tuple(patterns), min(int(age), MAX_AGE))


def _fits(name: str, pattern: str) -> bool:
    if pattern.startswith("*."):
        first, _, rest = name.partition(".")
        return bool(first) and rest == pattern[2:]
    return name == pattern
