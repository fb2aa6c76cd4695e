"""Restrictions about the recipient, above all: whom we relay for."""

from __future__ import annotations

import pytest

from tests.fakes.policy import ask

CLASSES = """\
local_recipient_maps = hash:/local
virtual_alias_domains = va.example
virtual_alias_maps = hash:/valias
virtual_mailbox_domains = vm.example
virtual_mailbox_maps = hash:/vmbox
relay_domains = relay.example
relay_recipient_maps = hash:/relayed
"""
TABLES = {
    "hash:/local": {"kibuna": "x"},
    "hash:/valias": {"info@va.example": "kibuna@ohio.net", "@catch.example": "x"},
    "hash:/vmbox": {"info@vm.example": "x"},
    "hash:/relayed": {"info@relay.example": "x"},
    "hash:/transport": {"dead@ohio.net": "error:5.2.1 mailbox closed", "slow@ohio.net": "retry:later"},
    "hash:/moved": {"gone@ohio.net": "gone@new.example"},
}
REJECTED = "Recipient address rejected:"


@pytest.mark.parametrize(
    ("recipient", "ours"),
    [
        ("kibuna@ohio.net", True),
        ("kibuna", True),
        ("info@va.example", True),
        ("info@vm.example", True),
        ("info@relay.example", True),
        ("x@sub.relay.example", True),
        ("joe@victim.com", False),
        ("joe%victim.com@ohio.net", False),
        ("victim.com!joe@ohio.net", False),
        ("joe@victim.com@ohio.net", False),
        ("joe%victim.com@relay.example", False),
    ],
)
def test_whom_we_relay_for(recipient: str, ours: bool) -> None:
    relay = f"{CLASSES}smtpd_reject_unlisted_recipient = no\nsmtpd_relay_restrictions = "
    denied = f"<{recipient}>: Relay access denied"
    refused = ask(f"{relay}reject_unauth_destination", recipient=recipient, tables=TABLES).said
    assert refused == ("ok" if ours else f"554 5.7.1 {denied}")
    deferred = ask(f"{relay}defer_unauth_destination", recipient=recipient, tables=TABLES).said
    assert deferred == ("ok" if ours else f"454 4.7.1 {denied}")
    permitted = ask(f"{relay}permit_auth_destination, reject", recipient=recipient, tables=TABLES).said
    assert permitted == ("ok" if ours else f"554 5.7.1 <{recipient}>: {REJECTED} Access denied")


def test_routing_by_the_sender_can_be_allowed() -> None:
    relay = f"{CLASSES}allow_untrusted_routing = yes\nsmtpd_reject_unlisted_recipient = no\n"
    answer = ask(
        f"{relay}smtpd_relay_restrictions = reject_unauth_destination",
        recipient="joe%victim.com@relay.example",
        tables=TABLES,
    )
    assert answer.said == "ok"


def test_the_relay_code_is_a_setting() -> None:
    relay = "relay_domains_reject_code = 551\nsmtpd_relay_restrictions = "
    assert ask(f"{relay}reject_unauth_destination", recipient="x@victim.com").reply.startswith("551 5.7.1")
    assert ask(f"{relay}defer_unauth_destination", recipient="x@victim.com").reply.startswith("451 4.7.1")


def test_a_relay_list_that_cannot_be_read_refuses_for_now() -> None:
    answer = ask("relay_domains = hash:/gone", recipient="x@victim.com", failing=["hash:/gone"])
    assert answer.reply == "451 4.3.0 <x@victim.com>: Temporary lookup failure"


@pytest.mark.parametrize(("recipient", "complete"), [("a", False), ("a@single", False), ("a@ohio.net", True)])
def test_reject_non_fqdn_recipient(recipient: str, complete: bool) -> None:
    lists = "smtpd_relay_restrictions = check_client_access static:OK, reject\n"
    answer = ask(
        f"{lists}smtpd_recipient_restrictions = reject_non_fqdn_recipient",
        recipient=recipient,
        tables={"static:OK": "OK"},
    )
    assert answer.said == ("ok" if complete else f"504 5.5.2 <{recipient}>: {REJECTED} need fully-qualified address")


