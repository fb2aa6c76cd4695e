"""Restrictions about the envelope sender."""

from __future__ import annotations

from gatepost.policy import addresses, keys
from gatepost.policy.arguments import Table
from gatepost.policy.evaluation import Evaluation
from gatepost.policy.facts import Subject
from gatepost.policy.outcome import DUNNO, Outcome, Refusal
from gatepost.policy.registry import restriction


@restriction("reject_non_fqdn_sender", about=Subject.SENDER)
async def reject_non_fqdn_sender(evaluation: Evaluation) -> Outcome:
    """Refuse senders without a full domain."""
    return addresses.reject_non_fqdn(evaluation, Subject.SENDER)


@restriction("reject_unknown_sender_domain", "reject_unknown_address", about=Subject.SENDER)
async def reject_unknown_sender_domain(evaluation: Evaluation) -> Outcome:
    """Refuse senders whose domain is not ours and does not exist: a report could not reach them."""

    def null_mx(domain: str) -> Refusal:
        why = f"Domain {domain} does not accept mail (nullMX)"
        return evaluation.topic_of(Subject.SENDER).refuse(550, "5.7.27", why)

    return await addresses.reject_unknown_domain(evaluation, Subject.SENDER, "4.1.8", null_mx)


@restriction("reject_unlisted_sender", about=Subject.SENDER)
async def reject_unlisted_sender(evaluation: Evaluation) -> Outcome:
    """Refuse senders in our own domains that no table of recipients has."""
    if evaluation.sender_checked or not evaluation.facts.sender:
        return DUNNO
    evaluation.sender_checked = not evaluation.warn_only  # a mere warning does not stand for the test
    return await addresses.reject_unlisted(evaluation, Subject.SENDER)


@restriction("check_sender_access", about=Subject.SENDER)
async def check_sender_access(evaluation: Evaluation, table: Table) -> Outcome:
    """Look up the sender, its domain and its local part; the null sender under `smtpd_null_access_lookup_key`."""
    if evaluation.facts.sender:
        return await keys.check_address(evaluation, table.spec, Subject.SENDER)
    key = evaluation.settings.smtpd_null_access_lookup_key
    return await keys.check_exact(evaluation, table.spec, Subject.SENDER, (key,))
