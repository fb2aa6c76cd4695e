"""Restrictions that ask DNS lists: of addresses (`rbl`, `dnswl`) and of names (`rhsbl`, `rhswl`)."""

from __future__ import annotations

import re
from functools import lru_cache

from gatepost.mail.address import is_hostname
from gatepost.mail.peer import UNKNOWN
from gatepost.oracle import DnsStatus
from gatepost.policy import dnslists
from gatepost.policy.arguments import DnsList
from gatepost.policy.evaluation import Evaluation
from gatepost.policy.facts import Stage, Subject
from gatepost.policy.outcome import DUNNO, Outcome, Topic
from gatepost.policy.registry import restriction
from gatepost.policy.restrictions.recipient import is_auth_destination

_NUMERIC_END = re.compile(r"(?:.*\.)?\d+")


@restriction("reject_rbl_client", "reject_rbl", about=Subject.CLIENT)
async def reject_rbl_client(evaluation: Evaluation, block: DnsList) -> Outcome:
    """Refuse clients whose address a list has."""
    address = evaluation.facts.peer.address
    return await _refuse(evaluation, dnslists.reversed_address(address), block, (address, "Client host"))


@restriction("reject_rhsbl_client", about=Subject.CLIENT)
async def reject_rhsbl_client(evaluation: Evaluation, block: DnsList) -> Outcome:
    """Refuse clients whose confirmed name a list has."""
    name = evaluation.facts.peer.name
    return await _refuse_name(evaluation, name, block, (name, "Client host"))


@restriction("reject_rhsbl_reverse_client", about=Subject.CLIENT)
async def reject_rhsbl_reverse_client(evaluation: Evaluation, block: DnsList) -> Outcome:
    """Refuse clients whose unconfirmed name a list has."""
    name = evaluation.facts.peer.reverse_name
    return await _refuse_name(evaluation, name, block, (name, "Unverified Client host"))


@restriction("reject_rhsbl_helo", about=Subject.HELO)
async def reject_rhsbl_helo(evaluation: Evaluation, block: DnsList) -> Outcome:
    """Refuse clients whose HELO name a list has."""
    name = evaluation.facts.helo or ""
    return await _refuse_name(evaluation, name, block, (name, "Helo command"))


@restriction("reject_rhsbl_sender", about=Subject.SENDER)
async def reject_rhsbl_sender(evaluation: Evaluation, block: DnsList) -> Outcome:
    """Refuse senders whose domain a list has."""
    sender = evaluation.facts.sender or ""
    return await _refuse_name(evaluation, sender.rpartition("@")[2], block, (sender, "Sender address"))


@restriction("reject_rhsbl_recipient", about=Subject.RECIPIENT)
async def reject_rhsbl_recipient(evaluation: Evaluation, block: DnsList) -> Outcome:
    """Refuse recipients whose domain a list has."""
    recipient = evaluation.facts.recipient or ""
    return await _refuse_name(evaluation, recipient.rpartition("@")[2], block, (recipient, "Recipient address"))


@restriction("permit_dnswl_client", about=Subject.CLIENT)
async def permit_dnswl_client(evaluation: Evaluation, allow: DnsList) -> Outcome:
    """Permit clients whose address a list has, where that does not open a relay."""
    address = evaluation.facts.peer.address
    return await _permit(evaluation, dnslists.reversed_address(address), allow, (address, "Client host"))


@restriction("permit_rhswl_client", about=Subject.CLIENT)
async def permit_rhswl_client(evaluation: Evaluation, allow: DnsList) -> Outcome:
    """Permit clients whose confirmed name a list has, where that does not open a relay."""
    name = evaluation.facts.peer.name
    if not _can_be_listed(name):
        return DUNNO
    return await _permit(evaluation, name, allow, (name, "Client host"))


async def _refuse_name(evaluation: Evaluation, name: str, block: DnsList, about: tuple[str, str]) -> Outcome:
    return await _refuse(evaluation, name, block, about) if _can_be_listed(name) else DUNNO


async def _refuse(evaluation: Evaluation, name: str, block: DnsList, about: tuple[str, str]) -> Outcome:
    """Refuse what the list has. `about` are name and kind of what the reply is about."""
    if await dnslists.listed(evaluation, name, block) is not DnsStatus.FOUND:
        return DUNNO
    return evaluation.reject(await dnslists.refusal(evaluation, name, block, Topic(*about)))


async def _permit(evaluation: Evaluation, name: str, allow: DnsList, about: tuple[str, str]) -> Outcome:
    if evaluation.stage is Stage.RCPT and not await is_auth_destination(evaluation):
        return DUNNO
    match await dnslists.listed(evaluation, name, allow):
        case DnsStatus.FOUND:
            return await evaluation.permit()
        case DnsStatus.TEMPFAIL:
            return evaluation.defer_reject(Topic(*about).refuse(450, "4.7.1", "Service unavailable"))
        case _:
            return DUNNO


@lru_cache(dnslists.REMEMBERED)
def _can_be_listed(name: str) -> bool:
    """Whether a list of names is asked: not for an address, nor for what is no name."""
    return name.lower() != UNKNOWN and is_hostname(name) and not _NUMERIC_END.fullmatch(name)
