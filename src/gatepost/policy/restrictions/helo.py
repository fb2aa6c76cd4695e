"""Restrictions about the name that the client gave in HELO or EHLO."""

from __future__ import annotations

from gatepost.mail.address import is_host_literal, is_hostname
from gatepost.oracle import DnsStatus
from gatepost.policy import domains, keys
from gatepost.policy.arguments import Table
from gatepost.policy.evaluation import Evaluation
from gatepost.policy.facts import Subject
from gatepost.policy.outcome import DUNNO, Outcome
from gatepost.policy.registry import restriction


@restriction("reject_invalid_helo_hostname", "reject_invalid_hostname", about=Subject.HELO)
async def reject_invalid_helo_hostname(evaluation: Evaluation) -> Outcome:
    """Refuse what is no host name, address or address literal."""
    name = evaluation.facts.helo or ""
    if name.startswith("["):
        return _check_literal(evaluation, name)
    if is_hostname(_without_dot(name), utf8=False) or domains.is_address(_without_dot(name)):
        return DUNNO
    code = evaluation.settings.invalid_hostname_reject_code
    return evaluation.reject(evaluation.topic_of(Subject.HELO).refuse(code, "5.5.2", "Invalid name"))


@restriction("reject_non_fqdn_helo_hostname", "reject_non_fqdn_hostname", about=Subject.HELO)
async def reject_non_fqdn_helo_hostname(evaluation: Evaluation) -> Outcome:
    """Refuse names without a domain (RFC 5321 section 4.1.1.1)."""
    name = evaluation.facts.helo or ""
    if name.startswith("["):
        return _check_literal(evaluation, name)
    if is_fully_qualified(name):
        return DUNNO
    code = evaluation.settings.non_fqdn_reject_code
    return evaluation.reject(evaluation.topic_of(Subject.HELO).refuse(code, "5.5.2", "need fully-qualified hostname"))


@restriction("reject_unknown_helo_hostname", "reject_unknown_hostname", about=Subject.HELO)
async def reject_unknown_helo_hostname(evaluation: Evaluation) -> Outcome:
    """Refuse names that have no address and no mail exchanger."""
    name = evaluation.facts.helo or ""
    if name.startswith("["):
        return _check_literal(evaluation, name)
    topic = evaluation.topic_of(Subject.HELO)
    answer = await domains.existence(evaluation, name, ("A", "AAAA", "MX"))
    match answer.status:
        case DnsStatus.FOUND:
            return DUNNO
        case DnsStatus.TEMPFAIL:
            action = evaluation.settings.unknown_helo_hostname_tempfail_action
            return evaluation.tempfail(action, topic.refuse(450, "4.7.1", "Host not found"))
        case DnsStatus.INVALID:
            why = "Malformed DNS server reply"
        case _:
            why = "Host not found"
    return evaluation.reject(topic.refuse(evaluation.settings.unknown_hostname_reject_code, "4.7.1", why))


@restriction("permit_naked_ip_address", about=Subject.HELO)
async def permit_naked_ip_address(evaluation: Evaluation) -> Outcome:
    """Permit clients that say HELO with a bare address. Kept for old configurations."""
    evaluation.warn(
        "restriction permit_naked_ip_address is deprecated. Use permit_mynetworks or permit_sasl_authenticated instead"
    )
    if domains.is_address(evaluation.facts.helo or ""):
        return await evaluation.permit()
    return DUNNO


@restriction("check_helo_access", about=Subject.HELO)
async def check_helo_access(evaluation: Evaluation, table: Table) -> Outcome:
    """Look up the name and its parent domains."""
    name = evaluation.facts.helo or ""
    found = await keys.check_host(evaluation, table.spec, Subject.HELO, name=name)
    return found or DUNNO


def is_fully_qualified(name: str) -> bool:
    """Whether the text is a host name with a dot in it; one behind it does not count."""
    name = _without_dot(name)
    return "." in name and is_hostname(name, utf8=False)


def _without_dot(name: str) -> str:
    return name.removesuffix(".")


def _check_literal(evaluation: Evaluation, text: str) -> Outcome:
    if is_host_literal(text):
        return DUNNO
    code = evaluation.settings.invalid_hostname_reject_code
    return evaluation.reject(evaluation.topic_of(Subject.HELO).refuse(code, "5.5.2", "invalid ip address"))
