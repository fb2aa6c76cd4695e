"""Restrictions about ETRN (RFC 1985)."""

from __future__ import annotations

from gatepost.policy import keys
from gatepost.policy.arguments import Table
from gatepost.policy.evaluation import Evaluation
from gatepost.policy.facts import Subject
from gatepost.policy.outcome import DUNNO, Outcome
from gatepost.policy.registry import restriction


@restriction("check_etrn_access", about=Subject.ETRN)
async def check_etrn_access(evaluation: Evaluation, table: Table) -> Outcome:
    """Look up the ETRN domain and its parents."""
    domain = evaluation.facts.etrn_domain or ""
    found = await keys.check_host(evaluation, table.spec, Subject.ETRN, name=domain)
    return found or DUNNO