@pytest.mark.parametrize(
    ("recipient", "said"),
    [
        ("a@good.example", ""),
        ("kibuna@ohio.net", ""),
        ("a@nowhere.example", "450 4.1.2 {} Domain not found"),
        ("a@broken.example", "450 4.1.2 {} Domain not found"),
        ("a@nullmx.example", "556 5.1.10 {} Domain nullmx.example does not accept mail (nullMX)"),
    ],
)
def test_reject_unknown_recipient_domain(recipient: str, said: str) -> None:
    lists = "smtpd_relay_restrictions = check_client_access static:OK, reject\n"
    zone = {
        "good.example": "MX 10 mail.good.example",
        "nullmx.example": "MX 0 .; A 192.0.2.1",
        "broken.example": "SERVFAIL",
    }
    answer = ask(
        f"{lists}smtpd_recipient_restrictions = reject_unknown_recipient_domain",
        recipient=recipient,
        tables={"static:OK": "OK"},
        zone=zone,
    )
    assert answer.said == (said.format(f"<{recipient}>: {REJECTED}") or "ok")


@pytest.mark.parametrize(
    ("recipient", "said"),
    [
        ("kibuna@ohio.net", ""),
        ("nosuch@ohio.net", "550 5.1.1 {} User unknown in local recipient table"),
        ("info@va.example", ""),
        ("nosuch@va.example", "551 5.1.1 {} User unknown in virtual alias table"),
        ("info@vm.example", ""),
        ("nosuch@vm.example", "552 5.1.1 {} User unknown in virtual mailbox table"),
        ("info@relay.example", ""),
        ("nosuch@relay.example", "453 4.1.1 {} User unknown in relay recipient table"),
        ("MAILER-DAEMON@ohio.net", ""),
        ("dead@ohio.net", "550 5.2.1 {} mailbox closed"),
        ("slow@ohio.net", "450 4.1.1 {} later"),
        ("gone@ohio.net", "550 5.1.6 {} User has moved to gone@new.example"),
    ],
)
def test_unlisted_recipients(recipient: str, said: str) -> None:
    codes = (
        "unknown_virtual_alias_reject_code = 551\nunknown_virtual_mailbox_reject_code = 552\n"
        "unknown_relay_recipient_reject_code = 453\ntransport_maps = hash:/transport\nrelocated_maps = hash:/moved\n"
    )
    assert ask(CLASSES + codes, recipient=recipient, tables=TABLES).said == (
        said.format(f"<{recipient}>: {REJECTED}") or "ok"
    )


def test_the_table_need_not_be_named() -> None:
    answer = ask(f"{CLASSES}show_user_unknown_table_name = no", recipient="nosuch@vm.example", tables=TABLES)
    assert answer.reply == f"550 5.1.1 <nosuch@vm.example>: {REJECTED} User unknown"


def test_the_sender_form_of_a_virtual_alias_domain_maps_its_status() -> None:
    answer = ask(f"{CLASSES}smtpd_reject_unlisted_sender = yes", sender="nosuch@va.example", tables=TABLES)
    assert answer.reply == "550 5.1.7 <nosuch@va.example>: Sender address rejected: User unknown in virtual alias table"
    assert answer.log[0] == "mapping DSN status 5.1.1 into Sender address status 5.1.7"


def test_a_warning_about_an_unlisted_recipient_does_not_stand_for_the_test() -> None:
    gone = f"550 5.1.1 <x@ohio.net>: {REJECTED} User unknown in local recipient table"
    warned = f"{CLASSES}smtpd_recipient_restrictions = warn_if_reject reject_unlisted_recipient"
    assert ask(f"{warned}, reject_unlisted_recipient", recipient="x@ohio.net", tables=TABLES).said == gone
    answer = ask(f"{warned}, permit", recipient="x@ohio.net", tables=TABLES)
    assert answer.said == gone, "the implied test at the end has yet to come"
    assert "reject_warning: " in answer.log[0]


def test_keys_of_a_recipient() -> None:
    lists = "recipient_delimiter = +\nsmtpd_recipient_restrictions = check_recipient_access hash:/r"
    answer = ask(lists, recipient="user+ext@ohio.net", tables={"hash:/r": {}})
    assert answer.oracle.asked == [
        "hash:/r user+ext@ohio.net",
        "hash:/r user@ohio.net",
        "hash:/r ohio.net",
        "hash:/r net",
        "hash:/r user+ext@",
        "hash:/r user@",
    ]


def test_a_routed_recipient_is_not_permitted_by_a_table() -> None:
    lists = (
        "relay_domains = relay.example\n"
        "smtpd_relay_restrictions = check_recipient_access hash:/r, reject\nsmtpd_recipient_restrictions ="
    )
    tables = {"hash:/r": {"relay.example": "OK"}}
    assert ask(lists, recipient="joe@relay.example", tables=tables).said == "ok"
    assert ask(lists, recipient="joe%victim.com@relay.example", tables=tables).reply.startswith("554")
    allowed = f"allow_untrusted_routing = yes\n{lists}"
    assert ask(allowed, recipient="joe%victim.com@relay.example", tables=tables).said == "ok"
