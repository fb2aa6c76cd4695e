"""The types of restriction arguments: what the next word of a list is read as."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from gatepost.policy.registry import BadArgumentError

_BRACED = re.compile(r"\{\s*(?P<inside>.*?)\s*\}", re.DOTALL)
_PAIR = re.compile(r"\{\s*(?P<name>[\w-]+)\s*=\s*(?P<value>[^{}]*?)\s*\}")


@dataclass(frozen=True, slots=True)
class Table:
    """A lookup table, `type:name`."""

    spec: str

    @classmethod
    def parse(cls, name: str, word: str | None) -> Self:
        """Any word with a colon; whether the table exists is found out when it is opened."""
        if word is None or ":" not in word:
            raise BadArgumentError(f'restriction {name}: bad argument "{word or name}": need maptype:mapname')
        return cls(word)


CERTIFICATE_KEYS = ("cert_fingerprint", "pubkey_fingerprint")
"""What `check_ccert_access` looks up, in the default order."""


@dataclass(frozen=True, slots=True)
class CertificateTable:
    """A lookup table for client certificates: `type:name`, or `{ type:name, { search_order = ... } }`."""

    spec: str
    search_order: tuple[str, ...]

    @classmethod
    def parse(cls, name: str, word: str | None) -> Self:
        """Names in the search order that are no fingerprints (`subject_cn`) cannot be trusted: bad argument."""
        braced = _BRACED.fullmatch(word or "")
        spec = re.split(r"[,\s]", braced["inside"], maxsplit=1)[0] if braced else (word or "")
        Table.parse(name, spec or None)
        order = _search_order(word[1:]) if braced and word else CERTIFICATE_KEYS
        unknown = [key for key in order if key not in CERTIFICATE_KEYS]
        if unknown:
            raise BadArgumentError(f'restriction {name}: bad search_order "{unknown[0]}" in "{word}"')
        return cls(spec, order)


def _search_order(text: str) -> tuple[str, ...]:
    for pair in _PAIR.finditer(text):
        if pair["name"] == "search_order":
            return tuple(re.findall(r"[^\s,]+", pair["value"])) or CERTIFICATE_KEYS
    return CERTIFICATE_KEYS


@dataclass(frozen=True, slots=True)
class Seconds:
    """A number of seconds."""

    count: int

    @classmethod
    def parse(cls, name: str, word: str | None) -> Self:
        """Digits only."""
        if word is None or not (word.isascii() and word.isdigit()):
            raise BadArgumentError(f"restriction {name} must be followed by number")
        return cls(int(word))


Octets = tuple[frozenset[int], ...]
"""Which values each of the four octets of an IPv4 address may have."""


@dataclass(frozen=True, slots=True)
class DnsList:
    """A DNS block or allow list: `domain` or `domain=pattern`.

    The pattern is an IPv4 address in which `[1;3..5]` may stand for an octet; without one every address matches.
    `key` is the word as written, under which `rbl_reply_maps` has its reply.
    """

    domain: str
    key: str
    octets: Octets | None = None

    @classmethod
    def parse(cls, name: str, word: str | None) -> Self:
        """A list without a name is skipped, with a warning; a pattern that is none is fatal, as in Postfix."""
        if word is None:
            raise BadArgumentError(f"restriction {name} requires domain name argument", skipped=True)
        domain, equals, pattern = word.partition("=")
        try:
            return cls(domain, word, tuple(_octets(pattern)) if equals else None)
        except ValueError as error:
            raise BadArgumentError(f"restriction {name}: bad pattern in {word}: {error}", fatal=True) from None

    def accepts(self, address: str) -> bool:
        """Whether the list's answer counts."""
        if self.octets is None:
            return True
        return all(int(octet) in allowed for octet, allowed in zip(address.split("."), self.octets, strict=True))


_OCTET = re.compile(r"(?:(?P<one>\d{1,3})|\[(?P<several>[^\[\]]+)\])(?:\.|$)")
_RANGE = re.compile(r"(\d{1,3})(?:\.\.(\d{1,3}))?")
_FOUR = 4
_HIGHEST = 255


def _octets(pattern: str) -> Iterator[frozenset[int]]:
    position = count = 0
    while position < len(pattern):
        found = _OCTET.match(pattern, position)
        if not found:
            raise ValueError(f"{pattern[position:]!r} is neither a number nor a group in brackets")
        yield _values(found["one"] or found["several"])
        position = found.end()
        count += 1
    if count != _FOUR or pattern.endswith("."):
        raise ValueError("an address has four numbers")


def _values(text: str) -> frozenset[int]:
    allowed: set[int] = set()
    for part in text.split(";"):
        found = _RANGE.fullmatch(part)
        if not found:
            raise ValueError(f"{part!r} is neither a number nor a range")
        low, high = int(found[1]), int(found[2] or found[1])
        if not low <= high <= _HIGHEST:
            raise ValueError(f"{part!r} is no range from 0 to {_HIGHEST}")
        allowed.update(range(low, high + 1))
    return frozenset(allowed)
