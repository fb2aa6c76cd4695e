"""A DNS zone written as a dictionary, shared by the fake oracle and the stub server.

1. Names map to `TYPE data; TYPE data`: `{"good.example": "A 192.0.2.7; MX 10 mail.good.example"}`.
2. A key that is an IP address stands for its reverse name: `{"192.0.2.7": "PTR mail.good.example"}`.
3. Data SERVFAIL or TIMEOUT makes that type fail; a value that is just that word makes the whole name fail.
4. A name that is not in the table, nor above one that is, does not exist.
5. `CNAME other` leads on to the other name.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

FAILURES = ("SERVFAIL", "TIMEOUT")
ALIAS_LIMIT = 8


@dataclass(frozen=True, slots=True)
class Found:
    """What the zone holds for a question: the aliases passed, the data of the last name, or why there is none."""

    aliases: tuple[tuple[str, str], ...]  # (name, its CNAME) in order
    name: str  # the last name of the chain
    data: tuple[str, ...]
    failure: str = ""  # "", NXDOMAIN, SERVFAIL or TIMEOUT


class Zone:
    """The parsed dictionary."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self._names: dict[str, dict[str, list[str]]] = {}
        for key, value in table.items():
            kinds = self._names.setdefault(owner(key), {})
            for record in filter(None, (part.strip() for part in value.split(";"))):
                kind, _, data = record.partition(" ")
                if kind in FAILURES:
                    kind, data = "ANY", kind
                kinds.setdefault(kind, []).append(data.strip())

    def ask(self, name: str, rtype: str) -> Found:
        """The records of the type for the name, or for the name that its aliases lead to."""
        name = owner(name)
        aliases: list[tuple[str, str]] = []
        while True:
            kinds = self._names.get(name)
            if kinds is None:
                above = any(known.endswith("." + name) for known in self._names)
                return Found(tuple(aliases), name, (), "" if above else "NXDOMAIN")
            given = kinds.get("ANY", []) + kinds.get(rtype, [])
            failure = next((data for data in given if data in FAILURES), "")
            if failure:
                return Found(tuple(aliases), name, (), failure)
            if rtype in kinds or "CNAME" not in kinds or len(aliases) == ALIAS_LIMIT:
                return Found(tuple(aliases), name, tuple(kinds.get(rtype, ())))
            target = owner(kinds["CNAME"][0])
            aliases.append((name, target))
            name = target


def owner(key: str) -> str:
    """The DNS name of a key, lower case, without trailing dot."""
    try:
        return ipaddress.ip_address(key).reverse_pointer
    except ValueError:
        return key.rstrip(".").lower()
