"""A world in two dictionaries, for tests of pure code: tables and a DNS zone.

    oracle = FakeOracle({"hash:/access": {"a@b.example": "REJECT"}}, {"b.example": "A 192.0.2.7"})

1. A table is a dictionary, or one text that answers every key (as `static:` does).
2. Fixed-string tables (all but the pattern types) fold the case of the key, as the live ones do.
3. A table named in `failing`, or not given at all, raises LookupFailed.
4. `signed` says of which names the answers are vouched for (DNSSEC), aliases included; of none where it is not given.
5. `asked` holds every question in order, as `table key` or `name TYPE`; `slept` the seconds asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine, Mapping
from typing import TypeVar

from gatepost.oracle import DnsAnswer, DnsStatus, LookupFailed, Oracle
from tests.fakes.zone import Zone

T = TypeVar("T")

PATTERN_TYPES = frozenset({"regexp", "pcre", "cidr", "tcp", "socketmap", "randmap", "fail"})

REASONS = {
    "": (DnsStatus.NODATA, "Host found but no data record of requested type"),
    "NXDOMAIN": (DnsStatus.NXDOMAIN, "Host not found"),
    "SERVFAIL": (DnsStatus.TEMPFAIL, "Host not found, try again"),
    "TIMEOUT": (DnsStatus.TEMPFAIL, "Host not found, try again"),
}


class FakeOracle(Oracle):
    """Answers from dictionaries."""

    def __init__(
        self,
        tables: Mapping[str, Mapping[str, str] | str] | None = None,
        zone: Mapping[str, str] | None = None,
        *,
        failing: Collection[str] = (),
        signed: Callable[[str], bool] | None = None,
    ) -> None:
        self.tables = dict(tables or {})
        self.zone = Zone(zone or {})
        self.failing = frozenset(failing)
        self.signed = signed
        self.asked: list[str] = []
        self.slept: list[float] = []

    def takes_partial_keys(self, table: str) -> bool:
        return table.removeprefix("proxy:").partition(":")[0] not in PATTERN_TYPES

    async def lookup(self, table: str, key: str) -> str | None:
        self.asked.append(f"{table} {key}")
        if table in self.failing or table not in self.tables:
            raise LookupFailed(table, key, "made to fail")
        if not key:
            return None
        content = self.tables[table]
        if isinstance(content, str):
            return content
        return content.get(key.casefold() if self.takes_partial_keys(table) else key)

    async def dns(self, name: str, rtype: str) -> DnsAnswer:
        self.asked.append(f"{name} {rtype}")
        found = self.zone.ask(name, rtype)
        names = (*(alias for alias, _ in found.aliases), found.name)
        secure = self.signed is not None and all(map(self.signed, names)) and found.failure in ("", "NXDOMAIN")
        if found.data:
            records = tuple(presented(rtype, data) for data in found.data)
            return DnsAnswer(DnsStatus.FOUND, records, secure=secure, canonical=found.name if found.aliases else "")
        status, reason = REASONS[found.failure]
        return DnsAnswer(status, reason=reason, secure=secure)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class QuickOracle(FakeOracle):
    """The same with the short cuts of a live one: tables of fixed strings as a whole, and all of the DNS."""

    def content(self, table: str) -> dict[str, str] | None:
        content = self.tables.get(table)
        if table in self.failing or not self.takes_partial_keys(table) or not isinstance(content, dict):
            return None
        return {key.casefold(): value for key, value in content.items()}

    def known(self, name: str, rtype: str) -> DnsAnswer | None:
        return step(self.dns(name, rtype))


def presented(rtype: str, data: str) -> str:
    """Zone data in the form that DnsAnswer gives."""
    match rtype:
        case "PTR" | "NS":
            return data.rstrip(".")
        case "MX":
            preference, _, host = data.partition(" ")
            return f"{preference} {host.rstrip('.')}"
        case "TXT":
            return data.strip('"')
        case _:
            return data


def step(coroutine: Coroutine[object, object, T]) -> T:
    """Run a coroutine that never truly waits, without an event loop."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        value: T = stop.value
        return value
    coroutine.close()
    raise AssertionError("the coroutine waited for something")
