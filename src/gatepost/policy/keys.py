"""Looking hosts and addresses up in access tables, and carrying out what the table says.

Which keys there are, and their order, is `gatepost.routing.search`'s. A host's name comes before its address; what is
found under the name keeps the address from being asked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable

from gatepost.oracle import LookupFailed
from gatepost.policy import access
from gatepost.policy.evaluation import Evaluation
from gatepost.policy.facts import Subject
from gatepost.policy.outcome import Outcome, Topic
from gatepost.routing import search
from gatepost.routing.search import Found


async def check_host(
    evaluation: Evaluation, table: str, topic: Topic, *, name: str = "", address: str = ""
) -> Outcome | None:
    """Look up a name with its parent domains, then an address with its networks. None: the table has neither."""
    outcome = None
    if name:
        parents = evaluation.program.access_parents
        found = search.find_name((table,), name, evaluation.oracle, parents=parents)
        outcome = await _carry_out(evaluation, found, name, topic)
    if outcome is None and address:
        found = search.find_network((table,), address, evaluation.oracle)
        outcome = await _carry_out(evaluation, found, address, topic)
    return outcome


async def check_address(evaluation: Evaluation, table: str, subject: Subject) -> Outcome:
    """Look up the sender or the recipient as the router understands it: rewritten, its routing resolved."""
    facts = evaluation.facts
    if subject is Subject.SENDER:
        route = await evaluation.route(facts.sender or "")
    else:
        route = await evaluation.route(facts.recipient or "", sender=facts.sender or "")
    found = search.find_address(
        (table,), route.recipient, evaluation.oracle, evaluation.program.search, order=search.SearchOrder.ACCESS
    )
    outcome = await _carry_out(evaluation, found, route.recipient, evaluation.topic_of(subject))
    if outcome is Outcome.PERMIT and subject is Subject.RECIPIENT and route.routed:
        # `user%elsewhere@ours`: permitting that would relay to wherever the client likes.
        return outcome if evaluation.settings.allow_untrusted_routing else Outcome.DUNNO
    return outcome or Outcome.DUNNO


async def check_exact(evaluation: Evaluation, table: str, topic: Topic, keys: Iterable[str]) -> Outcome:
    """Look up keys as they are, until one is found."""
    for key in keys:
        outcome = await _carry_out(evaluation, search.find_key((table,), key, evaluation.oracle), key, topic)
        if outcome is not None:
            return outcome
    return Outcome.DUNNO


async def _carry_out(
    evaluation: Evaluation, searching: Awaitable[Found | None], asked: str, topic: Topic
) -> Outcome | None:
    try:
        found = await searching
    except LookupFailed as failure:
        return await access.failed(evaluation, failure, topic)
    return None if found is None else await access.apply(evaluation, found, asked, topic)
