"""What the DNS knows of a name."""

from __future__ import annotations

import pytest

from gatepost.oracle import DnsAnswer, DnsStatus
from gatepost.policy import domains
from gatepost.policy.evaluation import Evaluation
from gatepost.policy.facts import Stage
from tests.fakes.oracle import FakeOracle, step
from tests.fakes.policy import facts, program


def evaluation(zone: dict[str, str], main_cf: str = "") -> Evaluation:
    return Evaluation(program(main_cf), Stage.RCPT, facts(), FakeOracle(zone=zone))


@pytest.mark.parametrize(
    ("records", "status", "asked"),
    [
        ("A 192.0.2.1", DnsStatus.FOUND, 2),
        ("MX 10 mx.example", DnsStatus.FOUND, 1),
        ("TXT x", DnsStatus.NODATA, 3),
        ("MX SERVFAIL; A 192.0.2.1", DnsStatus.FOUND, 2),
        ("MX SERVFAIL", DnsStatus.TEMPFAIL, 3),
        ("AAAA SERVFAIL", DnsStatus.TEMPFAIL, 3),
    ],
)
def test_existence_is_the_first_answer_and_a_failure_beats_an_absence(
    records: str, status: DnsStatus, asked: int
) -> None:
    deciding = evaluation({"x.example": records})
    assert status is step(domains.existence(deciding, "x.example", ("MX", "A", "AAAA"))).status
    oracle = deciding.oracle
    assert isinstance(oracle, FakeOracle)
    assert len(oracle.asked) == asked


@pytest.mark.parametrize(
    ("records", "null"),
    [
        (("0 ",), True),
        (("0 .",), True),
        (("0 mx.example",), False),
        (("192.0.2.1",), False),
        (("0 ", "5 x"), False),
        ((), False),
    ],
)
def test_the_null_mx(records: tuple[str, ...], null: bool) -> None:
    assert null == domains.is_null_mx(DnsAnswer(DnsStatus.FOUND, records))


def test_exchangers_come_best_first() -> None:
    answer = DnsAnswer(DnsStatus.FOUND, ("20 b.example", "10 c.example", "20 a.example"))
    assert domains.exchangers(answer) == [(10, "c.example"), (20, "a.example"), (20, "b.example")]


@pytest.mark.parametrize(
    ("name", "status", "records"),
    [
        ("both.example", DnsStatus.FOUND, ("192.0.2.1", "2001:db8::1")),
        ("192.0.2.9", DnsStatus.FOUND, ("192.0.2.9",)),
        ("none.example", DnsStatus.NODATA, ()),
        ("nowhere.example", DnsStatus.NXDOMAIN, ()),
        ("half.example", DnsStatus.FOUND, ("192.0.2.1",)),
        ("broken.example", DnsStatus.TEMPFAIL, ()),
    ],
)
def test_addresses_of_all_families_in_use(name: str, status: DnsStatus, records: tuple[str, ...]) -> None:
    zone = {
        "both.example": "A 192.0.2.1; AAAA 2001:db8::1",
        "none.example": "TXT x",
        "half.example": "A 192.0.2.1; AAAA SERVFAIL",
        "broken.example": "SERVFAIL",
    }
    answer = step(domains.addresses(evaluation(zone, "inet_protocols = all"), name))
    assert (answer.status, answer.records) == (status, records)
