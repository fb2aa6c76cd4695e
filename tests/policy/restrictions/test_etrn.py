"""check_etrn_access."""

from __future__ import annotations

import pytest

from gatepost.policy.facts import Stage
from tests.fakes.policy import ask

LISTS = "smtpd_etrn_restrictions = check_etrn_access hash:/e, reject"
TABLES = {"hash:/e": {"ohio.net": "REJECT not yours", "other.example": "OK"}}


@pytest.mark.parametrize(
    ("domain", "said"),
    [
        ("ohio.net", "554 5.7.1 <ohio.net>: Etrn command rejected: not yours"),
        ("sub.ohio.net", "554 5.7.1 <sub.ohio.net>: Etrn command rejected: not yours"),
        ("other.example", "ok"),
        ("third.example", "554 5.7.1 <third.example>: Etrn command rejected: Access denied"),
    ],
)
def test_the_domain_is_looked_up(domain: str, said: str) -> None:
    assert said == ask(LISTS, stage=Stage.ETRN, etrn_domain=domain, tables=TABLES).said


def test_the_log_line_has_no_addresses() -> None:
    answer = ask(LISTS, stage=Stage.ETRN, tables=TABLES, protocol="ESMTP")
    assert answer.log == [
        (
            "NOQUEUE: reject: ETRN from c.example[192.0.2.50]: 554 5.7.1 <ohio.net>: Etrn command rejected: not yours;"
            " proto=ESMTP helo=<a>"
        )
    ]


def test_other_commands_have_no_etrn_domain() -> None:
    lists = "smtpd_client_restrictions = check_etrn_access hash:/e"
    assert ask(lists, tables={"hash:/e": "REJECT"}).verdict.steps[0].rule.name != "check_etrn_access"


def test_a_bare_table_means_the_same() -> None:
    answer = ask("smtpd_etrn_restrictions = hash:/e, reject", stage=Stage.ETRN, tables=TABLES)
    assert answer.reply.endswith("not yours")
