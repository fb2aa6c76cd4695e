"""What mail asks of the DNS besides plain records: who a client is by its address, and which keys a server may have.

Where mail goes is asked through the oracle, by delivery.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from gatepost.dns.hostnames import hostname_fault, is_address
from gatepost.dns.resolver import Resolver
from gatepost.mail.events import Event, Warned
from gatepost.mail.events.smtpd import NameMismatch
from gatepost.mail.peer import UNKNOWN, NameStatus, Peer
from gatepost.mail.tlsa import Tlsa
from gatepost.oracle import DnsAnswer, DnsStatus, Oracle

REMEMBERED = 2000
"""Clients of whom the work on their address and name is kept."""

_OK = NameStatus.OK

_PTR_NAME = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*")
"""What the C library lets through as the name of a host."""

_RESOLVER_ERRORS = {
    DnsStatus.NXDOMAIN: "Name or service not known",
    DnsStatus.NODATA: "No address associated with hostname",
    DnsStatus.INVALID: "Name or service not known",
    DnsStatus.TEMPFAIL: "Temporary failure in name resolution",
}
"""What getaddrinfo(3) says, which is what the log lines say."""


async def confirmed_name(resolver: Resolver, address: str, port: str = "") -> tuple[Peer, tuple[Event, ...]]:
    """The names of a client: the one that its address points to, if that name points back; and what the log is told.

    Hosts file first, then PTR and A or AAAA records. The name is not looked up at all where
    `smtpd_peername_lookup` is no: that is the caller's to decide, and `Peer(address)` says it.
    """
    reverse, status, events = await _reverse_name(resolver, address)
    if status is not _OK:
        return Peer(address, name_status=status, reverse_status=status, port=port), events
    family = "AAAA" if ":" in address else "A"
    found = await _native_addresses(resolver, reverse, family)
    if address in found.records or _is_among(address, found.records):
        return Peer(address, reverse, reverse, _OK, _OK, port), ()
    reason = "" if found.status is DnsStatus.FOUND else _RESOLVER_ERRORS[found.status]
    why = NameStatus.TEMPORARY if found.status is DnsStatus.TEMPFAIL else NameStatus.FORGED
    return Peer(address, UNKNOWN, reverse, why, _OK, port), (NameMismatch(reverse, address, reason),)


def _is_among(address: str, records: Iterable[str]) -> bool:
    """Whether the address is there in other spelling: those of version 6 have several."""
    if ":" not in address:
        return False
    ours = ipaddress.ip_address(address)
    return any(ipaddress.ip_address(record) == ours for record in records)


async def _reverse_name(resolver: Resolver, address: str) -> tuple[str, NameStatus, tuple[Event, ...]]:
    name = resolver.hosts.names.get(address, "")
    if not name:
        pointer = _reverse_pointer(address)
        known = resolver.known(pointer, "PTR")
        answer = known.answer if known else await resolver.query(pointer, "PTR")
        if not answer.records and answer.status is DnsStatus.TEMPFAIL:
            return "", NameStatus.TEMPORARY, ()
        name = next((record for record in answer.records if _PTR_NAME.fullmatch(record)), "")
    if not name:
        return "", NameStatus.PERMANENT, ()
    fault = _fault(name)
    return (name, _OK, ()) if not fault else ("", NameStatus.PERMANENT, (Warned(fault),))


@lru_cache(REMEMBERED)
def _reverse_pointer(address: str) -> str:
    return ipaddress.ip_address(address).reverse_pointer


@lru_cache(REMEMBERED)
def _fault(name: str) -> str:
    """Why the name cannot be that of a client, as the log has it; empty where it can."""
    if is_address(name):
        return f"numeric hostname: {name}"
    fault = hostname_fault(name)
    return f"valid_hostname: {fault}: {name[:100]}" if fault else ""


async def _native_addresses(resolver: Resolver, name: str, family: str) -> DnsAnswer:
    """As getaddrinfo(3) finds them: the hosts file, then the DNS."""
    in_file = resolver.hosts.addresses.get(name.lower(), ())
    listed = tuple(address for address in in_file if (":" in address) == (family == "AAAA"))
    if listed:
        return DnsAnswer(DnsStatus.FOUND, listed)
    known = resolver.known(name, family)
    return known.answer if known else await resolver.query(name, family)


@dataclass(frozen=True, slots=True)
class TlsaAnswer:
    """The TLSA records of a service, and how the question ended.

    Records that are not `secure` say nothing: anybody could have made them. A status of TEMPFAIL means that nobody
    knows whether there are any (RFC 7672 section 2.1.2: then mail waits).
    """

    status: DnsStatus
    records: tuple[Tlsa, ...] = ()
    secure: bool = False
    reason: str = ""


async def tlsa(oracle: Oracle, host: str, port: int) -> TlsaAnswer:
    """What `_port._tcp.host` says (RFC 6698 section 3). Never raises.

    Where the host's addresses are behind an alias that is secure as a whole, RFC 7672 section 2.2.2 asks for its
    `canonical` name first, and then for the name itself; the caller has both from the answer about addresses.
    """
    answer = await oracle.dns(f"_{port}._tcp.{host}", "TLSA")
    return TlsaAnswer(answer.status, tuple(map(_tlsa, answer.records)), answer.secure, answer.reason)


def _tlsa(record: str) -> Tlsa:
    usage, selector, matching, data = record.split(" ")
    return Tlsa(int(usage), int(selector), int(matching), bytes.fromhex(data))
