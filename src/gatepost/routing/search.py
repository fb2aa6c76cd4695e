"""Which keys an address, a host name or an IP address has in a lookup table, and in which order they are asked.

The rules:

1. All tables are asked for one key before the next key is derived.
2. Only the first, complete key goes to pattern tables; they would match derived ones by accident.
3. An address is asked in its external (quoted) form first, then in its internal form, where the two differ.
4. Keys keep their case; tables of fixed strings fold it.
5. An empty key is never asked. An empty value is a fault of the table, not an answer.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from gatepost.mail.address import external, split_domain, split_extension
from gatepost.oracle import EmptyResult, Oracle


class Found(NamedTuple):
    """An entry: the table, the key that matched, its value; `extension` is what the key left out (`+ext`)."""

    table: str
    key: str
    value: str
    extension: str = ""


class SearchOrder(Enum):
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
            keys = (
                *name_keys(domain, parents=rules.access_parents),
                f"{local}@",
                *((f"{user}@",) if extension else ()),
            )
            return await _ask(tables, oracle, keys)
        case SearchOrder.TRANSPORT:
            return await _ask(tables, oracle, (*name_keys(domain, parents=rules.transport_parents), "*"))


async def find_name(tables: Sequence[str], name: str, oracle: Oracle, *, parents: bool) -> Found | None:
    """Search tables for a host or domain name, then for the domains above it. Raises LookupFailed."""
    return await _ask_first_complete(tables, oracle, name_keys(name, parents=parents))


async def find_network(tables: Sequence[str], address: str, oracle: Oracle) -> Found | None:
    """Search tables for an IP address, then for the networks written as its leading parts. Raises LookupFailed."""
    return await _ask_first_complete(tables, oracle, network_keys(address))


async def find_key(tables: Sequence[str], key: str, oracle: Oracle) -> Found | None:
    """Search tables for this key and no other. Raises LookupFailed."""
    return await _ask(tables, oracle, (key,), complete=True)


def name_keys(name: str, *, parents: bool) -> Iterator[str]:
    """The name, then each domain above it, `parents` as `example.com`, else as `.example.com`.

    An IP address has nothing above it.
    """
    yield name
    if _is_ip(name):
        return
    rest = name
    while "." in rest:
        rest = rest.partition(".")[2]
        if rest:
            yield rest if parents else f".{rest}"


def network_keys(address: str) -> Iterator[str]:
    """The address, then what stands before each of its last dots or, of an IPv6 address, colons."""
    separator = ":" if ":" in address else "."
    rest = address
    while rest:
        yield rest
        rest = rest[: max(rest.rfind(separator), 0)]


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
            value = await oracle.lookup(table, key)
            if value == "":
                raise EmptyResult(table, key)
            if value is not None:
                return Found(table, key, value, extension)
    return None


async def _ask_first_complete(tables: Sequence[str], oracle: Oracle, keys: Iterator[str]) -> Found | None:
    first = next(keys, "")
    return await _ask(tables, oracle, (first,), complete=True) or await _ask(tables, oracle, tuple(keys))
