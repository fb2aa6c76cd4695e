"""access(5) values, each as the real Postfix answers it."""

from __future__ import annotations

import pytest

from gatepost.policy.facts import Stage
from gatepost.policy.outcome import Bcc, Discard, Fault, Filter, Hold, Outcome, Prepend, Redirect
from gatepost.policy.program import TABLE_LISTS_LIMIT
from tests.fakes.oracle import FakeOracle, step
from tests.fakes.policy import Answer, Change, ask, ask_table, decided, facts, program

TAIL = "; from=<a@b.example> to=<kibuna@ohio.net> proto=SMTP helo=<a>"
HERE = "RCPT from c.example[192.0.2.50]"


def recipient(value: str, **more: Change) -> Answer:
    return ask_table("smtpd_recipient_restrictions", "check_recipient_access", value, **more)


def sender(value: str, **more: Change) -> Answer:
    return ask_table("smtpd_sender_restrictions", "check_sender_access", value, **more)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("REJECT", "554 5.7.1 <kibuna@ohio.net>: Recipient address rejected: Access denied"),
        ("reject", "554 5.7.1 <kibuna@ohio.net>: Recipient address rejected: Access denied"),
        ("REJECT no thanks", "554 5.7.1 <kibuna@ohio.net>: Recipient address rejected: no thanks"),
        ("REJECT 5.7.99 custom status", "554 5.7.99 <kibuna@ohio.net>: Recipient address rejected: custom status"),
        ("REJECT 4.7.2 hm", "554 5.7.2 <kibuna@ohio.net>: Recipient address rejected: hm"),
        ("REJECT 9.9.9 foo", "554 5.7.1 <kibuna@ohio.net>: Recipient address rejected: 9.9.9 foo"),
        ("REJECT\ttabbed", "554 5.7.1 <kibuna@ohio.net>: Recipient address rejected: tabbed"),
        ("DEFER", "450 4.7.1 <kibuna@ohio.net>: Recipient address rejected: Access denied"),
        ("DEFER come back", "450 4.7.1 <kibuna@ohio.net>: Recipient address rejected: come back"),
        ("DEFER 5.7.2 hm", "450 4.7.2 <kibuna@ohio.net>: Recipient address rejected: hm"),
        ("550 user gone", "550 5.7.1 <kibuna@ohio.net>: Recipient address rejected: user gone"),
        ("550 5.1.1", "550 5.1.1 <kibuna@ohio.net>: Recipient address rejected: Access denied"),
        ("550 5.1.x y", "550 5.7.1 <kibuna@ohio.net>: Recipient address rejected: 5.1.x y"),
        ("450 4.2.1 mailbox busy", "450 4.2.1 <kibuna@ohio.net>: Recipient address rejected: mailbox busy"),
        ("421 4.7.0 closing", "421 4.7.0 <kibuna@ohio.net>: Recipient address rejected: closing"),
        ("521 5.7.0 closing", "521 5.7.0 <kibuna@ohio.net>: Recipient address rejected: closing"),
        ("DEFER_IF_PERMIT", "450 4.7.1 <kibuna@ohio.net>: Recipient address rejected: Service unavailable"),
        ("DEFER_IF_PERMIT later", "450 4.7.1 <kibuna@ohio.net>: Recipient address rejected: later"),
        ("DEFER_IF_REJECT", "ok"),
        ("OK", "ok"),
        ("ok whatever", "ok"),
        ("RELAY", "ok"),
        ("12345", "ok"),
        ("554", "ok"),
        ("DUNNO", "ok"),
        ("DUNNO and more", "ok"),
    ],
)
def test_what_a_value_says(value: str, said: str) -> None:
    assert said == recipient(value).said


@pytest.mark.parametrize(
    ("value", "word"),
    [("NOSUCHACTION", "NOSUCHACTION"), ("200 text", "200"), ("550text", "550text"), ("199 x", "199")],
)
def test_what_is_no_action_and_no_restriction_is_a_fault_of_ours(value: str, word: str) -> None:
    answer = recipient(value)
    assert answer.reply == "451 4.3.5 Server configuration error"
    assert answer.log == [
        f'warning: unknown smtpd restriction: "{word}"',
        f"NOQUEUE: reject: {HERE}: 451 4.3.5 Server configuration error{TAIL}",
    ]
    assert answer.verdict.fault is Fault.SOFTWARE


def test_ok_ends_its_list_and_no_other() -> None:
    tables = {"hash:/ok": "OK", "hash:/no": "REJECT"}
    assert ask("smtpd_recipient_restrictions = check_sender_access hash:/ok, reject", tables=tables).said == "ok"
    lists = "smtpd_sender_restrictions = check_sender_access hash:/ok\nsmtpd_recipient_restrictions = reject"
    assert ask(lists, tables=tables).verdict.outcome is Outcome.REJECT


