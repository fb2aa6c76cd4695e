"""From a next hop to the addresses to try, in order (RFC 5321 section 5.1, RFC 7505).

The rules:

1. Mail exchangers by preference; those of one preference in random order, so that load spreads.
2. A domain without MX records is its own mail exchanger; one whose MX record is `.` takes no mail.
3. Where we are a mail exchanger ourselves, only better ones than us are tried, or mail would go in circles.
4. A name server that does not answer defers; only an answer bounces.
5. Names of one preference, and both families of a name, are looked up at the same time; worse exchangers only where the
   better ones do not have as many addresses as are tried.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

from gatepost.delivery.dnsfilter import DROPPED, MALFORMED
from gatepost.delivery.nexthop import Nexthop
from gatepost.mail.events import Emit, Warned
from gatepost.oracle import DnsAnswer, DnsStatus, Oracle
from gatepost.smtp.client_values import Outcome

EXCHANGERS = 100
"""Mail exchangers of a domain that are looked up; the best ones of those that there are."""

NativeLookup = Callable[[str], Awaitable[Sequence[str]]]
"""The addresses of a host by the system's own means (`/etc/hosts` and so on); empty where there are none."""


@dataclass(frozen=True, slots=True)
class HostRules:
    """What the configuration says about finding hosts. `families` are A and AAAA, as `inet_protocols` allows.

    `balanced`: where not all addresses may be tried, those that are tried are of both families.
    `true_names`: a host that has an alias goes by the name that this stands for.
    `ignore_mx_errors`: a domain whose exchangers cannot be looked up is taken for its own.
    `first` is the family to prefer among equals, empty for none. `own` are our own addresses and those of the proxies
    in front of us. `limit` is `smtp_mx_address_limit`, 0 for none. `by_dns` and `native`: which look-ups are used.
    """

    families: tuple[str, ...] = ("A", "AAAA")
    first: str = ""
    own: frozenset[str] = frozenset()
    limit: int = 5
    shuffled: bool = True
    by_dns: bool = True
    native: NativeLookup | None = None
    defer_without_address: bool = False
    ignore_mx_errors: bool = False
    balanced: bool = True
    true_names: bool = False


@dataclass(frozen=True, slots=True)
class Host:
    """An address to connect to."""

    name: str
    address: str
    preference: int = 0


class Unreachable(Exception):  # noqa: N818 - said as it is
    """There is no host to try; `outcome` is what that means for the mail. `is_us`: we are the best host ourselves."""

    def __init__(self, outcome: Outcome, *, is_us: bool = False) -> None:
        super().__init__(outcome.text)
        self.outcome = outcome
        self.is_us = is_us


@dataclass(slots=True)
class _Found:
    hosts: list[Host] = field(default_factory=list)
    failure: Outcome | None = None  # why a name had no address; a soft reason is kept rather than a hard one

    def add(self, hosts: list[Host], failure: Outcome | None) -> None:
        self.hosts += hosts
        if not hosts and failure is not None and (self.failure is None or not self.failure.is_soft):
            self.failure = failure


async def find_hosts(hop: Nexthop, oracle: Oracle, rules: HostRules, emit: Emit, *, loops: bool) -> list[Host]:
    """The addresses of a next hop, in the order to try them. Raises Unreachable.

    `loops`: a mail exchanger with our own address is us (not so where another port is meant).
    """
    if hop.is_address:
        return [Host(hop.host, hop.host)]
    found = _Found()
    if hop.by_mx and rules.by_dns:
        exchangers = await _exchangers(hop.host, oracle, ignore_errors=rules.ignore_mx_errors)
        for preference, equals in groupby(exchangers, key=itemgetter(0)):
            lookups = (_addresses(name, preference, oracle, rules) for _, name in equals)
            for hosts, failure in await asyncio.gather(*lookups):
                found.add(hosts, failure)
            if 0 < rules.limit <= len(found.hosts):
                break  # worse ones would not be tried
        if not found.hosts and exchangers != [(0, hop.host)]:
            emit(Warned(f"no MX host for {hop.host} has a valid address record"))
            if found.failure and rules.defer_without_address:
                raise Unreachable(Outcome("4.4.4", found.failure.text))
    else:
        found.add(*await _addresses(hop.host, 0, oracle, rules))
    if not found.hosts:
        raise Unreachable(found.failure or Outcome("5.4.4", f"unable to look up host {hop.host}"))
    hosts = _without_us(found.hosts, rules.own) if loops and hop.by_mx else found.hosts
    if not hosts:
        raise Unreachable(Outcome("5.4.6", f"mail for {hop.text} loops back to myself"), is_us=True)
    return _ordered(hosts, rules)


