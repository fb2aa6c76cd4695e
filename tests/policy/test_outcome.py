"""The values of a decision."""

from __future__ import annotations

from gatepost.policy.outcome import OURS, SERVER_CONFIGURATION_ERROR, Fault, Refusal, Topic, lookup_failure


def test_a_topic_begins_the_reply() -> None:
    refusal = Topic("a@b.example", "Sender address").refuse(554, "5.7.1", "no")
    assert refusal == Refusal(554, "5.7.1", "<a@b.example>: Sender address rejected: no", Fault.POLICY)


def test_our_own_faults_are_told_from_policy() -> None:
    assert SERVER_CONFIGURATION_ERROR.fault & OURS
    assert lookup_failure("a@b.example").fault & OURS
    assert not Fault.POLICY & OURS