@pytest.mark.parametrize(
    ("given", "topic", "fitting"),
    [
        ("5.1.1", "sender", "5.1.7"),
        ("5.1.2", "sender", "5.1.8"),
        ("5.1.5", "sender", "5.1.0"),
        ("5.1.9", "sender", "5.1.0"),
        ("5.1.7", "recipient", "5.1.3"),
        ("5.1.8", "recipient", "5.1.2"),
        ("5.1.9", "recipient", "5.1.0"),
        ("5.1.2", "client", "5.0.0"),
    ],
)
def test_a_status_about_an_address_fits_what_the_reply_is_about(given: str, topic: str, fitting: str) -> None:
    answer = ask_table("smtpd_client_restrictions", f"check_{topic}_access", f"REJECT {given} x")
    assert answer.reply.startswith(f"554 {fitting} ")
    assert answer.log[0].startswith(f"mapping DSN status {given} into ")
    assert answer.log[0].endswith(f" status {fitting}")


def test_a_status_that_fits_already_is_left_alone() -> None:
    assert len(recipient("REJECT 5.1.2 x").log) == 1
    assert len(sender("REJECT 5.7.1 x").log) == 1


@pytest.mark.parametrize(
    ("value", "log", "actions"),
    [
        ("HOLD", "hold: {}: <a@b.example>: Sender address triggers HOLD action", (Hold(),)),
        ("HOLD suspicious", "hold: {}: <a@b.example>: Sender address suspicious", (Hold(),)),
        ("DISCARD", "discard: {}: <a@b.example>: Sender address triggers DISCARD action", (Discard(),)),
        ("DISCARD silently", "discard: {}: <a@b.example>: Sender address silently", (Discard(),)),
        (
            "FILTER lmtp:[127.0.0.22]:24",
            "filter: {}: <a@b.example>: Sender address triggers FILTER lmtp:[127.0.0.22]:24",
            (Filter("lmtp:[127.0.0.22]:24"),),
        ),
        ("REDIRECT x@y", "redirect: {}: <a@b.example>: Sender address triggers REDIRECT x@y", (Redirect("x@y"),)),
        ("BCC x@y", "bcc: {}: <a@b.example>: Sender address triggers BCC x@y", (Bcc("x@y"),)),
        ("WARN strange", "warn: {}: strange", ()),
        ("WARN", "warn: {}: ", ()),
        ("INFO noted", "info: {}: noted", ()),
    ],
)
def test_actions_on_the_message(value: str, log: str, actions: tuple[object, ...]) -> None:
    answer = sender(value)
    assert answer.said == "ok"
    assert answer.log == [f"NOQUEUE: {log.format(HERE)}{TAIL}"]
    assert answer.actions == actions


def test_prepend_is_silent() -> None:
    answer = sender("PREPEND X-Access: yes")
    assert answer.actions == (Prepend("X-Access: yes"),)
    assert answer.log == []


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("FILTER", "has FILTER entry without value"),
        ("FILTER nocolon", "requires transport:destination"),
        ("REDIRECT", "requires user@domain target"),
        ("REDIRECT nowhere", "requires user@domain target"),
        ("BCC nowhere", "requires user@domain target"),
        ("PREPEND", "requires header: text"),
        ("PREPEND nocolon", "requires header: text"),
        ("PREPEND bad name: x", "requires header: text"),
    ],
)
def test_an_action_without_its_argument_warns_and_counts_for_nothing(value: str, complaint: str) -> None:
    answer = sender(value)
    assert answer.log == [f'warning: access table hash:/access entry "a@b.example" {complaint}']
    assert answer.actions == ()
    assert answer.said == "ok"


def test_the_warning_names_what_was_looked_up_whichever_key_was_found() -> None:
    answer = ask("smtpd_sender_restrictions = check_sender_access hash:/t", tables={"hash:/t": {"example": "BCC x"}})
    assert answer.log == ['warning: access table hash:/t entry "a@b.example" requires user@domain target']


def test_hang_up() -> None:
    answer = recipient("HANGUP bye")
    assert answer.verdict.outcome is Outcome.HANGUP
    assert answer.verdict.reply is None
    assert answer.log == [f"NOQUEUE: hangup: {HERE}: bye{TAIL}"]


def test_discard_ends_all_evaluation_and_is_not_undone() -> None:
    lists = (
        "smtpd_sender_restrictions = check_sender_access hash:/access, reject\n"
        "smtpd_recipient_restrictions = reject\n"
        "local_recipient_maps = hash:/none\n"
    )
    answer = ask(lists, tables={"hash:/access": "DISCARD", "hash:/none": {}})
    assert answer.verdict.outcome is not Outcome.REJECT
    assert [step.rule.name for step in answer.verdict.steps] == ["check_sender_access"]
    later = ask(lists, tables={"hash:/access": "DISCARD", "hash:/none": {}}, discarded=True, recipient="x@victim.com")
    assert later.verdict.steps == ()
    assert later.verdict.outcome is not Outcome.REJECT


def test_a_message_is_held_once() -> None:
    assert sender("HOLD", held=True).log == []


