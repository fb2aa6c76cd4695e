"""What the DNS knows of a name: whether it exists, which addresses it has."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

from gatepost.oracle import DnsAnswer, DnsStatus
from gatepost.policy.evaluation import Evaluation

REMEMBERED = 2000
"""Answers about mail exchangers that were looked at for addresses."""


_NOTHING = DnsAnswer(DnsStatus.NXDOMAIN)


async def existence(evaluation: Evaluation, name: str, rtypes: Sequence[str]) -> DnsAnswer:
    """The first answer with records, or with unusable ones; else the last, a failure before an absence."""
    worst = _NOTHING
    for rtype in rtypes:
        answer = evaluation.oracle.known(name, rtype) or await evaluation.oracle.dns(name, rtype)
        if answer.records or answer.status is DnsStatus.INVALID:
            if rtype == "MX":
                _warn_of_addresses(evaluation, name, answer)
            return answer
        if worst.status is not DnsStatus.TEMPFAIL:
            worst = answer
    return worst


def is_null_mx(answer: DnsAnswer) -> bool:
    """Whether a domain says that it takes no mail (RFC 7505)."""
    return len(answer.records) == 1 and answer.records[0].endswith((" ", " ."))


def exchangers(answer: DnsAnswer) -> list[tuple[int, str]]:
    """The MX records as (preference, host), best first."""
    pairs = (record.partition(" ") for record in answer.records)
    return sorted((int(preference), host) for preference, _, host in pairs)


def is_address(text: str) -> bool:
    """Whether the text is an IP address."""
    if not (text[-1:].isdigit() or ":" in text):  # the usual case, cheaply
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


async def addresses(evaluation: Evaluation, name: str) -> DnsAnswer:
    """The name's addresses in one answer; its status and reason tell of a failure if there are none."""
    if is_address(name):
        return DnsAnswer(DnsStatus.FOUND, (name,))
    found: list[str] = []
    worst = _NOTHING
    for rtype in evaluation.program.address_types:
        answer = await evaluation.oracle.dns(name, rtype)
        found += answer.records
        if worst.status is not DnsStatus.TEMPFAIL:
            worst = answer
    return DnsAnswer(DnsStatus.FOUND, tuple(found)) if found else worst


NO_ADDRESS = {
    DnsStatus.NXDOMAIN: "Name or service not known",
    DnsStatus.NODATA: "No address associated with hostname",
    DnsStatus.TEMPFAIL: "Temporary failure in name resolution",
    DnsStatus.INVALID: "Non-recoverable failure in name resolution",
}
"""Why a host has no addresses, in the words of the system's resolver, which Postfix logs."""


def _warn_of_addresses(evaluation: Evaluation, name: str, answer: DnsAnswer) -> None:
    """Remark on MX records that hold an address instead of a name (RFC 5321 section 5.1)."""
    for host in _addresses_among(answer.records):
        evaluation.warn(f"numeric domain name in resource data of MX record for {name}: {host}")


@lru_cache(REMEMBERED)
def _addresses_among(records: tuple[str, ...]) -> tuple[str, ...]:
    hosts = (host for _, host in exchangers(DnsAnswer(DnsStatus.FOUND, records)))
    return tuple(host for host in hosts if is_address(host))
