"""Restrictions that look up the hosts behind a name: its addresses, mail exchangers and name servers.

    check_{client,reverse_client_hostname,helo,sender,recipient}_{a,mx,ns}_access type:table

A permit is an error in all of them, since strangers decide what their DNS says.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import Enum

from gatepost.mail.address import AddressSyntaxError, literal_address, to_ascii
from gatepost.mail.peer import UNKNOWN
from gatepost.oracle import DnsAnswer, DnsStatus
from gatepost.policy import domains, keys
from gatepost.policy.arguments import Table
from gatepost.policy.evaluation import Evaluation
from gatepost.policy.facts import Subject
from gatepost.policy.outcome import DUNNO, Outcome, Topic
from gatepost.policy.registry import restriction
from gatepost.policy.restrictions.client import never_permit

HOSTS_LIMIT = 100
"""Hosts, and addresses of a host, that are looked at (Postfix's dns_rr_list limit)."""


class Kind(Enum):
    """The record type whose hosts are looked up."""

    A = "A"
    MX = "MX"
    NS = "NS"


def _client(evaluation: Evaluation) -> tuple[str, Topic]:
    return evaluation.facts.peer.name, evaluation.topic_of(Subject.CLIENT)


def _reverse_client(evaluation: Evaluation) -> tuple[str, Topic]:
    name = evaluation.facts.peer.reverse_name
    return name, Topic(name, "Unverified Client host")


def _helo(evaluation: Evaluation) -> tuple[str, Topic]:
    return evaluation.facts.helo or "", evaluation.topic_of(Subject.HELO)


def _sender(evaluation: Evaluation) -> tuple[str, Topic]:
    return evaluation.facts.sender or "", evaluation.topic_of(Subject.SENDER)


def _recipient(evaluation: Evaluation) -> tuple[str, Topic]:
    return evaluation.facts.recipient or "", evaluation.topic_of(Subject.RECIPIENT)


Named = Callable[[Evaluation], tuple[str, Topic]]
"""Gives the host name or address whose domain is looked up, and what replies are about."""

_NAMED: dict[str, tuple[Subject, Named]] = {
    "client": (Subject.CLIENT, _client),
    "reverse_client_hostname": (Subject.CLIENT, _reverse_client),
    "helo": (Subject.HELO, _helo),
    "sender": (Subject.SENDER, _sender),
    "recipient": (Subject.RECIPIENT, _recipient),
}


def _checker(named: Named, kind: Kind) -> Callable[[Evaluation, Table], Awaitable[Outcome]]:
    async def check(evaluation: Evaluation, table: Table) -> Outcome:
        name, topic = named(evaluation)
        if not name or name.lower() == UNKNOWN:
            return DUNNO
        return never_permit(evaluation, await _check(evaluation, table, name, (kind, topic)), name)

    check.__doc__ = f"Look up the {kind.value} hosts, and their addresses, behind the {named.__name__.strip('_')} name."
    return check


for _word, (_about, _named) in _NAMED.items():
    for _kind in Kind:
        restriction(f"check_{_word}_{_kind.value.lower()}_access", about=_about)(_checker(_named, _kind))


async def _check(evaluation: Evaluation, table: Table, name: str, what: tuple[Kind, Topic]) -> Outcome:
    kind, topic = what
    for host in (await _hosts(evaluation, name, kind))[:HOSTS_LIMIT]:
        if not domains.is_address(host) and kind is not Kind.A:
            outcome = await keys.check_host(evaluation, table.spec, topic, name=host)
            if outcome is not None:
                return outcome
        answer = await domains.addresses(evaluation, host)
        if answer.status is not DnsStatus.FOUND and kind is not Kind.A:
            why = domains.NO_ADDRESS[answer.status]
            evaluation.warn(f"Unable to look up {kind.value} host {host} for {topic.kind} {topic.name}: {why}")
        for address in answer.records[:HOSTS_LIMIT]:
            outcome = await keys.check_host(evaluation, table.spec, topic, address=address)
            if outcome is not None:
                return outcome
    return DUNNO


async def _hosts(evaluation: Evaluation, name: str, kind: Kind) -> list[str]:
    """The hosts behind a name or address; none where that cannot be found out, which is logged."""
    domain = name.rpartition("@")[2]
    if domain.startswith("["):
        address = literal_address(domain)
        return [] if address is None or kind is Kind.NS else [address]
    try:
        domain = to_ascii(domain)
    except AddressSyntaxError:
        return []
    match kind:
        case Kind.A:
            return [domain]
        case Kind.MX:
            return await _exchangers(evaluation, domain)
        case Kind.NS:
            return await _name_servers(evaluation, domain, name)


async def _exchangers(evaluation: Evaluation, name: str) -> list[str]:
    """Without MX records a name is its own mail exchanger (RFC 5321 section 5.1)."""
    answer = await evaluation.oracle.dns(name, "MX")
    match answer.status:
        case DnsStatus.FOUND:
            return [] if domains.is_null_mx(answer) else [host for _, host in domains.exchangers(answer)]
        case DnsStatus.NXDOMAIN | DnsStatus.NODATA:
            return [name]
        case _:
            return _unknown(evaluation, Kind.MX, name, answer)


async def _name_servers(evaluation: Evaluation, domain: str, name: str) -> list[str]:
    """Those of the zone that the domain is in: the nearest one above it that has some. `name` is for the log."""
    while True:
        answer = await evaluation.oracle.dns(domain, "NS")
        if answer.status is DnsStatus.FOUND:
            return list(answer.records)
        above = domain.partition(".")[2]
        if answer.status in (DnsStatus.TEMPFAIL, DnsStatus.INVALID):
            return _unknown(evaluation, Kind.NS, domain, answer)
        if not above:
            return _unknown(evaluation, Kind.NS, name, answer)
        domain = above


def _unknown(evaluation: Evaluation, kind: Kind, name: str, answer: DnsAnswer) -> list[str]:
    evaluation.warn(f"Unable to look up {kind.value} host for {name}: {answer.reason}")
    return []
