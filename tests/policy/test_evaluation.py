"""The reject pipeline: checked, softened, logged; failures become replies in one place."""

from __future__ import annotations

import pytest

from gatepost.policy.evaluation import NESTING_LIMIT, REPLY_LIMIT, Evaluation, Misconfigured
from gatepost.policy.facts import Stage, Subject
from gatepost.policy.outcome import Fault, Outcome, Refusal, Topic
from gatepost.policy.program import RuleList
from tests.fakes.oracle import FakeOracle, step
from tests.fakes.policy import ask, facts, program

TAIL = "; from=<a@b.example> to=<kibuna@ohio.net> proto=SMTP helo=<a>"
HERE = "RCPT from c.example[192.0.2.50]"


def evaluation(main_cf: str = "") -> Evaluation:
    return Evaluation(program(main_cf), Stage.RCPT, facts(), FakeOracle())


@pytest.mark.parametrize(
    ("refusal", "reply"),
    [
        (Refusal(554, "5.7.1", "no"), "554 5.7.1 no"),
        (Refusal(450, "5.7.1", "no"), "450 4.7.1 no"),
        (Refusal(550, "4.1.8", "no"), "550 5.1.8 no"),
        (Refusal(554, "5.7.1", "a\tb\x00c\x1bd"), "554 5.7.1 a b c d"),
        (Refusal(554, "5.7.1", "naïve 名"), "554 5.7.1 naïve 名"),
        (Refusal(554, "5.7.1", "\udcff"), "554 5.7.1  "),
    ],
)
def test_a_reply_is_consistent_and_printable(refusal: Refusal, reply: str) -> None:
    deciding = evaluation()
    assert deciding.reject(refusal) is Outcome.REJECT
    assert deciding.reply is not None
    assert deciding.reply.text == reply


@pytest.mark.parametrize("filler", ["x", "é", "名"])
def test_a_reply_fits_a_line(filler: str) -> None:
    deciding = evaluation()
    deciding.reject(Refusal(554, "5.7.1", filler * 1000))
    assert deciding.reply is not None
    size = len(deciding.reply.text.encode())
    assert REPLY_LIMIT - 2 <= size <= REPLY_LIMIT


def test_a_code_that_does_not_refuse_is_replaced() -> None:
    answer = ask("reject_code = 200\nsmtpd_recipient_restrictions = reject")
    assert answer.reply == "450 4.7.1 Service unavailable"
    assert answer.log == [
        (
            "warning: SMTP reply code configuration error: 200 5.7.1 <kibuna@ohio.net>: Recipient address rejected:"
            " Access denied"
        ),
        f"NOQUEUE: reject: {HERE}: 450 4.7.1 Service unavailable{TAIL}",
    ]


def test_soft_bounce_is_seen_in_the_log() -> None:
    answer = ask("soft_bounce = yes\nsmtpd_sender_restrictions = reject_non_fqdn_sender", sender="a")
    assert answer.reply == "404 4.5.2 <a>: Sender address rejected: need fully-qualified address"
    assert answer.reply in answer.log[0]


def test_the_log_quotes_addresses_and_the_reply_does_not() -> None:
    answer = ask("smtpd_sender_restrictions = reject", sender="quo ted@q.example", queue_id="4F00D")
    assert answer.reply == "554 5.7.1 <quo ted@q.example>: Sender address rejected: Access denied"
    assert answer.log == [
        f'4F00D: reject: {HERE}: {answer.reply}; from=<"quo ted"@q.example> to=<kibuna@ohio.net> proto=SMTP helo=<a>'
    ]


def test_what_is_not_known_yet_is_not_logged() -> None:
    answer = ask("smtpd_delay_reject = no\nsmtpd_client_restrictions = reject", stage=Stage.CONNECT)
    assert answer.log == [
        (
            "NOQUEUE: reject: CONNECT from c.example[192.0.2.50]: 554 5.7.1 <c.example[192.0.2.50]>:"
            " Client host rejected: Access denied; proto=SMTP"
        )
    ]


def test_the_port_is_part_of_the_client_where_that_is_wanted() -> None:
    answer = ask("smtpd_client_port_logging = yes\nsmtpd_client_restrictions = reject")
    assert answer.reply == "554 5.7.1 <c.example[192.0.2.50]:50000>: Client host rejected: Access denied"
    assert "from c.example[192.0.2.50]:50000: " in answer.log[0]