async def _exchangers(domain: str, oracle: Oracle, *, ignore_errors: bool) -> list[tuple[int, str]]:
    answer = await oracle.dns(domain, "MX")
    if answer.status in (DnsStatus.TEMPFAIL, DnsStatus.INVALID) and not ignore_errors:
        raise Unreachable(_failure(domain, "MX", answer))
    if answer.status is not DnsStatus.FOUND:
        return [(0, domain)]
    found: list[tuple[int, str]] = []
    for record in answer.records:
        preference, _, name = record.partition(" ")
        found.append((int(preference), name.strip()))
    if not any(name for _, name in found):
        raise Unreachable(Outcome("5.1.0", f"Domain {domain} does not accept mail (nullMX)"))
    return sorted((preference, name) for preference, name in found if name)[:EXCHANGERS]


async def _addresses(name: str, preference: int, oracle: Oracle, rules: HostRules) -> tuple[list[Host], Outcome | None]:
    """The addresses of one name, of all families, and why there are none of one."""
    hosts: list[Host] = []
    failure: Outcome | None = None
    families = rules.families if rules.by_dns else ()
    answers = await asyncio.gather(*(oracle.dns(name, family) for family in families))
    for family, answer in zip(families, answers, strict=True):
        known_as = answer.canonical if rules.true_names and answer.canonical else name
        hosts += (Host(known_as, address, preference) for address in answer.records)
        if answer.status is not DnsStatus.FOUND and (failure is None or not failure.is_soft):
            failure = _failure(name, family, answer)
    if not hosts and rules.native is not None:
        hosts += (Host(name, address, preference) for address in await rules.native(name))
        failure = failure or Outcome("5.4.4", f"unable to look up host {name}: Name or service not known")
    return hosts, failure


def _failure(name: str, rtype: str, answer: DnsAnswer) -> Outcome:
    if answer.reason in (DROPPED, MALFORMED):
        dsn = "4.7.0" if answer.reason == DROPPED else "4.4.3"
        return Outcome(dsn, f"Error looking up name={name} type={rtype}: {answer.reason}")
    text = f"Host or domain name not found. Name service error for name={name} type={rtype}: {answer.reason}"
    return Outcome("4.4.3" if answer.status is DnsStatus.TEMPFAIL else "5.4.4", text)


def _without_us(hosts: list[Host], own: frozenset[str]) -> list[Host]:
    ours = [host.preference for host in hosts if host.address in own]
    return [host for host in hosts if not ours or host.preference < min(ours)]


def _ordered(hosts: list[Host], rules: HostRules) -> list[Host]:
    if rules.shuffled:
        random.shuffle(hosts)
    wanted = {"ipv6": ":", "ipv4": "."}.get(rules.first)
    hosts.sort(key=lambda host: (host.preference, wanted is not None and wanted not in host.address))
    if not 0 < rules.limit < len(hosts):
        return hosts
    return _balanced(hosts, rules.limit) if rules.balanced else hosts[: rules.limit]


def _balanced(hosts: list[Host], limit: int) -> list[Host]:
    """So many hosts, in their order; a family gets more than half of the places only where the other has no use."""
    first_is_six = ":" in hosts[0].address
    first = sum((":" in host.address) == first_is_six for host in hosts)
    other = min(len(hosts) - first, limit // 2)
    left = {first_is_six: limit - other, not first_is_six: limit - min(first, limit - other)}
    chosen: list[Host] = []
    for host in hosts:
        family = ":" in host.address
        if left[family] and len(chosen) < limit:
            left[family] -= 1
            chosen.append(host)
    return chosen
