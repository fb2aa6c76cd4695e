"""permit_mx_backup: relaying for domains that name us as a secondary mail exchanger."""

from __future__ import annotations

from collections.abc import Iterable

from gatepost.config.matchlist import MatchList
from gatepost.oracle import DnsStatus, LookupFailed
from gatepost.policy import domains
from gatepost.policy.evaluation import Evaluation
from gatepost.policy.facts import Subject
from gatepost.policy.outcome import DUNNO, Outcome
from gatepost.policy.registry import restriction

NETWORKS = "permit_mx_backup_networks"


@restriction("permit_mx_backup", about=Subject.RECIPIENT)
async def permit_mx_backup(evaluation: Evaluation) -> Outcome:
    """Permit recipients in our own domains, and in those that have us as a mail exchanger, but not as the best one.

    With `permit_mx_backup_networks`, only where all addresses of the best ones are in these networks. What the DNS
    does not answer makes a later refusal a temporary one.
    """
    route = await evaluation.route_of(Subject.RECIPIENT)
    if route.routed and not evaluation.settings.allow_untrusted_routing:
        return DUNNO
    if route.address_class.is_ours:
        return await evaluation.permit()
    domain = route.recipient.rpartition("@")[2]
    if domain.startswith("["):
        return DUNNO
    answer = await evaluation.oracle.dns(domain, "MX")
    if answer.status is DnsStatus.TEMPFAIL:
        return _unable(evaluation, f"Unable to look up mail exchanger information: {answer.reason}")
    if answer.status is not DnsStatus.FOUND or domains.is_null_mx(answer):
        return DUNNO
    pairs = domains.exchangers(answer)
    best = [host for preference, host in pairs if preference == pairs[0][0]]
    if await _include_us(evaluation, best) or not await _include_us(evaluation, (host for _, host in pairs)):
        return DUNNO
    return await evaluation.permit() if await _are_authorized(evaluation, best) else DUNNO


async def _include_us(evaluation: Evaluation, hosts: Iterable[str]) -> bool:
    """Whether one of the hosts is this machine, by its name or by an address."""
    for host in hosts:
        if await evaluation.program.router.classes.is_local(host, evaluation.oracle):
            return True
        answer = await domains.addresses(evaluation, host)
        if any(address in evaluation.program.own for address in answer.records):
            return True
        if answer.status is not DnsStatus.FOUND:
            why = domains.NO_ADDRESS[answer.status]
            _unable(evaluation, f"Unable to look up mail exchanger host {host}: {why}")
    return False


async def _are_authorized(evaluation: Evaluation, hosts: Iterable[str]) -> bool:
    """Whether all addresses of all hosts are in the networks that we are a backup for; no networks: any will do."""
    networks = MatchList.of(evaluation.settings, NETWORKS)
    if not networks.patterns:
        return True
    for host in hosts:
        answer = await domains.addresses(evaluation, host)
        if answer.status is not DnsStatus.FOUND:
            why = domains.NO_ADDRESS[answer.status]
            _unable(evaluation, f"Unable to look up host {host} as mail exchanger: {why}")
            return False
        for address in answer.records:
            try:
                if not await networks.matches(evaluation.oracle, name=host, address=address):
                    return False
            except LookupFailed as failure:
                evaluation.warn(networks.complaint(failure))
                _unable(evaluation, f"Unable to verify host {host} as mail exchanger")
                return False
    return True


def _unable(evaluation: Evaluation, why: str) -> Outcome:
    return evaluation.defer_reject(evaluation.topic_of(Subject.RECIPIENT).refuse(450, "4.4.4", why))
