"""Searching access tables."""

from __future__ import annotations

from gatepost.policy import keys
from gatepost.policy.evaluation import Evaluation
from gatepost.policy.facts import Stage, Subject
from gatepost.policy.outcome import Outcome, Topic
from tests.fakes.oracle import FakeOracle, step
from tests.fakes.policy import Change, facts, program

TOPIC = Topic("x", "X")


def evaluation(table: dict[str, str], **changes: Change) -> Evaluation:
    return Evaluation(program(), Stage.RCPT, facts(**changes), FakeOracle({"hash:/t": table}, failing=["hash:/gone"]))


def asked(deciding: Evaluation) -> list[str]:
    assert isinstance(deciding.oracle, FakeOracle)
    return deciding.oracle.asked


def test_a_name_then_an_address() -> None:
    deciding = evaluation({})
    assert step(keys.check_host(deciding, "hash:/t", TOPIC, name="a.example", address="192.0.2.1")) is None
    assert asked(deciding) == [
        f"hash:/t {key}" for key in ("a.example", "example", "192.0.2.1", "192.0.2", "192.0", "192")
    ]


def test_an_entry_that_says_nothing_is_still_an_entry() -> None:
    deciding = evaluation({"a.example": "DUNNO"})
    outcome = step(keys.check_host(deciding, "hash:/t", TOPIC, name="a.example", address="192.0.2.1"))
    assert outcome is Outcome.DUNNO
    assert deciding.match is not None
    assert deciding.match.key == "a.example"


def test_exact_keys_are_tried_in_turn() -> None:
    deciding = evaluation({"b": "REJECT"})
    assert step(keys.check_exact(deciding, "hash:/t", TOPIC, ("a", "b", "c"))) is Outcome.REJECT
    assert asked(deciding) == ["hash:/t a", "hash:/t b"]


def test_an_address_is_looked_up_as_the_router_understands_it() -> None:
    deciding = evaluation({}, sender="user%inner@ohio.net")
    assert step(keys.check_address(deciding, "hash:/t", Subject.SENDER)) is Outcome.DUNNO
    assert asked(deciding)[0] == "hash:/t user@inner"


def test_a_table_that_fails_answers_like_one_that_refuses_for_now() -> None:
    deciding = evaluation({})
    assert step(keys.check_host(deciding, "hash:/gone", TOPIC, name="a.example")) is Outcome.REJECT
    assert deciding.reply is not None
    assert deciding.reply.text == "451 4.3.5 <x>: X rejected: Server configuration error"
