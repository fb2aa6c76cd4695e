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
from gatepost.policy.outcome import DUNNO, Outcome, Topic
from gatepost.routing import search
from gatepost.routing.search import Found

_ACCESS = search.SearchOrder.ACCESS


async def check_host(
    evaluation: Evaluation, table: str, about: Subject | Topic, *, name: str = "", address: str = ""
) -> Outcome | None:
    """Look up a name with its parent domains, then an address with its networks. None: the table has neither.

    `about` is what replies begin with.
    """
    keys = search.host_keys(name, address, evaluation.program.access_parents)
    if not search.may_have((table,), keys, evaluation.oracle):
        return None
    outcome = None
    if name:
        searching = search.find_name((table,), name, evaluation.oracle, parents=evaluation.program.access_parents)
        outcome = await _carry_out(evaluation, searching, name, about)
    if outcome is None and address:
        searching = search.find_network((table,), address, evaluation.oracle)
        outcome = await _carry_out(evaluation, searching, address, about)
    return outcome


async def check_address(evaluation: Evaluation, table: str, subject: Subject) -> Outcome:
    """Look up the sender or the recipient as the router understands it: rewritten, its routing resolved."""
    route = await evaluation.route_of(subject)
    rules, oracle = evaluation.program.search, evaluation.oracle
    if not search.may_have((table,), rules.keys(route.recipient, _ACCESS), oracle):
        return DUNNO
    found = search.find_address((table,), route.recipient, oracle, rules, order=_ACCESS)
    outcome = await _carry_out(evaluation, found, route.recipient, subject)
    if outcome is Outcome.PERMIT and subject is Subject.RECIPIENT and route.routed:
        # `user%elsewhere@ours`: permitting that would relay to wherever the client likes.
        return outcome if evaluation.settings.allow_untrusted_routing else DUNNO
    return outcome or DUNNO


async def check_exact(evaluation: Evaluation, table: str, about: Subject | Topic, keys: Iterable[str]) -> Outcome:
    """Look up keys as they are, until one is found."""
    for key in keys:
        outcome = await _carry_out(evaluation, search.find_key((table,), key, evaluation.oracle), key, about)
        if outcome is not None:
            return outcome
    return DUNNO


async def _carry_out(
    evaluation: Evaluation, searching: Awaitable[Found | None], asked: str, about: Subject | Topic
) -> Outcome | None:
    try:
        found = await searching
    except LookupFailed as failure:
        return await access.failed(evaluation, failure, evaluation.topic_of(about))
    if found is None:
        return None
    return await access.apply(evaluation, found, asked, evaluation.topic_of(about))
