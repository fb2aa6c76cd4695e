"""Which keys an address, a host name or an IP address has in a lookup table, and in which order they are asked.

The rules:

1. All tables are asked for one key before the next key is derived.
2. Only the first, complete key goes to pattern tables; they would match derived ones by accident.
3. An address is asked in its external (quoted) form first, then in its internal form, where the two differ.
4. Keys keep their case; tables of fixed strings fold it.
5. An empty key is never asked. An empty value is a fault of the table, not an answer.
6. Nearly every search finds nothing. Where all tables are in memory, one look tells whether they have any of the keys;
   only where one has, or cannot tell, they are asked key by key.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from gatepost.mail.address import external, fold, split_domain, split_extension
from gatepost.oracle import EmptyResult, Oracle

REMEMBERED = 2000
"""Addresses and names whose keys are kept: a transaction needs them in table after table."""


class Found(NamedTuple):
    """An entry: the table, the key that matched, its value; `extension` is what the key left out (`+ext`)."""

    table: str
    key: str
    value: str
    extension: str = ""


class SearchOrder(StrEnum):
    """Which keys are derived from an address.

    | DEFAULT           | ACCESS             | TRANSPORT          |
    |-------------------|--------------------|--------------------|
    | user+ext@domain   | user+ext@domain    | user+ext@domain    |
    | user@domain       | user@domain        | user@domain        |
    | user+ext (local)  | domain and parents | domain and parents |
    | user (local)      | user+ext@          | *                  |
    | @domain           | user@              |                    |

    (local): only where the domain is `$myorigin`, in `$mydestination`, or one of our own addresses in brackets.
    """

    DEFAULT = "default"
    ACCESS = "access"
    TRANSPORT = "transport"


IsLocal = Callable[[str, Oracle], Awaitable[bool]]
"""Tells whether users of a domain may be listed without it. Raises LookupFailed."""


@dataclass(frozen=True, slots=True)
class SearchRules:
    """What the settings say about searching.

    `delimiters` is `recipient_delimiter`. `access_parents` and `transport_parents`: whether `example.com` covers its
    subdomains in these tables, or `.example.com` has to be listed (`parent_domain_matches_subdomains`).
    """

    is_local: IsLocal
    delimiters: str = ""
    owner_request: bool = True
    access_parents: bool = True
    transport_parents: bool = False

    def keys(self, address: str, order: SearchOrder) -> tuple[str, ...]:
        """Every key that a search for the address may ask, for `may_have`."""
        parents = self.transport_parents if order == "transport" else self.access_parents
        return _address_keys(address, self.delimiters, self.owner_request, order, parents)


async def find_address(
    tables: Sequence[str],
    address: str,
    oracle: Oracle,
    rules: SearchRules,
    *,
    order: SearchOrder = SearchOrder.DEFAULT,
) -> Found | None:
    """Search tables for an address in internal form. Raises LookupFailed."""
    if not tables or not address:
        return None
    if not may_have(tables, rules.keys(address, order), oracle):
        return None
    local, domain = split_domain(address)
    user, extension = split_extension(local, rules.delimiters, owner_request=rules.owner_request)
    found = await _ask(tables, oracle, _forms(address), complete=True)
    if found or (extension and (found := await _ask(tables, oracle, _forms(_joined(user, address)), extension))):
        return found
    if "@" not in address:
        return None
    match order:
        case SearchOrder.DEFAULT:
            if await rules.is_local(domain, oracle):
                found = await _ask(tables, oracle, _forms(local))
                if not found and extension:
                    found = await _ask(tables, oracle, _forms(user), extension)
            return found or await _ask(tables, oracle, (f"@{domain}",))
        case SearchOrder.ACCESS:
            derived = (*name_keys(domain, rules.access_parents), f"{local}@", *((f"{user}@",) if extension else ()))
            return await _ask(tables, oracle, derived)
        case SearchOrder.TRANSPORT:
            return await _ask(tables, oracle, (*name_keys(domain, rules.transport_parents), "*"))


async def find_name(tables: Sequence[str], name: str, oracle: Oracle, *, parents: bool) -> Found | None:
    """Search tables for a host or domain name, then for the domains above it. Raises LookupFailed."""
    keys = name_keys(name, parents)
    return await _ask_first_complete(tables, oracle, keys) if may_have(tables, _folded(keys), oracle) else None


async def find_network(tables: Sequence[str], address: str, oracle: Oracle) -> Found | None:
    """Search tables for an IP address, then for the networks written as its leading parts. Raises LookupFailed."""
    keys = network_keys(address)
    return await _ask_first_complete(tables, oracle, keys) if may_have(tables, _folded(keys), oracle) else None


async def find_key(tables: Sequence[str], key: str, oracle: Oracle) -> Found | None:
    """Search tables for this key and no other. Raises LookupFailed."""
    return await _ask(tables, oracle, (key,), complete=True)


@lru_cache(REMEMBERED)
def name_keys(name: str, parents: bool) -> tuple[str, ...]:  # noqa: FBT001 - a keyword is slow with lru_cache
    """The name, then each domain above it, `parents` as `example.com`, else as `.example.com`.

    An IP address has nothing above it.
    """
    keys = [name]
    rest = "" if _is_ip(name) else name
    while "." in rest:
        rest = rest.partition(".")[2]
        if rest:
            keys.append(rest if parents else f".{rest}")
    return tuple(keys)


@lru_cache(REMEMBERED)
def network_keys(address: str) -> tuple[str, ...]:
    """The address, then what stands before each of its last dots or, of an IPv6 address, colons."""
    separator = ":" if ":" in address else "."
    keys: list[str] = []
    rest = address
    while rest:
        keys.append(rest)
        rest = rest[: max(rest.rfind(separator), 0)]
    return tuple(keys)


@lru_cache(REMEMBERED)
def _address_keys(
    address: str,
    delimiters: str,
    owner_request: bool,  # noqa: FBT001 - as above
    order: SearchOrder,
    parents: bool,  # noqa: FBT001
) -> tuple[str, ...]:
    """Every key that a search for the address may ask, folded; empty for an address beyond ASCII."""
    local, domain = split_domain(address)
    user, extension = split_extension(local, delimiters, owner_request=owner_request)
    keys = [*_forms(address), *(_forms(_joined(user, address)) if extension else ())]
    match order:
        case SearchOrder.DEFAULT:
            keys += [*_forms(local), *_forms(user), f"@{domain}"]
        case SearchOrder.ACCESS:
            keys += [*name_keys(domain, parents), f"{local}@", f"{user}@"]
        case SearchOrder.TRANSPORT:
            keys += [*name_keys(domain, parents), "*"]
    return _folded(tuple(keys))


@lru_cache(REMEMBERED)
def _folded(keys: tuple[str, ...]) -> tuple[str, ...]:
    """The keys as tables keep them, and none where some are beyond ASCII: what those are is the table's to say."""
    return tuple(map(fold, keys)) if all(map(str.isascii, keys)) else ()


