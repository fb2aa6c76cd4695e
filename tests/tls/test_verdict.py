"""Verdicts are plain values."""

from __future__ import annotations

from gatepost.tls.verdict import ChainFault, Verdict


def test_a_verdict_without_a_fault_says_nothing() -> None:
    verdict = Verdict(accepted=True, state="Trusted")
    assert ((), (), None) == (verdict.events, verdict.details, verdict.fault)
    assert ChainFault(18) == ChainFault(18, 0, "")