def test_actions_count_even_where_the_command_is_refused() -> None:
    answer = ask(
        "smtpd_recipient_restrictions = check_sender_access hash:/access, reject", tables={"hash:/access": "HOLD"}
    )
    assert answer.verdict.outcome is Outcome.REJECT
    assert answer.actions == (Hold(),)


@pytest.mark.parametrize("value", ["HOLD", "REDIRECT x@y", "PREPEND X: y"])
def test_there_is_no_message_yet_before_mail(value: str) -> None:
    word = value.split(maxsplit=1)[0]
    answer = ask_table(
        "smtpd_delay_reject = no\nsmtpd_client_restrictions", "check_client_access", value, stage=Stage.CONNECT
    )
    assert answer.log == [
        (
            f"warning: access table hash:/access: with smtpd_delay_reject=no, action {word} is always skipped"
            " in Client host or Helo command restrictions"
        )
    ]
    assert answer.actions == ()


def test_there_is_no_message_in_etrn() -> None:
    answer = ask_table("smtpd_etrn_restrictions", "check_etrn_access", "HOLD", stage=Stage.ETRN)
    assert answer.log == ["warning: access table hash:/access: action HOLD is unavailable in smtpd_etrn_restrictions"]


def test_headers_come_too_late_after_the_content() -> None:
    answer = ask_table("smtpd_end_of_data_restrictions", "check_sender_access", "PREPEND X: y", stage=Stage.END_OF_DATA)
    assert answer.log == [
        "warning: access table hash:/access: action PREPEND must be used before smtpd_end_of_data_restrictions"
    ]


def test_a_restriction_list_as_value() -> None:
    assert sender("reject_non_fqdn_sender, permit", sender="a").reply.startswith("504 5.5.2 <a>: Sender address")
    assert sender("reject_non_fqdn_sender, permit").said == "ok"
    assert sender("defer,bar").reply == "450 4.3.2 <a@b.example>: Sender address rejected: Try again later"
    assert sender("defer,bar").log[1:] == ["warning: restriction `bar' after `defer' is ignored"]


def test_a_restriction_class_as_value() -> None:
    classes = "smtpd_restriction_classes = strict\nstrict = reject_non_fqdn_helo_hostname\n"
    lists = "smtpd_recipient_restrictions = check_sender_access hash:/access, permit"
    assert ask(classes + lists, tables={"hash:/access": "strict"}).reply.startswith("504 5.5.2 <a>: Helo command")


def test_tables_must_not_name_tables() -> None:
    answer = sender("check_client_access hash:/other")
    assert answer.reply == "451 4.3.5 Server configuration error"
    assert answer.log[:3] == [
        "warning: access table hash:/access has entry with lookup table: check_client_access hash:/other",
        "warning: do not specify lookup tables inside SMTPD access maps",
        "warning: define a restriction class and specify its name instead.",
    ]


def test_an_empty_list_permits_with_a_warning() -> None:
    answer = sender(",")
    assert answer.said == "ok"
    assert answer.log == ["warning: access table hash:/access entry , has empty value"]


def test_a_table_that_leads_to_itself_comes_to_an_end() -> None:
    classes = "smtpd_restriction_classes = again\nagain = check_sender_access hash:/access\n"
    answer = ask(
        f"{classes}smtpd_sender_restrictions = again", tables={"hash:/access": "again"}, sender="loop@b.example"
    )
    assert answer.reply == "451 4.3.5 Server configuration error"
    assert answer.log[0] == "warning: access table hash:/access entry again causes unreasonable recursion"


def test_a_table_that_cannot_answer_refuses_for_now() -> None:
    lists = "smtpd_sender_restrictions = check_sender_access hash:/gone\n"
    answer = ask(lists, failing=["hash:/gone"])
    assert answer.reply == "451 4.3.5 <a@b.example>: Sender address rejected: Server configuration error"
    assert answer.log == [
        'warning: hash:/gone lookup error for "a@b.example"',
        f"NOQUEUE: reject: {HERE}: 451 4.3.5 <a@b.example>: Sender address rejected: Server configuration error{TAIL}",
    ]


def test_lists_from_tables_are_compiled_once_and_kept_within_a_limit() -> None:
    compiled = program("smtpd_sender_restrictions = check_sender_access hash:/access")
    for number in range(TABLE_LISTS_LIMIT + 5):
        decided(compiled, facts(), FakeOracle({"hash:/access": f"permit,unused{number}"}))
    first = compiled.list_from_table("permit,unused1004")
    assert compiled.list_from_table("permit,unused1004") is first
    assert len(compiled._from_tables) <= TABLE_LISTS_LIMIT


def test_no_event_loop_is_needed() -> None:
    """A decision never waits for anything but the oracle, so it can be stepped by hand."""
    from gatepost.policy.engine import decide

    compiled = program("smtpd_sender_restrictions = check_sender_access hash:/access")
    verdict = step(decide(compiled, Stage.RCPT, facts(), FakeOracle({"hash:/access": "REJECT"})))
    assert verdict.reply is not None
