"""Restrictions about the envelope recipient: whether it is ours, exists, and may be relayed to."""

from __future__ import annotations

from gatepost.policy import addresses, keys
from gatepost.policy.arguments import Table
from gatepost.policy.evaluation import Evaluation
from gatepost.policy.facts import Subject
from gatepost.policy.outcome import DUNNO, Outcome, Refusal
from gatepost.policy.registry import restriction


async def is_auth_destination(evaluation: Evaluation) -> bool:
    """Whether mail for the recipient is mail for us: our own domains, or those that we relay for.

    Not so with sender-specified routing in the local part (`user%elsewhere@ours`), which would make us a relay.
    """
    route = await evaluation.route_of(Subject.RECIPIENT)
    if route.routed and not evaluation.settings.allow_untrusted_routing:
        return False
    return route.address_class.is_ours


@restriction("permit_auth_destination", about=Subject.RECIPIENT)
async def permit_auth_destination(evaluation: Evaluation) -> Outcome:
    """Permit recipients in domains that we receive or relay mail for."""
    if await is_auth_destination(evaluation):
        return await evaluation.permit()
    return DUNNO


@restriction("reject_unauth_destination", about=Subject.RECIPIENT)
async def reject_unauth_destination(evaluation: Evaluation) -> Outcome:
    """Refuse recipients in all other domains. This is what keeps the server from being an open relay."""
    return await _refuse_relaying(evaluation, evaluation.settings.relay_domains_reject_code, "5.7.1")


@restriction("defer_unauth_destination", about=Subject.RECIPIENT)
async def defer_unauth_destination(evaluation: Evaluation) -> Outcome:
    """The same with a temporary refusal."""
    return await _refuse_relaying(evaluation, evaluation.settings.relay_domains_reject_code - 100, "4.7.1")


async def _refuse_relaying(evaluation: Evaluation, code: int, dsn: str) -> Outcome:
    if await is_auth_destination(evaluation):
        return DUNNO
    return evaluation.reject(Refusal(code, dsn, f"<{evaluation.facts.recipient}>: Relay access denied"))


@restriction("reject_non_fqdn_recipient", about=Subject.RECIPIENT)
async def reject_non_fqdn_recipient(evaluation: Evaluation) -> Outcome:
    """Refuse recipients without a full domain."""
    return addresses.reject_non_fqdn(evaluation, Subject.RECIPIENT)


@restriction("reject_unknown_recipient_domain", about=Subject.RECIPIENT)
async def reject_unknown_recipient_domain(evaluation: Evaluation) -> Outcome:
    """Refuse recipients whose domain is not ours and does not exist."""

    def null_mx(domain: str) -> Refusal:
        why = f"Domain {domain} does not accept mail (nullMX)"
        return evaluation.topic_of(Subject.RECIPIENT).refuse(556, "5.1.10", why)

    return await addresses.reject_unknown_domain(evaluation, Subject.RECIPIENT, "4.1.2", null_mx)


@restriction("reject_unlisted_recipient", "check_recipient_maps", about=Subject.RECIPIENT)
async def reject_unlisted_recipient(evaluation: Evaluation) -> Outcome:
    """Refuse recipients in our own domains that their table of recipients does not have."""
    if evaluation.recipient_checked or not evaluation.facts.recipient:
        return DUNNO
    evaluation.recipient_checked = not evaluation.warn_only  # a mere warning does not stand for the test
    return await addresses.reject_unlisted(evaluation, Subject.RECIPIENT)


@restriction("check_recipient_access", about=Subject.RECIPIENT)
async def check_recipient_access(evaluation: Evaluation, table: Table) -> Outcome:
    """Look up the recipient, its domain and its local part. A routed recipient is never permitted by this."""
    return await keys.check_address(evaluation, table.spec, Subject.RECIPIENT)
