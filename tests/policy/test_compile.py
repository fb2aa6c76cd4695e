"""From words to rules."""

from __future__ import annotations

import pytest

from gatepost.config.findings import Finding, Level, errors
from gatepost.config.own import OwnAddresses
from gatepost.mail.peer import Peer
from gatepost.policy.compile import LISTS, Compiler, compile_program
from tests.fakes.policy import ask, program, settings


def findings(main_cf: str) -> list[Finding]:
    return compile_program(settings(main_cf), OwnAddresses())[1]


def test_the_default_lists() -> None:
    compiled = program()
    assert set(LISTS) == compiled.lists.keys()
    assert [str(rule) for rule in compiled.lists["smtpd_relay_restrictions"].rules] == [
        "permit_mynetworks",
        "permit_sasl_authenticated",
        "defer_unauth_destination",
    ]
    assert findings("") == []


def test_names_separators_and_case() -> None:
    lists = (
        "smtpd_recipient_restrictions = PERMIT_MYNETWORKS,Reject_Non_FQDN_Sender\n"
        "  check_recipient_access inline:{kibuna@ohio.net=ok},,warn_if_reject reject\n"
    )
    rules = program(lists).lists["smtpd_recipient_restrictions"].rules
    assert [(rule.name, rule.written) for rule in rules] == [
        ("permit_mynetworks", "PERMIT_MYNETWORKS"),
        ("reject_non_fqdn_sender", "Reject_Non_FQDN_Sender"),
        ("check_recipient_access", "check_recipient_access"),
        ("reject", "reject"),
    ]
    assert [str(rule) for rule in rules[2:]] == [
        "check_recipient_access inline:{kibuna@ohio.net=ok}",
        "warn_if_reject reject",
    ]


def test_a_rule_knows_its_place() -> None:
    rules = (
        program("smtpd_helo_restrictions =\n\tpermit_mynetworks,\n\treject_unknown_helo_hostname\n")
        .lists["smtpd_helo_restrictions"]
        .rules
    )
    places = [rule.place for rule in rules]
    assert [(place.file, place.line, place.column) for place in places if place] == [
        ("main.cf", 9, 2),
        ("main.cf", 10, 2),
    ]
    assert all(rule.place is None for rule in program().lists["smtpd_relay_restrictions"].rules)


def test_old_names() -> None:
    rules = program("smtpd_helo_restrictions = reject_unknown_hostname").lists["smtpd_helo_restrictions"].rules
    assert (rules[0].name, rules[0].written) == ("reject_unknown_helo_hostname", "reject_unknown_hostname")


def test_classes_are_lists_by_name() -> None:
    text = "smtpd_restriction_classes = strict, loose\nstrict = reject_non_fqdn_sender, loose\nloose = permit\n"
    compiled = program(text)
    assert [rule.name for rule in compiled.classes["strict"].rules] == ["reject_non_fqdn_sender", "loose"]


def test_class_names_are_told_apart_by_case() -> None:
    text = "smtpd_restriction_classes = Strict\nStrict = reject\nsmtpd_client_restrictions = {}\n"
    assert ask(text.format("Strict")).reply.startswith("554")
    assert ask(text.format("strict")).reply == "451 4.3.5 Server configuration error"


def test_a_built_in_class_wins_over_a_definition() -> None:
    name = "reject_sender_login_mismatch"
    text = f"smtpd_restriction_classes = {name}\n{name} = reject\nsmtpd_client_restrictions = {name}\n"
    assert ask(text).said == "ok"


def test_a_restriction_wins_over_a_class_of_its_name() -> None:
    text = "smtpd_restriction_classes = permit\npermit = reject\nsmtpd_client_restrictions = permit\n"
    assert ask(text).said == "ok"


def test_a_class_that_leads_to_itself_comes_to_an_end() -> None:
    answer = ask("smtpd_restriction_classes = a\na = a\nsmtpd_client_restrictions = a\n")
    assert answer.reply == "451 4.3.5 Server configuration error"