def test_a_lookup_that_fails_refuses_for_now_and_names_the_address() -> None:
    maps = "virtual_alias_domains =\nvirtual_alias_maps = hash:/gone\n"
    lists = f"{maps}smtpd_sender_restrictions = warn_if_reject reject_unlisted_sender"
    answer = ask(lists, failing=["hash:/gone"])
    assert answer.reply == "451 4.3.0 <a@b.example>: Temporary lookup failure"
    assert answer.log[0] == 'warning: hash:/gone lookup error for "a@b.example"'
    assert answer.verdict.fault is Fault.DATA


def test_elsewhere_it_names_what_the_list_is_about() -> None:
    lists = "mynetworks = hash:/gone\nsmtpd_sender_restrictions = permit_mynetworks"
    answer = ask(lists, failing=["hash:/gone"])
    assert answer.reply == "451 4.3.0 <a@b.example>: Temporary lookup failure"
    assert answer.log[0] == "warning: mynetworks: hash:/gone: table lookup problem"


def test_the_failing_step_is_told() -> None:
    answer = ask("smtpd_client_restrictions = sleep x, permit")
    assert [(step.rule.name, step.outcome) for step in answer.verdict.steps] == [("sleep", Outcome.REJECT)]


def test_permits_are_logged_where_that_is_wanted() -> None:
    lists = (
        "smtpd_log_access_permit_actions = permit, ok\n"
        "smtpd_client_restrictions = check_client_access hash:/ok\n"
        "smtpd_helo_restrictions = PERMIT\n"
        "smtpd_sender_restrictions = permit_auth_destination\n"
    )
    assert ask(lists, tables={"hash:/ok": "OK"}).log == [
        f"NOQUEUE: permit: {HERE}: action=OK for Client host=c.example[192.0.2.50] from hash:/ok{TAIL}",
        f"NOQUEUE: permit: {HERE}: action=PERMIT for Helo command=a {TAIL}",
    ]


def test_a_permit_is_logged_as_being_about_what_it_went_by() -> None:
    lists = "smtpd_log_access_permit_actions = static:all\nmynetworks = 192.0.2.0/24\n"
    log = ask(f"{lists}smtpd_recipient_restrictions = permit_mynetworks", tables={"static:all": "x"}).log
    about = "action=permit_mynetworks for Client host=c.example[192.0.2.50] "
    assert log == [f"NOQUEUE: permit: {HERE}: {about}{TAIL}"] * 2


def test_no_permit_is_logged_that_will_not_be_one() -> None:
    lists = (
        "smtpd_log_access_permit_actions = static:all\n"
        "smtpd_client_restrictions = defer_if_permit\nsmtpd_helo_restrictions = permit\n"
    )
    assert [line.split()[1] for line in ask(lists, tables={"static:all": "x"}).log] == ["reject:"]


def test_lists_in_lists_have_a_limit() -> None:
    deciding = evaluation()
    deciding.depth = NESTING_LIMIT
    with pytest.raises(Misconfigured):
        step(deciding.run_nested(RuleList("x"), Topic("x", "X"), "x"))
    assert deciding.depth == NESTING_LIMIT


@pytest.mark.parametrize(
    ("subject", "topic"),
    [
        (Subject.CLIENT, Topic("c.example[192.0.2.50]", "Client host")),
        (Subject.HELO, Topic("a", "Helo command")),
        (Subject.SENDER, Topic("a@b.example", "Sender address")),
        (Subject.RECIPIENT, Topic("kibuna@ohio.net", "Recipient address")),
        (Subject.ETRN, Topic("", "Etrn command")),
    ],
)
def test_topics(subject: Subject, topic: Topic) -> None:
    assert topic == evaluation().topic_of(subject)


def test_a_route_is_asked_once_a_decision() -> None:
    relay = "relay_domains = hash:/relay\nsmtpd_relay_restrictions = reject_unauth_destination, permit_auth_destination"
    answer = ask(
        f"{relay}\nsmtpd_reject_unlisted_recipient = no",
        tables={"hash:/relay": {"x.example": "1"}},
        recipient="a@x.example",
    )
    assert answer.said == "ok"
    assert answer.oracle.asked == ["hash:/relay x.example"]
