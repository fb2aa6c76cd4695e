"""Restrictions that newer releases of Postfix dropped, for configurations that still have them."""

from __future__ import annotations

from gatepost.config.matchlist import MatchList
from gatepost.oracle import DnsStatus
from gatepost.policy import dnslists
from gatepost.policy.arguments import DnsList
from gatepost.policy.evaluation import Evaluation
from gatepost.policy.facts import Subject
from gatepost.policy.outcome import DUNNO, Outcome, Topic
from gatepost.policy.registry import restriction
from gatepost.policy.restrictions.recipient import is_auth_destination


@restriction("check_relay_domains", about=Subject.RECIPIENT)
async def check_relay_domains(evaluation: Evaluation) -> Outcome:
    """Permit recipients in our domains and clients named in `relay_domains`, refuse all others.

    `reject_unauth_destination` takes its place.
    """
    clients = MatchList.of(evaluation.settings, "relay_domains")
    if await clients.matches(evaluation.oracle, name=evaluation.facts.peer.name):
        return await evaluation.permit()
    if await is_auth_destination(evaluation):
        return await evaluation.permit()
    code = evaluation.settings.relay_domains_reject_code
    return evaluation.reject(evaluation.topic_of(Subject.RECIPIENT).refuse(code, "5.7.1", "Relay access denied"))


@restriction("reject_maps_rbl", about=Subject.CLIENT)
async def reject_maps_rbl(evaluation: Evaluation) -> Outcome:
    """Refuse clients whose address a list of `maps_rbl_domains` has.

    `reject_rbl_client` takes its place.
    """
    address = evaluation.facts.peer.address
    name, topic = dnslists.reversed_address(address), Topic(address, "Client host")
    for domain in evaluation.settings.maps_rbl_domains:
        block = DnsList(domain, domain)
        if await dnslists.listed(evaluation, name, block) is DnsStatus.FOUND:
            return evaluation.reject(await dnslists.refusal(evaluation, name, block, topic))
    return DUNNO
