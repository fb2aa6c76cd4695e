"""Which lists run when, and what they add up to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gatepost.policy.facts import Stage
from gatepost.policy.outcome import Carry, Outcome, Refusal
from tests.fakes.oracle import FakeOracle
from tests.fakes.policy import Answer, Change, ask, decided, facts, program

ALL_INFO = """\
smtpd_client_restrictions = check_client_access static:{INFO client}
smtpd_helo_restrictions = check_helo_access static:{INFO helo}
smtpd_sender_restrictions = check_sender_access static:{INFO sender}
smtpd_relay_restrictions = check_recipient_access static:{INFO relay}, permit_mynetworks, reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access static:{INFO recipient}
smtpd_data_restrictions = check_client_access static:{INFO data}
smtpd_end_of_data_restrictions = check_client_access static:{INFO end}
smtpd_etrn_restrictions = check_etrn_access static:{INFO etrn}
"""

TELLING = {
    f"static:{{INFO {word}}}": f"INFO {word}"
    for word in ("client", "helo", "sender", "relay", "recipient", "data", "end", "etrn")
}


def run_lists(stage: Stage, main_cf: str = "", **changes: Change) -> list[str]:
    """The lists that ran, in order, as each says so in the log."""
    answer = ask(ALL_INFO + main_cf, stage=stage, tables=TELLING, **changes)
    return [line.partition("]: ")[2].partition(";")[0] for line in answer.log]


@pytest.mark.parametrize(
    ("stage", "delayed", "immediate"),
    [
        (Stage.CONNECT, [], ["client"]),
        (Stage.HELO, [], ["helo"]),
        (Stage.MAIL, [], ["sender"]),
        (Stage.RCPT, ["client", "helo", "sender", "relay", "recipient"], ["relay", "recipient"]),
        (Stage.VRFY, ["client", "helo", "relay", "recipient"], ["relay", "recipient"]),
        (Stage.ETRN, ["client", "helo", "etrn"], ["etrn"]),
        (Stage.DATA, ["data"], ["data"]),
        (Stage.END_OF_DATA, ["end"], ["end"]),
    ],
)
def test_when_each_list_runs(stage: Stage, delayed: list[str], immediate: list[str]) -> None:
    assert delayed == run_lists(stage)
    assert immediate == run_lists(stage, "smtpd_delay_reject = no\n")


def test_the_helo_list_needs_a_helo() -> None:
    assert run_lists(Stage.RCPT, helo=None) == ["client", "sender", "relay", "recipient"]


def test_old_configurations_have_the_recipient_list_first() -> None:
    assert run_lists(Stage.RCPT, "compatibility_level = 3.5\n")[-2:] == ["recipient", "relay"]
    order = "smtpd_relay_before_recipient_restrictions = no\n"
    assert run_lists(Stage.RCPT, order)[-2:] == ["recipient", "relay"]


def test_the_first_refusal_ends_the_chain() -> None:
    lists = "smtpd_helo_restrictions = reject\nsmtpd_sender_restrictions = defer\n"
    assert ask(lists).reply == "554 5.7.1 <a>: Helo command rejected: Access denied"


def test_a_permit_ends_only_its_list() -> None:
    lists = "smtpd_client_restrictions = permit\nsmtpd_sender_restrictions = reject\n"
    assert ask(lists).reply == "554 5.7.1 <a@b.example>: Sender address rejected: Access denied"


@pytest.mark.parametrize(
    "address", ["postmaster", "Postmaster", "double-bounce@mx.ohio.net", "Double-Bounce@MX.ohio.net"]
)
def test_who_passes_all_lists(address: str) -> None:
    answer = ask("smtpd_client_restrictions = reject", recipient=address)
    assert answer.verdict.outcome is Outcome.PERMIT
    assert answer.verdict.steps == ()


@pytest.mark.parametrize("address", ["postmaster@ohio.net", "double-bounce", "double-bounce@ohio.net"])
def test_who_does_not(address: str) -> None:
    assert ask("smtpd_client_restrictions = reject", recipient=address).reply


def test_the_probe_sender_may_be_another_one_or_none() -> None:
    lists = "smtpd_client_restrictions = reject\naddress_verify_sender = {}\n"
    assert ask(lists.format("probe@x.example"), recipient="probe@x.example").said == "ok"
    assert ask(lists.format("<>"), recipient="double-bounce@mx.ohio.net").reply


def test_data_and_end_of_data_see_the_recipient_only_where_it_is_the_only_one() -> None:
    lists = "smtpd_data_restrictions = check_recipient_access hash:/no, reject\n"
    one = ask(lists, stage=Stage.DATA, tables={"hash:/no": "REJECT"})
    assert one.log == [
        (
            "QID: reject: DATA from c.example[192.0.2.50]: 554 5.7.1 <kibuna@ohio.net>: Recipient address rejected:"
            " Access denied; from=<a@b.example> to=<kibuna@ohio.net> proto=SMTP helo=<a>"
        )
    ]
    two = ask(lists, stage=Stage.DATA, tables={"hash:/no": "REJECT"}, recipient_count=2)
    assert two.log == [
        (
            "QID: reject: DATA from c.example[192.0.2.50]: 554 5.7.1 <DATA>: Data command rejected: Access denied;"
            " from=<a@b.example> proto=SMTP helo=<a>"
        )
    ]


def test_the_end_of_data_has_a_topic_of_its_own() -> None:
    answer = ask("smtpd_end_of_data_restrictions = reject", stage=Stage.END_OF_DATA)
    assert answer.reply == "554 5.7.1 <END-OF-MESSAGE>: End-of-data rejected: Access denied"


# defer_if_permit

CLIENT_WAITS = "450 4.7.0 <c.example[192.0.2.50]>: Client host rejected: defer_if_permit requested"


def test_defer_if_permit_counts_at_the_end_of_rcpt() -> None:
    assert ask("smtpd_client_restrictions = defer_if_permit").reply == CLIENT_WAITS
    assert (
        ask("smtpd_client_restrictions = defer_if_permit\nsmtpd_recipient_restrictions = permit").reply == CLIENT_WAITS
    )


def test_any_refusal_beats_defer_if_permit() -> None:
    lists = "smtpd_client_restrictions = defer_if_permit\nsmtpd_recipient_restrictions = reject"
    assert ask(lists).reply.startswith("554 ")


def test_the_first_defer_if_permit_is_the_one_that_is_said() -> None:
    lists = "smtpd_client_restrictions = defer_if_permit\nsmtpd_sender_restrictions = defer_if_permit\n"
    assert ask(lists).reply == CLIENT_WAITS


def test_defer_if_permit_counts_before_the_test_for_unlisted_recipients() -> None:
    lists = "smtpd_client_restrictions = defer_if_permit\nlocal_recipient_maps = hash:/none\n"
    assert ask(lists, tables={"hash:/none": {}}).reply == CLIENT_WAITS


@pytest.mark.parametrize(
    ("parameter", "stage", "topic"),
    [
        ("smtpd_etrn_restrictions", Stage.ETRN, "<ohio.net>: Etrn command"),
        ("smtpd_data_restrictions", Stage.DATA, "<DATA>: Data command"),
        ("smtpd_end_of_data_restrictions", Stage.END_OF_DATA, "<END-OF-MESSAGE>: End-of-data"),
    ],
)
def test_defer_if_permit_counts_at_the_end_of_other_stages(parameter: str, stage: Stage, topic: str) -> None:
    answer = ask(f"{parameter} = defer_if_permit", stage=stage)
    assert answer.reply == f"450 4.7.0 {topic} rejected: defer_if_permit requested"


def test_defer_if_permit_of_earlier_stages_does_not_reach_the_content() -> None:
    assert ask("smtpd_client_restrictions = defer_if_permit", stage=Stage.DATA).said == "ok"


def immediate(main_cf: str) -> dict[Stage, Answer]:
    """A session with `smtpd_delay_reject = no`: each stage in turn, with what the one before left."""
    compiled = program("smtpd_delay_reject = no\n" + main_cf)
    carry = Carry()
    answers = {}
    for stage in (Stage.CONNECT, Stage.HELO, Stage.MAIL, Stage.RCPT, Stage.VRFY, Stage.ETRN):
        answers[stage] = decided(compiled, facts(stage), FakeOracle(), stage=stage, carry=carry)
        carry = answers[stage].verdict.carry
    return answers


def test_without_delay_defer_if_permit_is_carried_to_rcpt_and_etrn() -> None:
    answers = immediate("smtpd_client_restrictions = defer_if_permit")
    assert [answers[stage].said for stage in (Stage.CONNECT, Stage.HELO, Stage.MAIL)] == ["ok", "ok", "ok"]
    assert answers[Stage.RCPT].reply == CLIENT_WAITS
    assert answers[Stage.ETRN].reply == CLIENT_WAITS
    assert answers[Stage.VRFY].said == "ok"  # no sender, so nothing was carried on from one


def test_what_the_sender_list_left_does_not_count_for_etrn() -> None:
    answers = immediate("smtpd_sender_restrictions = defer_if_permit")
    assert answers[Stage.RCPT].reply == "450 4.7.0 <a@b.example>: Sender address rejected: defer_if_permit requested"
    assert answers[Stage.ETRN].said == "ok"


def test_what_a_forgotten_helo_left_does_not_count() -> None:
    waiting = Carry(helo=Refusal(450, "4.7.0", "<a>: Helo command rejected: defer_if_permit requested"))
    compiled = program("smtpd_delay_reject = no")
    with_helo = decided(compiled, facts(Stage.ETRN), FakeOracle(), stage=Stage.ETRN, carry=waiting)
    assert with_helo.reply == "450 4.7.0 <a>: Helo command rejected: defer_if_permit requested"
    without = decided(compiled, facts(Stage.ETRN, helo=None), FakeOracle(), stage=Stage.ETRN, carry=waiting)
    assert without.said == "ok"


def test_vrfy_without_a_sender_drops_what_client_and_helo_left() -> None:
    """So does Postfix: the sender list hands it on, and there is none."""
    assert ask("smtpd_client_restrictions = defer_if_permit", stage=Stage.VRFY).said == "ok"


# defer_if_reject


def test_defer_if_reject_softens_a_permanent_refusal() -> None:
    lists = "smtpd_recipient_restrictions = defer_if_reject, reject"
    waits = "450 4.7.0 <kibuna@ohio.net>: Recipient address rejected: defer_if_reject requested"
    assert ask(lists).reply == waits
    assert ask("smtpd_recipient_restrictions = defer_if_reject, permit").said == "ok"


def test_defer_if_reject_leaves_temporary_refusals_alone() -> None:
    assert ask("smtpd_recipient_restrictions = defer_if_reject, defer").reply.endswith("Try again later")


def test_defer_if_reject_counts_for_both_recipient_lists_and_the_test_behind_them() -> None:
    relay = "smtpd_relay_restrictions = defer_if_reject, permit_auth_destination, reject\n"
    assert "defer_if_reject requested" in ask(f"{relay}smtpd_recipient_restrictions = reject").reply
    assert (
        "defer_if_reject requested" in ask(f"{relay}local_recipient_maps = hash:/none", tables={"hash:/none": {}}).reply
    )


def test_defer_if_reject_does_not_reach_the_next_list() -> None:
    lists = "smtpd_client_restrictions = defer_if_reject\nsmtpd_helo_restrictions = reject"
    assert ask(lists).reply == "554 5.7.1 <a>: Helo command rejected: Access denied"


def test_a_list_ends_when_both_flags_are_set() -> None:
    answer = ask("smtpd_recipient_restrictions = defer_if_permit, defer_if_reject, reject")
    assert answer.reply == "450 4.7.0 <kibuna@ohio.net>: Recipient address rejected: defer_if_permit requested"


# warn_if_reject


def test_warn_if_reject_logs_instead_of_refusing() -> None:
    answer = ask("smtpd_recipient_restrictions = warn_if_reject reject, permit")
    assert answer.said == "ok"
    assert answer.log == [
        (
            "NOQUEUE: reject_warning: RCPT from c.example[192.0.2.50]: 554 5.7.1 <kibuna@ohio.net>:"
            " Recipient address rejected: Access denied; from=<a@b.example> to=<kibuna@ohio.net> proto=SMTP helo=<a>"
        )
    ]


def test_warn_if_reject_is_for_one_restriction_and_all_that_is_in_it() -> None:
    lists = "smtpd_restriction_classes = two\ntwo = defer, reject\nsmtpd_client_restrictions = {}\n"
    assert [line.split()[1] for line in ask(lists.format("warn_if_reject two, permit")).log] == ["reject_warning:"] * 2
    assert ask(lists.format("warn_if_reject two, reject")).reply.startswith("554")


def test_warn_if_reject_does_not_arm_defer_if_permit() -> None:
    answer = ask("smtpd_client_restrictions = warn_if_reject defer_if_permit")
    assert answer.said == "ok"
    assert "reject_warning" in answer.log[0]


def test_warn_if_reject_does_not_soften_our_own_faults() -> None:
    answer = ask("smtpd_client_restrictions = warn_if_reject check_client_access")
    assert answer.reply == "451 4.3.5 Server configuration error"


def test_warn_if_reject_does_not_use_up_defer_if_reject() -> None:
    answer = ask("smtpd_client_restrictions = defer_if_reject, warn_if_reject reject, reject")
    assert [line.split()[1] for line in answer.log] == ["reject_warning:", "reject:"]
    assert "defer_if_reject requested" in answer.reply


# Implied tests

LISTED = {"hash:/users": {"kibuna": "x"}}


def test_unlisted_recipients_are_refused_unless_that_is_off() -> None:
    users = "local_recipient_maps = hash:/users\n"
    gone = "550 5.1.1 <x@ohio.net>: Recipient address rejected: User unknown in local recipient table"
    assert ask(users, tables=LISTED, recipient="x@ohio.net").reply == gone
    assert ask(users, tables=LISTED).said == "ok"
    assert ask(f"{users}smtpd_reject_unlisted_recipient = no", tables=LISTED, recipient="x@ohio.net").said == "ok"
    assert ask(f"{users}smtpd_recipient_restrictions = permit", tables=LISTED, recipient="x@ohio.net").reply == gone


def test_the_implied_test_is_not_repeated() -> None:
    lists = "local_recipient_maps = hash:/users\nsmtpd_recipient_restrictions = reject_unlisted_recipient, permit\n"
    answer = ask(lists, tables=LISTED, recipient="kibuna@ohio.net")
    assert answer.said == "ok"
    assert answer.oracle.asked.count("hash:/users kibuna@ohio.net") == 1


def test_unlisted_senders_are_refused_where_that_is_on() -> None:
    users = "local_recipient_maps = hash:/users\nsmtpd_reject_unlisted_sender = yes\n"
    gone = "550 5.1.0 <x@ohio.net>: Sender address rejected: User unknown in local recipient table"
    assert ask(users, tables=LISTED, sender="x@ohio.net").reply == gone
    assert ask(users, tables=LISTED, sender="").said == "ok"
    stages = f"{users}smtpd_delay_reject = no\n"
    assert ask(stages, stage=Stage.MAIL, tables=LISTED, sender="x@ohio.net").reply == gone


# Log order, steps


def test_log_lines_come_in_the_order_of_the_lists() -> None:
    lists = (
        "smtpd_client_restrictions = check_client_access hash:/c\n"
        "smtpd_helo_restrictions = check_helo_access hash:/h\n"
        "smtpd_sender_restrictions = check_sender_access hash:/s\n"
    )
    tables = {"hash:/c": "WARN seen", "hash:/h": "INFO hello", "hash:/s": "REJECT nope"}
    answer = ask(lists, tables=tables)
    assert [line.split()[1] for line in answer.log] == ["warn:", "info:", "reject:"]


def test_every_evaluated_rule_is_told_with_its_place_and_what_it_found() -> None:
    lists = (
        "smtpd_restriction_classes = strict\n"
        "strict = check_helo_access hash:/h, reject\n"
        "smtpd_recipient_restrictions =\n"
        "    permit_mynetworks\n"
        "    check_recipient_access hash:/r\n"
    )
    steps = ask(lists, tables={"hash:/h": {}, "hash:/r": {"ohio.net": "strict"}}).verdict.steps
    told = [(step.depth, str(step.rule), step.outcome) for step in steps]
    assert told[-5:] == [
        (0, "permit_mynetworks", Outcome.DUNNO),
        (2, "check_helo_access hash:/h", Outcome.DUNNO),
        (2, "reject", Outcome.REJECT),
        (1, "strict", Outcome.REJECT),
        (0, "check_recipient_access hash:/r", Outcome.REJECT),
    ]
    last = steps[-1]
    assert last.rule.place is not None
    assert (last.rule.place.line, last.rule.place.column) == (12, 5)
    assert last.match is not None
    assert (last.match.table, last.match.key, last.match.value) == ("hash:/r", "ohio.net", "strict")


def test_a_verdict_does_not_depend_on_the_decision_before() -> None:
    compiled = program("smtpd_client_restrictions = check_client_access hash:/c\n")
    oracle = FakeOracle({"hash:/c": {"192.0.2.50": "REJECT"}})
    other = facts()._replace(peer=replace(facts().peer, address="192.0.2.51"))
    first = [decided(compiled, known, oracle).said for known in (facts(), other)]
    assert first == [decided(compiled, known, oracle).said for known in (facts(), other)]
    assert first[1] == "ok"
