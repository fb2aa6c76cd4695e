"""Restrictions about the session as a whole: unconditional ones, deferral, manners."""

from __future__ import annotations

from gatepost.policy.arguments import Seconds
from gatepost.policy.evaluation import Evaluation
from gatepost.policy.facts import Stage, Subject
from gatepost.policy.outcome import DUNNO, Outcome, Refusal
from gatepost.policy.registry import restriction


@restriction("permit")
async def permit(evaluation: Evaluation) -> Outcome:
    """Permit. What follows in the list is never reached."""
    outcome = await evaluation.permit()
    warn_of_ignored(evaluation, "permit")
    return outcome


@restriction("reject")
async def reject(evaluation: Evaluation) -> Outcome:
    """Refuse."""
    code = evaluation.settings.reject_code
    outcome = evaluation.reject(evaluation.topic.refuse(code, "5.7.1", "Access denied"))
    warn_of_ignored(evaluation, "reject")
    return outcome


@restriction("defer")
async def defer(evaluation: Evaluation) -> Outcome:
    """Refuse for now."""
    code = evaluation.settings.defer_code
    outcome = evaluation.reject(evaluation.topic.refuse(code, "4.3.2", "Try again later"))
    warn_of_ignored(evaluation, "defer")
    return outcome


def warn_of_ignored(evaluation: Evaluation, name: str) -> None:
    """Log that the list goes on behind what ends it."""
    rule = evaluation.rule
    if rule is not None and rule.ignored and not (evaluation.warn_only and name != "permit"):
        evaluation.warn(f"restriction `{rule.ignored}' after `{name}' is ignored")


@restriction("defer_if_permit")
async def defer_if_permit(evaluation: Evaluation) -> Outcome:
    """Refuse for now, should everything else permit."""
    return evaluation.defer_permit(evaluation.topic.refuse(450, "4.7.0", "defer_if_permit requested"))


@restriction("defer_if_reject")
async def defer_if_reject(evaluation: Evaluation) -> Outcome:
    """Turn a permanent refusal that may follow into a temporary one."""
    return evaluation.defer_reject(evaluation.topic.refuse(450, "4.7.0", "defer_if_reject requested"))


@restriction("sleep")
async def sleep(evaluation: Evaluation, pause: Seconds) -> Outcome:
    """Let the client wait."""
    await evaluation.oracle.sleep(pause.count)
    return DUNNO


@restriction("reject_unauth_pipelining")
async def reject_unauth_pipelining(evaluation: Evaluation) -> Outcome:
    """Refuse clients that sent commands before they were allowed to (RFC 2920 section 3.1)."""
    if not evaluation.facts.pipelining_violation:
        return DUNNO
    return evaluation.reject(evaluation.topic.refuse(503, "5.5.0", "Improper use of SMTP command pipelining"))


@restriction("reject_multi_recipient_bounce", about=Subject.SENDER)
async def reject_multi_recipient_bounce(evaluation: Evaluation) -> Outcome:
    """Refuse a null sender with several recipients: reports go to one (RFC 5321 section 4.5.5)."""
    facts = evaluation.facts
    others = 0 if evaluation.stage is Stage.RCPT else 1  # at RCPT the one being asked about is not counted yet
    if facts.sender or facts.recipient_count <= others:
        return DUNNO
    code = evaluation.settings.multi_recipient_bounce_reject_code
    return evaluation.reject(evaluation.topic.refuse(code, "5.5.3", "Multi-recipient bounce"))


@restriction("reject_plaintext_session")
async def reject_plaintext_session(evaluation: Evaluation) -> Outcome:
    """Refuse sessions without TLS."""
    if evaluation.facts.tls is not None:
        return DUNNO
    code = evaluation.settings.plaintext_reject_code
    return evaluation.reject(Refusal(code, "4.7.1", "Session encryption is required"))
