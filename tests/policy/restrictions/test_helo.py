"""Restrictions about the HELO name."""

from __future__ import annotations

import pytest

from tests.fakes.policy import ask

ZONE = {
    "good.example": "A 192.0.2.7; MX 10 mail.good.example",
    "onlymx.example": "MX 10 mail.good.example",
    "nullmx.example": "MX 0 .",
    "noaddr.example": "TXT nothing",
    "alias.example": "CNAME good.example",
    "broken.example": "SERVFAIL",
}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("good.example", ""),
        ("single", ""),
        ("bad_name.example", ""),
        ("a.example.", ""),
        ("192.0.2.1", ""),
        ("2001:db8::1", ""),
        ("[192.0.2.1]", ""),
        ("[IPv6:2001:db8::1]", ""),
        ("-bad.example", "Invalid name"),
        ("a..b", "Invalid name"),
        ("a_b?", "Invalid name"),
        ("12345", "Invalid name"),
        ("bücher.example", "Invalid name"),
        (".", "Invalid name"),
        ("[192.0.2.999]", "invalid ip address"),
        ("[", "invalid ip address"),
        ("[2001:db8::1]", "invalid ip address"),
    ],
)
def test_reject_invalid_helo_hostname(name: str, why: str) -> None:
    said = ask("smtpd_helo_restrictions = reject_invalid_helo_hostname", helo=name).said
    assert said == (f"501 5.5.2 <{name}>: Helo command rejected: {why}" if why else "ok")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("good.example", "ok"),
        ("[192.0.2.1]", "ok"),
        ("single", "504 5.5.2 <single>: Helo command rejected: need fully-qualified hostname"),
        ("a.", "504 5.5.2 <a.>: Helo command rejected: need fully-qualified hostname"),
        ("192.0.2.1", "504 5.5.2 <192.0.2.1>: Helo command rejected: need fully-qualified hostname"),
        ("[x]", "501 5.5.2 <[x]>: Helo command rejected: invalid ip address"),
    ],
)
def test_reject_non_fqdn_helo_hostname(name: str, said: str) -> None:
    assert said == ask("smtpd_helo_restrictions = reject_non_fqdn_hostname", helo=name).said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("good.example", "ok"),
        ("onlymx.example", "ok"),
        ("nullmx.example", "ok"),
        ("alias.example", "ok"),
        ("[192.0.2.7]", "ok"),
        ("[x]", "501 5.5.2 <[x]>: Helo command rejected: invalid ip address"),
        ("nowhere.example", "550 5.7.1 <nowhere.example>: Helo command rejected: Host not found"),
        ("noaddr.example", "550 5.7.1 <noaddr.example>: Helo command rejected: Host not found"),
        ("broken.example", "450 4.7.1 <broken.example>: Helo command rejected: Host not found"),
    ],
)
def test_reject_unknown_helo_hostname(name: str, said: str) -> None:
    lists = "unknown_hostname_reject_code = 550\nsmtpd_helo_restrictions = reject_unknown_helo_hostname"
    assert said == ask(lists, helo=name, zone=ZONE).said


@pytest.mark.parametrize(("action", "words"), [("defer", 1), ("defer_if_permit", 2)])
def test_a_name_server_that_does_not_answer(action: str, words: int) -> None:
    """`defer` refuses at once; `defer_if_permit` lets the lists go on, and a permanent refusal wins."""
    lists = (
        f"unknown_helo_hostname_tempfail_action = {action}\n"
        "smtpd_helo_restrictions = reject_unknown_hostname\nsmtpd_sender_restrictions = reject"
    )
    answer = ask(lists, helo="broken.example", zone=ZONE)
    assert ["", "450", "554"][words] == answer.reply[:3]


@pytest.mark.parametrize(
    ("key", "name", "found"),
    [
        ("bad.example", "bad.example", True),
        ("bad.example", "sub.bad.example", True),
        ("mx.ohio.net", "MX.ohio.net", True),
        ("[192.0.2.9]", "[192.0.2.9]", True),
        ("192.0.2.9", "192.0.2.9", True),
        ("192.0.2", "192.0.2.9", False),
        ("2.9", "192.0.2.9", False),
    ],
)
def test_check_helo_access(key: str, name: str, found: bool) -> None:
    said = ask(
        "smtpd_helo_restrictions = check_helo_access hash:/h", helo=name, tables={"hash:/h": {key: "REJECT"}}
    ).said
    assert said == (f"554 5.7.1 <{name}>: Helo command rejected: Access denied" if found else "ok")


def test_permit_naked_ip_address_still_works_with_a_remark() -> None:
    lists = "smtpd_helo_restrictions = permit_naked_ip_address, reject"
    answer = ask(lists, helo="192.0.2.1")
    assert answer.said == "ok"
    assert answer.log == [
        (
            "warning: restriction permit_naked_ip_address is deprecated."
            " Use permit_mynetworks or permit_sasl_authenticated instead"
        )
    ]
    assert ask(lists).reply.startswith("554")