@lru_cache(REMEMBERED)
def host_keys(name: str, address: str, parents: bool) -> tuple[str, ...]:  # noqa: FBT001 - as above
    """Every key that searches for the name and the address of a host may ask, for `may_have`."""
    return _folded((*(name_keys(name, parents) if name else ()), *network_keys(address)))


def may_have(tables: Iterable[str], keys: tuple[str, ...], oracle: Oracle) -> bool:
    """Whether a table may have one of the keys; False only where that is certain (rule 6)."""
    for table in tables:
        content = oracle.content(table)
        if content is None or not keys or not content.keys().isdisjoint(keys):
            return True
    return False


def _is_ip(name: str) -> bool:
    if not (name[-1:].isdigit() or ":" in name):  # host names, cheaply; the exception would cost more than the search
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _joined(user: str, address: str) -> str:
    """The address with another local part; without domain where it has none."""
    return f"{user}@{split_domain(address)[1]}" if "@" in address else user


def _forms(address: str) -> tuple[str, ...]:
    quoted = external(address)
    return (quoted,) if quoted == address else (quoted, address)


async def _ask(
    tables: Sequence[str], oracle: Oracle, keys: Sequence[str], extension: str = "", *, complete: bool = False
) -> Found | None:
    """Ask every table for every key in turn; pattern tables only where the keys are `complete` ones."""
    asked = tables if complete else [table for table in tables if oracle.takes_partial_keys(table)]
    for key in filter(None, keys):
        for table in asked:
            content = oracle.content(table) if key.isascii() else None
            value = await oracle.lookup(table, key) if content is None else content.get(fold(key))
            if value == "":
                raise EmptyResult(table, key)
            if value is not None:
                return Found(table, key, value, extension)
    return None


async def _ask_first_complete(tables: Sequence[str], oracle: Oracle, keys: tuple[str, ...]) -> Found | None:
    return await _ask(tables, oracle, keys[:1], complete=True) or await _ask(tables, oracle, keys[1:])
