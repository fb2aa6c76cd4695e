"""Restrictions about the sender."""

from __future__ import annotations

import pytest

from tests.fakes.policy import ask

ZONE = {
    "good.example": "A 192.0.2.7; MX 10 mail.good.example",
    "onlya.example": "A 192.0.2.8",
    "onlyaaaa.example": "AAAA 2001:db8::8",
    "nullmx.example": "MX 0 .",
    "noaddr.example": "TXT nothing",
    "alias.example": "CNAME good.example",
    "broken.example": "SERVFAIL",
    "brokenmx.example": "MX SERVFAIL; A 192.0.2.8",
    "badmx.example": "MX 10 nohost.example",
    "ipmx.example": "MX 10 192.0.2.7",
}
REJECTED = "Sender address rejected:"


@pytest.mark.parametrize("sender", ["a", "a@single", "postmaster", "a@-bad.example", "a@b..example", "a@single."])
def test_addresses_that_are_not_complete(sender: str) -> None:
    said = ask("smtpd_sender_restrictions = reject_non_fqdn_sender", sender=sender).said
    assert said == f"504 5.5.2 <{sender}>: {REJECTED} need fully-qualified address"


@pytest.mark.parametrize("sender", ["", "a@b.example", "a@b.example.", "a@[192.0.2.1]", "a@bücher.example"])
def test_addresses_that_are(sender: str) -> None:
    assert ask("smtpd_sender_restrictions = reject_non_fqdn_sender", sender=sender).said == "ok"


@pytest.mark.parametrize(
    ("sender", "said"),
    [
        ("a@good.example", ""),
        ("a@onlya.example", ""),
        ("a@onlyaaaa.example", ""),
        ("a@alias.example", ""),
        ("a@brokenmx.example", ""),
        ("a@badmx.example", ""),
        ("a@ipmx.example", ""),
        ("a@ohio.net", ""),
        ("a@[192.0.2.1]", ""),
        ("a", ""),
        ("", ""),
        ("a@nullmx.example", "550 5.7.27 {} Domain nullmx.example does not accept mail (nullMX)"),
        ("a@noaddr.example", "550 5.1.8 {} Domain not found"),
        ("a@nowhere.example", "550 5.1.8 {} Domain not found"),
        ("a@broken.example", "450 4.1.8 {} Domain not found"),
    ],
)
def test_reject_unknown_sender_domain(sender: str, said: str) -> None:
    lists = "unknown_address_reject_code = 550\nsmtpd_sender_restrictions = reject_unknown_sender_domain"
    assert ask(lists, sender=sender, zone=ZONE).said == (said.format(f"<{sender}>: {REJECTED}") or "ok")


def test_an_address_for_a_mail_exchanger_is_remarked_on() -> None:
    answer = ask("smtpd_sender_restrictions = reject_unknown_address", sender="a@ipmx.example", zone=ZONE)
    assert answer.log == ["warning: numeric domain name in resource data of MX record for ipmx.example: 192.0.2.7"]


def test_unlisted_senders() -> None:
    lists = "local_recipient_maps = hash:/users\nsmtpd_sender_restrictions = reject_unlisted_sender"
    tables = {"hash:/users": {"kibuna": "x"}}
    gone = f"550 5.1.0 <x@ohio.net>: {REJECTED} User unknown in local recipient table"
    assert ask(lists, sender="x@ohio.net", tables=tables).said == gone
    for known in ("kibuna@ohio.net", "x@b.example", ""):
        assert ask(lists, sender=known, tables=tables).said == "ok"
    twice = lists.replace("reject_", "warn_if_reject reject_") + ", reject_unlisted_sender"
    assert ask(twice, sender="x@ohio.net", tables=tables).said == gone


@pytest.mark.parametrize(
    ("sender", "key", "found"),
    [
        ("full@b.example", "full@b.example", True),
        ("other@b.example", "b.example", True),
        ("x@sub.b.example", "b.example", True),
        ("LOCAL@z.example", "local@", True),
        ("user+ext@c.example", "user+ext@c.example", True),
        ("user+ext@c.example", "user@c.example", True),
        ("user+ext@c.example", "user@", True),
        ("kibuna", "mx.ohio.net", True),
        ("quo ted@q.example", '"quo ted"@q.example', True),
        ("quo ted@q.example", "quo ted@q.example", True),
        ("x@s.e.example", ".e.example", False),
        ("", "<>", True),
    ],
)
def test_keys_of_a_sender(sender: str, key: str, found: bool) -> None:
    lists = "recipient_delimiter = +\nsmtpd_sender_restrictions = check_sender_access hash:/s"
    said = ask(lists, sender=sender, tables={"hash:/s": {key: "REJECT"}}).said
    assert said == (f"554 5.7.1 <{sender}>: {REJECTED} Access denied" if found else "ok")


def test_dunno_ends_the_search() -> None:
    tables = {"hash:/s": {"a@b.example": "DUNNO", "b.example": "REJECT"}}
    assert ask("smtpd_sender_restrictions = check_sender_access hash:/s", tables=tables).said == "ok"


def test_an_entry_without_a_value_is_a_fault_of_the_table() -> None:
    lists = "smtpd_sender_restrictions = check_sender_access pcre:/s"
    answer = ask(lists, sender="u@b.example", tables={"pcre:/s": {"u@b.example": ""}})
    assert answer.said == f"451 4.3.5 <u@b.example>: {REJECTED} Server configuration error"
    assert answer.log[:2] == [
        "warning: pcre:/s lookup of u@b.example returns an empty string result",
        "warning: pcre:/s should return NO RESULT in case of NOT FOUND",
    ]


def test_pattern_tables_get_the_whole_address_only() -> None:
    answer = ask("smtpd_sender_restrictions = check_sender_access pcre:/s", tables={"pcre:/s": {}})
    assert answer.oracle.asked == ["pcre:/s a@b.example"]


def test_the_key_of_the_null_sender_is_a_setting() -> None:
    lists = "smtpd_null_access_lookup_key = nobody\nsmtpd_sender_restrictions = check_sender_access hash:/s"
    tables = {"hash:/s": {"nobody": "REJECT no bounces", "<>": "REJECT default key"}}
    assert ask(lists, sender="", tables=tables).reply == f"554 5.7.1 <>: {REJECTED} no bounces"
