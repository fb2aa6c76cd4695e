"""Tests that senders and recipients have in common: is the domain complete, does it exist, is the user known."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from gatepost.mail.address import AddressSyntaxError, is_hostname, to_ascii
from gatepost.oracle import DnsAnswer, DnsStatus
from gatepost.policy import access, domains
from gatepost.policy.evaluation import Evaluation
from gatepost.policy.facts import SENDER, Subject
from gatepost.policy.outcome import DUNNO, Outcome, Refusal
from gatepost.routing.classes import AddressClass
from gatepost.routing.listing import Known, Listing

REMEMBERED = 2000
"""Addresses of which it is remembered whether their domain is complete."""

_LISTED = Known.LISTED
_FINAL = (AddressClass.LOCAL, AddressClass.ALIAS, AddressClass.VIRTUAL)


def reject_non_fqdn(evaluation: Evaluation, subject: Subject) -> Outcome:
    """Refuse an address, as it was sent, without a domain that has a dot (RFC 5321 section 2.3.5)."""
    address = _address(evaluation, subject)
    if not address or _is_fully_qualified(address):
        return DUNNO
    code = evaluation.settings.non_fqdn_reject_code
    return evaluation.reject(evaluation.topic_of(subject).refuse(code, "5.5.2", "need fully-qualified address"))


@lru_cache(REMEMBERED)
def _is_fully_qualified(address: str) -> bool:
    domain = address.rpartition("@")[2].removesuffix(".") if "@" in address else ""
    return domain.startswith("[") or ("." in domain and is_hostname(domain))


async def reject_unknown_domain(
    evaluation: Evaluation, subject: Subject, dsn: str, null_mx: Callable[[str], Refusal]
) -> Outcome:
    """Refuse an address whose domain is not ours, and has neither mail exchanger nor address.

    `null_mx` makes the refusal of a domain that says it takes no mail (RFC 7505).
    """
    address = _address(evaluation, subject)
    if not address:
        return DUNNO
    route = await evaluation.route_of(subject)
    domain = route.recipient.rpartition("@")[2]
    if route.address_class in _FINAL or domain.startswith("["):
        return DUNNO
    try:
        answer = await domains.existence(evaluation, to_ascii(domain), ("MX", "A", "AAAA"))
    except AddressSyntaxError:
        answer = DnsAnswer(DnsStatus.NXDOMAIN)
    if answer.records:
        return evaluation.reject(null_mx(domain)) if domains.is_null_mx(answer) else DUNNO
    topic = evaluation.topic_of(subject)
    code = evaluation.settings.unknown_address_reject_code
    match answer.status:
        case DnsStatus.TEMPFAIL:
            action = evaluation.settings.unknown_address_tempfail_action
            return evaluation.tempfail(action, topic.refuse(450, dsn, "Domain not found"))
        case DnsStatus.INVALID:
            return evaluation.reject(topic.refuse(code, dsn, "Malformed DNS server reply"))
        case _:
            return evaluation.reject(topic.refuse(code, dsn, "Domain not found"))


async def reject_unlisted(evaluation: Evaluation, subject: Subject) -> Outcome:
    """Refuse an address in one of our domains that the domain's table does not have."""
    router, oracle = evaluation.program.router, evaluation.oracle
    route = await evaluation.route_of(subject)
    if subject is SENDER:
        listing = await router.sender_listing(route, oracle)
    else:
        listing = await router.recipient_listing(route, oracle)
    if listing.known is _LISTED:
        return DUNNO
    match listing.known:
        case Known.UNLISTED:
            return evaluation.reject(_unknown_user(evaluation, subject, listing))
        case Known.REFUSED:
            code = 550
        case Known.POSTPONED:
            code = 450
    topic = evaluation.topic_of(subject)
    dsn = access.fitting_status(listing.dsn or _NO_SUCH_ADDRESS[subject], topic, evaluation)
    return evaluation.reject(topic.refuse(code, dsn, listing.text))


_NO_SUCH_ADDRESS = {Subject.SENDER: "5.1.0", Subject.RECIPIENT: "5.1.1"}
"""Enhanced status codes for an address that does not exist (RFC 3463 section 3.2)."""


def _unknown_user(evaluation: Evaluation, subject: Subject, listing: Listing) -> Refusal:
    settings, topic = evaluation.settings, evaluation.topic_of(subject)
    dsn = _NO_SUCH_ADDRESS[subject]
    match listing.address_class:
        case AddressClass.ALIAS:
            code = settings.unknown_virtual_alias_reject_code
            dsn = access.fitting_status("5.1.1", topic, evaluation)  # the status of the class's error transport
        case AddressClass.VIRTUAL:
            code = settings.unknown_virtual_mailbox_reject_code
        case AddressClass.RELAY:
            code = settings.unknown_relay_recipient_reject_code
        case _:
            code = settings.unknown_local_recipient_reject_code
    where = f" in {listing.table}" if settings.show_user_unknown_table_name else ""
    return topic.refuse(code, dsn, f"User unknown{where}")


def _address(evaluation: Evaluation, subject: Subject) -> str:
    facts = evaluation.facts
    return (facts.sender if subject is SENDER else facts.recipient) or ""
