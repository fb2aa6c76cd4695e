"""Tests that senders and recipients have in common."""

from __future__ import annotations

import pytest

from gatepost.policy import addresses
from gatepost.policy.evaluation import Evaluation
from gatepost.policy.facts import Stage, Subject
from gatepost.policy.outcome import Outcome, Refusal
from tests.fakes.oracle import FakeOracle, step
from tests.fakes.policy import Change, facts, program


def evaluation(main_cf: str = "", zone: dict[str, str] | None = None, **changes: Change) -> Evaluation:
    return Evaluation(program(main_cf), Stage.RCPT, facts(**changes), FakeOracle(zone=zone))


@pytest.mark.parametrize("subject", [Subject.SENDER, Subject.RECIPIENT])
def test_both_are_judged_alike(subject: Subject) -> None:
    deciding = evaluation(sender="x@single", recipient="x@single")
    assert addresses.reject_non_fqdn(deciding, subject) is Outcome.REJECT
    assert deciding.reply is not None
    assert deciding.reply.text.startswith(f"504 5.5.2 <x@single>: {deciding.topic_of(subject).kind} rejected")


def null_mx(domain: str) -> Refusal:
    return Refusal(556, "5.1.10", domain)


def test_a_domain_in_another_script_is_asked_for_in_ascii() -> None:
    deciding = evaluation(zone={"xn--bcher-kva.example": "MX 0 ."}, sender="a@bücher.example")
    outcome = step(addresses.reject_unknown_domain(deciding, Subject.SENDER, "4.1.8", null_mx))
    assert outcome is Outcome.REJECT
    assert deciding.reply is not None
    assert deciding.reply.text == "556 5.1.10 bücher.example"


def test_a_domain_that_no_name_server_can_be_asked_for_does_not_exist() -> None:
    deciding = evaluation(sender=f"a@{'ü' * 80}.example")
    assert step(addresses.reject_unknown_domain(deciding, Subject.SENDER, "4.1.8", null_mx)) is Outcome.REJECT


def test_an_address_without_table_is_known() -> None:
    assert step(addresses.reject_unlisted(evaluation(), Subject.RECIPIENT)) is Outcome.DUNNO
