"""The questions that mail asks: who is this client, where is that host, who takes mail for this domain."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

from gatepost.dns.hostnames import hostname_fault, is_address
from gatepost.dns.resolver import Resolver
from gatepost.mail.events import Event, Warned
from gatepost.mail.events.smtpd import NameMismatch
from gatepost.mail.peer import UNKNOWN, NameStatus, Peer
from gatepost.oracle import DnsAnswer, DnsStatus

_PTR_NAME = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*")
"""What the C library lets through as the name of a host."""

_RESOLVER_ERRORS = {
    DnsStatus.NXDOMAIN: "Name or service not known",
    DnsStatus.NODATA: "No address associated with hostname",
    DnsStatus.INVALID: "Name or service not known",
    DnsStatus.TEMPFAIL: "Temporary failure in name resolution",
}
"""What getaddrinfo(3) says, which is what the log lines say."""


async def confirmed_name(resolver: Resolver, address: str) -> tuple[Peer, tuple[Event, ...]]:
    """The names of a client: the one that its address points to, if that name points back; and what the log is told.

    Hosts file first, then PTR and A or AAAA records. The name is not looked up at all where
    `smtpd_peername_lookup` is no: that is the caller's to decide, and `Peer(address)` says it.
    """
    reverse, status, events = await _reverse_name(resolver, address)
    if status is not NameStatus.OK:
        return Peer(address, name_status=status, reverse_status=status), events
    family = "AAAA" if ":" in address else "A"
    found = await _native_addresses(resolver, reverse, family)
    ours = ipaddress.ip_address(address)
    if any(ipaddress.ip_address(record) == ours for record in found.records):
        return Peer(address, reverse, reverse, NameStatus.OK, NameStatus.OK), ()
    reason = "" if found.status is DnsStatus.FOUND else _RESOLVER_ERRORS[found.status]
    why = NameStatus.TEMPORARY if found.status is DnsStatus.TEMPFAIL else NameStatus.FORGED
    return Peer(address, UNKNOWN, reverse, why, NameStatus.OK), (NameMismatch(reverse, address, reason),)


async def _reverse_name(resolver: Resolver, address: str) -> tuple[str, NameStatus, tuple[Event, ...]]:
    name = resolver.hosts.names.get(address, "")
    if not name:
        answer = await resolver.query(ipaddress.ip_address(address).reverse_pointer, "PTR")
        if answer.status is DnsStatus.TEMPFAIL:
            return "", NameStatus.TEMPORARY, ()
        name = next((record for record in answer.records if _PTR_NAME.fullmatch(record)), "")
    if not name:
        return "", NameStatus.PERMANENT, ()
    if is_address(name):
        return "", NameStatus.PERMANENT, (Warned(f"numeric hostname: {name}"),)
    if fault := hostname_fault(name):
        return "", NameStatus.PERMANENT, (Warned(f"valid_hostname: {fault}: {name[:100]}"),)
    return name, NameStatus.OK, ()


async def _native_addresses(resolver: Resolver, name: str, family: str) -> DnsAnswer:
    """As getaddrinfo(3) finds them: the hosts file, then the DNS."""
    wanted = 6 if family == "AAAA" else 4
    known = resolver.hosts.addresses.get(name.lower(), ())
    listed = tuple(address for address in known if ipaddress.ip_address(address).version == wanted)
    return DnsAnswer(DnsStatus.FOUND, listed) if listed else await resolver.query(name, family)


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of a host, in the order of the families asked for.

    `reason` is the whole text for a delivery report where there are none. `secure`: the resolver vouched for all.
    """

    status: DnsStatus
    addresses: tuple[str, ...] = ()
    reason: str = ""
    secure: bool = False


async def host_addresses(
    resolver: Resolver, name: str, families: Sequence[str] = ("A", "AAAA"), *, native: bool = False
) -> Addresses:
    """The addresses of a host by DNS; `native`: by the hosts file first (`smtp_host_lookup = native`).

    An address is its own address. Never raises.
    """
    if is_address(name):
        return Addresses(DnsStatus.FOUND, (name,))
    answers = [
        await (_native_addresses(resolver, name, family) if native else resolver.query(name, family))
        for family in families
    ]
    found = tuple(record for answer in answers for record in answer.records)
    if found:
        return Addresses(DnsStatus.FOUND, found, secure=all(a.secure for a in answers if a.records))
    for status in (DnsStatus.TEMPFAIL, DnsStatus.INVALID, DnsStatus.NODATA, DnsStatus.NXDOMAIN):
        for family, answer in reversed(list(zip(families, answers, strict=True))):
            if answer.status is status:
                return Addresses(status, reason=why_not(name, family, answer))
    return Addresses(DnsStatus.NODATA, reason=f"Host or domain name not found: {name}")


@dataclass(frozen=True, slots=True)
class MailExchangers:
    """Who takes mail for a domain.

    `groups` holds the hosts by rising preference value, each group in the order of the reply. A domain without MX
    records is its own exchanger (RFC 5321 section 5.1), and `implicit`. With `refuses` the domain takes no mail
    (RFC 7505). Where groups are empty, `status` and `reason` say why.
    """

    status: DnsStatus
    groups: tuple[tuple[int, tuple[str, ...]], ...] = ()
    implicit: bool = False
    refuses: bool = False
    reason: str = ""
    secure: bool = False


async def mail_exchangers(resolver: Resolver, domain: str) -> MailExchangers:
    """Who takes mail for the domain; whether we are among them is for the caller to see. Never raises."""
    answer = await resolver.query(domain, "MX")
    match answer.status:
        case DnsStatus.FOUND:
            pairs = [(int(preference), host) for preference, _, host in (r.partition(" ") for r in answer.records)]
            if any(not host for _, host in pairs):
                reason = f"Domain {domain} does not accept mail (nullMX)"
                return MailExchangers(DnsStatus.FOUND, refuses=True, reason=reason, secure=answer.secure)
            return MailExchangers(DnsStatus.FOUND, _grouped(pairs), secure=answer.secure)
        case DnsStatus.NODATA | DnsStatus.NXDOMAIN:
            return MailExchangers(answer.status, ((0, (domain,)),), implicit=True, secure=answer.secure)
        case DnsStatus.TEMPFAIL | DnsStatus.INVALID:
            return MailExchangers(answer.status, reason=why_not(domain, "MX", answer))


def _grouped(pairs: list[tuple[int, str]]) -> tuple[tuple[int, tuple[str, ...]], ...]:
    preferences = sorted({preference for preference, _ in pairs})
    return tuple((wanted, tuple(host for preference, host in pairs if preference == wanted)) for wanted in preferences)


def why_not(name: str, rtype: str, answer: DnsAnswer) -> str:
    """The whole text for reports and log lines about a question without answer."""
    error = f"Name service error for name={name} type={rtype}: {answer.reason}"
    return error if answer.status is DnsStatus.INVALID else f"Host or domain name not found. {error}"
