"""Restrictions about who may use a sender address (`smtpd_sender_login_maps`).

| restriction                  | logged in, no owner | logged in, unlisted | not logged in, listed |
|------------------------------|---------------------|---------------------|-----------------------|
| reject_authenticated_...     | refused             | refused             |                       |
| reject_unauthenticated_...   |                     |                     | refused               |
| reject_known_...             | refused             |                     | refused               |
| reject_sender_login_mismatch | refused             | refused             | refused               |

The last one is a built-in class of the first two. The null sender belongs to everybody.
"""

from __future__ import annotations

from gatepost.policy.evaluation import Evaluation
from gatepost.policy.facts import Subject
from gatepost.policy.outcome import DUNNO, Outcome
from gatepost.policy.registry import restriction
from gatepost.routing import search

_SEPARATORS = str.maketrans(",\t\r\n", "    ")


@restriction("reject_authenticated_sender_login_mismatch", about=Subject.SENDER)
async def reject_authenticated_sender_login_mismatch(evaluation: Evaluation) -> Outcome:
    """Refuse logged-in clients whose login does not own the sender."""
    if not _applies(evaluation, "reject_authenticated_sender_login_mismatch"):
        return DUNNO
    return await _refuse_stranger(evaluation, await _owners(evaluation) or ())


@restriction("reject_unauthenticated_sender_login_mismatch", about=Subject.SENDER)
async def reject_unauthenticated_sender_login_mismatch(evaluation: Evaluation) -> Outcome:
    """Refuse clients that are not logged in, where the sender has an owner."""
    if not _applies(evaluation, "reject_unauthenticated_sender_login_mismatch"):
        return DUNNO
    return await _refuse_nobody(evaluation)


@restriction("reject_known_sender_login_mismatch", about=Subject.SENDER)
async def reject_known_sender_login_mismatch(evaluation: Evaluation) -> Outcome:
    """Refuse clients that are not an owner of the sender, where it has owners at all."""
    if not _applies(evaluation, "reject_known_sender_login_mismatch"):
        return DUNNO
    if evaluation.facts.login is None:
        return await _refuse_nobody(evaluation)
    owners = await _owners(evaluation)
    return DUNNO if owners is None else await _refuse_stranger(evaluation, owners)


def _applies(evaluation: Evaluation, name: str) -> bool:
    if not evaluation.settings.smtpd_sasl_auth_enable:
        evaluation.warn(f"restriction `{name}' ignored: no SASL support")
        return False
    return bool(evaluation.facts.sender)


async def _owners(evaluation: Evaluation) -> tuple[str, ...] | None:
    """The logins that own the sender, folded; None where it is not listed."""
    route = await evaluation.route_of(Subject.SENDER)
    found = await search.find_address(
        evaluation.settings.smtpd_sender_login_maps, route.recipient, evaluation.oracle, evaluation.program.search
    )
    if found is None:
        return None
    evaluation.match = found
    return tuple(found.value.translate(_SEPARATORS).casefold().split(" "))


async def _refuse_stranger(evaluation: Evaluation, owners: tuple[str, ...]) -> Outcome:
    login = evaluation.facts.login
    if login is None or login.username.casefold() in owners:
        return DUNNO
    return evaluation.reject(
        evaluation.topic_of(Subject.SENDER).refuse(553, "5.7.1", f"not owned by user {login.username}")
    )


async def _refuse_nobody(evaluation: Evaluation) -> Outcome:
    if evaluation.facts.login is not None or await _owners(evaluation) is None:
        return DUNNO
    return evaluation.reject(evaluation.topic_of(Subject.SENDER).refuse(553, "5.7.1", "not logged in"))
