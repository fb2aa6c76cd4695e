"""Restrictions about the hosts behind a name."""

from __future__ import annotations

import pytest

from gatepost.mail.peer import Peer
from tests.fakes.policy import Answer, ask

ZONE = {
    "good.example": "A 192.0.2.7; MX 10 mail.good.example",
    "mail.good.example": "A 192.0.2.7",
    "client.example": "NS ns1.evil.example; A 192.0.2.51",
    "ns1.evil.example": "A 203.0.113.53",
    "spam.example": "MX 10 mx.evil.example; NS ns1.evil.example; A 203.0.113.10",
    "mx.evil.example": "A 203.0.113.25",
    "onlya.example": "A 203.0.113.10",
    "nullmx.example": "MX 0 .; A 203.0.113.10",
    "ipmx.example": "MX 10 203.0.113.25",
    "noaddr.example": "TXT x",
    "broken.example": "SERVFAIL",
}


def sender(kind: str, address: str, table: dict[str, str]) -> Answer:
    lists = f"smtpd_sender_restrictions = check_sender_{kind}_access hash:/h"
    return ask(lists, sender=address, zone=ZONE, tables={"hash:/h": table})


@pytest.mark.parametrize(
    ("kind", "address", "key", "found"),
    [
        ("mx", "a@spam.example", "203.0.113.25", True),
        ("mx", "a@spam.example", "203.0.113", True),
        ("mx", "a@spam.example", "mx.evil.example", True),
        ("mx", "a@spam.example", "evil.example", True),
        ("mx", "a@spam.example", "203.0.113.10", False),
        ("mx", "a@onlya.example", "203.0.113.10", True),
        ("mx", "a@onlya.example", "onlya.example", True),
        ("mx", "a@nullmx.example", "203.0.113.10", False),
        ("mx", "a@ipmx.example", "203.0.113.25", True),
        ("ns", "a@spam.example", "ns1.evil.example", True),
        ("ns", "a@spam.example", "203.0.113.53", True),
        ("ns", "a@x.client.example", "ns1.evil.example", True),
        ("a", "a@onlya.example", "203.0.113.10", True),
        ("a", "a@onlya.example", "onlya.example", False),
        ("a", "a@[203.0.113.10]", "203.0.113.10", True),
        ("mx", "a@[203.0.113.10]", "203.0.113.10", True),
        ("ns", "a@[203.0.113.10]", "203.0.113.10", False),
        ("mx", "", "203.0.113.10", False),
    ],
)
def test_hosts_of_a_sender(kind: str, address: str, key: str, found: bool) -> None:
    said = sender(kind, address, {key: "REJECT evil"}).said
    assert said == (f"554 5.7.1 <{address}>: Sender address rejected: evil" if found else "ok")


@pytest.mark.parametrize(
    ("kind", "address", "why"),
    [
        (
            "mx",
            "a@x.client.example",
            "MX host x.client.example for Sender address a@x.client.example: Name or service not known",
        ),
        (
            "mx",
            "a@noaddr.example",
            "MX host noaddr.example for Sender address a@noaddr.example: No address associated with hostname",
        ),
        ("mx", "a@broken.example", "MX host for broken.example: Host not found, try again"),
        ("ns", "a@onlya.example", "NS host for a@onlya.example: Host found but no data record of requested type"),
        ("ns", "a@broken.example", "NS host for broken.example: Host not found, try again"),
    ],
)
def test_what_cannot_be_looked_up_is_logged_and_passes(kind: str, address: str, why: str) -> None:
    answer = sender(kind, address, {})
    assert answer.said == "ok"
    assert answer.log == [f"warning: Unable to look up {why}"]


def test_a_name_without_address_has_no_address_to_look_up() -> None:
    assert sender("a", "a@broken.example", {}).log == []


@pytest.mark.parametrize(
    ("restriction", "topic"),
    [
        ("check_client_a_access", "<good.example[192.0.2.50]>: Client host"),
        ("check_client_mx_access", "<good.example[192.0.2.50]>: Client host"),
        ("check_reverse_client_hostname_a_access", "<good.example>: Unverified Client host"),
        ("check_helo_a_access", "<good.example>: Helo command"),
        ("check_helo_mx_access", "<good.example>: Helo command"),
        ("check_sender_a_access", "<a@good.example>: Sender address"),
        ("check_recipient_mx_access", "<b@good.example>: Recipient address"),
    ],
)
def test_whose_hosts(restriction: str, topic: str) -> None:
    answer = ask(
        f"smtpd_client_restrictions = {restriction} hash:/h",
        peer=Peer("192.0.2.50", "good.example", "good.example"),
        helo="good.example",
        sender="a@good.example",
        recipient="b@good.example",
        zone=ZONE,
        tables={"hash:/h": {"192.0.2.7": "REJECT"}},
    )
    assert answer.reply == f"554 5.7.1 {topic} rejected: Access denied"


@pytest.mark.parametrize(("kind", "found"), [("a", True), ("mx", True), ("ns", False)])
def test_an_address_literal_as_helo_name_is_its_own_host(kind: str, found: bool) -> None:
    answer = ask(
        f"smtpd_helo_restrictions = check_helo_{kind}_access hash:/h",
        helo="[192.0.2.7]",
        tables={"hash:/h": {"192.0.2.7": "REJECT"}},
    )
    assert found == bool(answer.reply)


def test_a_client_without_a_name_has_no_hosts() -> None:
    lists = (
        "smtpd_client_restrictions = check_client_mx_access hash:/h, check_reverse_client_hostname_ns_access hash:/h"
    )
    assert ask(lists, peer=Peer("192.0.2.50"), tables={"hash:/h": "REJECT"}).said == "ok"


def test_what_a_stranger_says_of_its_hosts_permits_nothing() -> None:
    answer = sender("mx", "a@good.example", {"192.0.2.7": "OK"})
    assert answer.reply == "451 4.3.5 Server configuration error"
    assert answer.log[0] == "warning: restriction check_sender_mx_access returns OK for a@good.example"