@pytest.mark.parametrize(
    ("main_cf", "number", "level", "message"),
    [
        ("smtpd_restriction_classes = x", "GP0301", Level.ERROR, "restriction class `x' needs a definition"),
        ("smtpd_client_restrictions = no_such", "GP0302", Level.WARNING, 'unknown smtpd restriction: "no_such"'),
        (
            "smtpd_client_restrictions = sleep x",
            "GP0303",
            Level.WARNING,
            "restriction sleep must be followed by number",
        ),
        (
            "smtpd_client_restrictions = reject_rbl_client zen.example=1.2.3",
            "GP0303",
            Level.ERROR,
            "restriction reject_rbl_client: bad pattern in zen.example=1.2.3: an address has four numbers",
        ),
        (
            "smtpd_client_restrictions = permit, reject",
            "GP0304",
            Level.WARNING,
            "restriction `reject' after `permit' is ignored",
        ),
        (
            "smtpd_client_restrictions = reject_unverified_sender",
            "GP0305",
            Level.ERROR,
            "restriction reject_unverified_sender is not supported yet",
        ),
    ],
)
def test_what_is_found(main_cf: str, number: str, level: Level, message: str) -> None:
    found = [finding for finding in findings(main_cf) if finding.id == number]
    assert [(finding.level, finding.message) for finding in found] == [(level, message)]
    assert found[0].place is not None
    assert found[0].place.line == 8


def test_a_misspelt_name_is_put_right() -> None:
    (found,) = findings("smtpd_client_restrictions = reject_unknown_client_hostnam")
    assert found.hint == "did you mean reject_unknown_client_hostname?"


def test_all_faults_are_found_at_once() -> None:
    text = "smtpd_client_restrictions = nonsense, check_client_access x, reject_unverified_sender, permit, permit\n"
    assert [finding.id for finding in findings(text)] == ["GP0302", "GP0303", "GP0305", "GP0304"]


def test_an_unsupported_restriction_takes_its_argument_along() -> None:
    found = findings("smtpd_client_restrictions = check_policy_service inet:127.0.0.1:10031, permit")
    assert [finding.id for finding in found] == ["GP0305"]
    assert errors(found)


def test_unknown_names_answer_451_when_they_are_reached() -> None:
    lists = "smtpd_recipient_restrictions = permit_mynetworks, no_such_thing, reject"
    answer = ask(lists)
    assert answer.reply == "451 4.3.5 Server configuration error"
    assert answer.log[0] == 'warning: unknown smtpd restriction: "no_such_thing"'
    assert ask(lists, peer=Peer("127.0.0.1")).said == "ok"


def test_bare_tables_mean_what_their_list_is_about() -> None:
    for parameter, key in (
        ("smtpd_client_restrictions", "c.example"),
        ("smtpd_helo_restrictions", "a"),
        ("smtpd_sender_restrictions", "a@b.example"),
        ("smtpd_relay_restrictions", "kibuna@ohio.net"),
        ("smtpd_recipient_restrictions", "kibuna@ohio.net"),
    ):
        answer = ask(f"{parameter} = hash:/t, reject_unauth_destination", tables={"hash:/t": {key: "REJECT"}})
        assert answer.reply.startswith("554 5.7.1"), parameter


def test_a_bare_table_in_a_class_means_what_the_calling_list_is_about() -> None:
    text = "smtpd_restriction_classes = x\nx = hash:/t\nsmtpd_helo_restrictions = x\n"
    assert ask(text, tables={"hash:/t": {"a": "REJECT"}}).reply.startswith("554 5.7.1 <a>: Helo command")


def test_a_trailing_warn_if_reject_says_nothing() -> None:
    assert Compiler(frozenset()).compile("x", ()).rules == ()
    assert ask("smtpd_client_restrictions = warn_if_reject").said == "ok"
