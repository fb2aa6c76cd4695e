"""Restrictions that ask DNS lists."""

from __future__ import annotations

import pytest

from gatepost.mail.peer import NameStatus, Peer
from gatepost.policy.facts import Stage
from tests.fakes.policy import Answer, Change, ask

ZONE = {
    "66.113.0.203.zen.example": "A 127.0.0.2; TXT listed, see http://zen.example/66",
    "67.113.0.203.zen.example": "A 127.0.0.10",
    "68.113.0.203.zen.example": "A 127.0.0.4; A 127.0.0.11",
    "69.113.0.203.zen.example": "SERVFAIL",
    "70.113.0.203.zen.example": "TXT only text",
    "66.113.0.203.allow.example": "A 127.0.10.1",
    "69.113.0.203.allow.example": "SERVFAIL",
    "bad.example.dbl.example": "A 127.0.1.2; TXT bad domain",
    "broken.example.dbl.example": "SERVFAIL",
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.zen.example": "A 127.0.0.2",
}


def client(restrictions: str, address: str, name: str = "c.example", **more: Change) -> Answer:
    peer = Peer(address, name, name, NameStatus.OK, NameStatus.OK)
    return ask(f"smtpd_client_restrictions = {restrictions}", peer=peer, zone=ZONE, **more)


BLOCKED = "554 5.7.1 Service unavailable; Client host [{}] blocked using zen.example"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("203.0.113.66", BLOCKED.format("203.0.113.66") + "; listed, see http://zen.example/66"),
        ("203.0.113.67", BLOCKED.format("203.0.113.67")),
        ("203.0.113.69", "ok"),
        ("203.0.113.70", "ok"),
        ("203.0.113.71", "ok"),
        ("2001:db8::1", BLOCKED.format("2001:db8::1")),
    ],
)
def test_reject_rbl_client(address: str, said: str) -> None:
    assert said == client("reject_rbl_client zen.example", address).said


@pytest.mark.parametrize(
    ("pattern", "address", "listed"),
    [
        ("127.0.0.2", "203.0.113.66", True),
        ("127.0.0.10", "203.0.113.66", False),
        ("127.0.0.[3..5;11]", "203.0.113.68", True),
        ("127.0.0.[5..10]", "203.0.113.68", False),
        ("127.0.0.[11]", "203.0.113.68", True),
    ],
)
def test_only_some_answers_may_count(pattern: str, address: str, listed: bool) -> None:
    assert listed == bool(client(f"reject_rbl_client zen.example={pattern}", address).reply)


def test_a_list_that_does_not_answer_is_remarked_on_once() -> None:
    answer = client("reject_rbl_client zen.example=127.0.0.2, reject_rbl zen.example", "203.0.113.69")
    assert answer.said == "ok"
    assert answer.log == [
        (
            "warning: 69.113.0.203.zen.example: RBL lookup error: Host or domain name not found."
            " Name service error for name=69.113.0.203.zen.example type=A: Host not found, try again"
        )
    ]


def test_a_list_without_a_name_is_skipped() -> None:
    answer = client("reject_rbl_client", "203.0.113.66")
    assert answer.said == "ok"
    assert answer.log == ["warning: restriction reject_rbl_client requires domain name argument"]


@pytest.mark.parametrize(
    ("restriction", "changes", "what"),
    [
        ("reject_rhsbl_helo", {"helo": "bad.example"}, "Helo command [bad.example]"),
        ("reject_rhsbl_sender", {"sender": "a@bad.example"}, "Sender address [a@bad.example]"),
        ("reject_rhsbl_recipient", {"recipient": "a@bad.example"}, "Recipient address [a@bad.example]"),
        ("reject_rhsbl_client", {"peer": Peer("192.0.2.1", "bad.example")}, "Client host [bad.example]"),
        (
            "reject_rhsbl_reverse_client",
            {"peer": Peer("192.0.2.1", reverse_name="bad.example")},
            "Unverified Client host [bad.example]",
        ),
    ],
)
def test_lists_of_names(restriction: str, changes: dict[str, Change], what: str) -> None:
    answer = ask(f"smtpd_client_restrictions = {restriction} dbl.example", zone=ZONE, **changes)
    assert answer.reply == f"554 5.7.1 Service unavailable; {what} blocked using dbl.example; bad domain"


@pytest.mark.parametrize(
    ("restriction", "changes"),
    [
        ("reject_rhsbl_client", {"peer": Peer("192.0.2.1")}),
        ("reject_rhsbl_reverse_client", {"peer": Peer("192.0.2.1")}),
        ("reject_rhsbl_helo", {"helo": "192.0.2.1"}),
        ("reject_rhsbl_helo", {"helo": "-no.name"}),
        ("reject_rhsbl_sender", {"sender": ""}),
        ("reject_rhsbl_sender", {"sender": "a@[192.0.2.1]"}),
    ],
)
def test_what_no_list_of_names_is_asked_for(restriction: str, changes: dict[str, Change]) -> None:
    answer = ask(f"smtpd_client_restrictions = {restriction} dbl.example", **changes)
    assert answer.oracle.asked == []


def test_permit_dnswl_client() -> None:
    lists = "permit_dnswl_client allow.example=127.0.10.[0..255], reject"
    assert client(lists, "203.0.113.66").said == "ok"
    assert client(lists, "203.0.113.67").reply.startswith("554")


def test_permit_rhswl_client() -> None:
    lists = "permit_rhswl_client dbl.example, reject"
    assert client(lists, "192.0.2.1", "bad.example").said == "ok"
    assert client(lists, "192.0.2.1", "other.example").reply.startswith("554")
    assert client(lists, "192.0.2.1", "unknown").reply.startswith("554")


def test_an_allow_list_opens_no_relay() -> None:
    relay = "smtpd_relay_restrictions = permit_dnswl_client allow.example, reject_unauth_destination\n"
    peer = Peer("203.0.113.66")
    assert "Relay access denied" in ask(relay, peer=peer, zone=ZONE, recipient="x@victim.com").reply
    vrfy = ask(f"{relay}smtpd_delay_reject = no", stage=Stage.CONNECT, peer=peer, zone=ZONE)
    assert vrfy.said == "ok"


def test_an_allow_list_that_does_not_answer_makes_refusals_temporary() -> None:
    answer = client("permit_dnswl_client allow.example, reject", "203.0.113.69")
    assert answer.reply == "450 4.7.1 <203.0.113.69>: Client host rejected: Service unavailable"
