"""Restrictions that newer releases do not have."""

from __future__ import annotations

import pytest

from gatepost.config.findings import Level
from gatepost.config.own import OwnAddresses
from gatepost.mail.peer import Peer
from gatepost.policy.compile import compile_program
from tests.fakes.policy import ask, settings

RELAY = "smtpd_relay_restrictions = check_relay_domains\nrelay_domains = partner.example, c2.example\n"


@pytest.mark.parametrize(
    ("client", "recipient", "permitted"),
    [
        ("c.example", "kibuna@ohio.net", True),
        ("c.example", "x@partner.example", True),
        ("c.example", "x@victim.com", False),
        ("c2.example", "x@victim.com", True),
        ("unknown", "x@victim.com", False),
    ],
)
def test_check_relay_domains(client: str, recipient: str, permitted: bool) -> None:
    answer = ask(RELAY, peer=Peer("192.0.2.51", client), recipient=recipient)
    denied = f"554 5.7.1 <{recipient}>: Recipient address rejected: Relay access denied"
    assert answer.said == ("ok" if permitted else denied)


def test_reject_maps_rbl() -> None:
    lists = "maps_rbl_domains = zen.example, other.example\nsmtpd_client_restrictions = reject_maps_rbl"
    listed = ask(lists, zone={"50.2.0.192.other.example": "A 127.0.0.2"})
    assert listed.reply == "554 5.7.1 Service unavailable; Client host [192.0.2.50] blocked using other.example"
    assert ask(lists).said == "ok"


@pytest.mark.parametrize("name", ["reject_maps_rbl", "permit_naked_ip_address", "check_relay_domains"])
def test_they_are_reported_with_what_takes_their_place(name: str) -> None:
    findings = compile_program(settings(f"smtpd_helo_restrictions = {name}"), OwnAddresses())[1]
    (found,) = (finding for finding in findings if finding.id == "GP0309")
    assert found.level is Level.WARNING
    assert found.hint.startswith("use ")
