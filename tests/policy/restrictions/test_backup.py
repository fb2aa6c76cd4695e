"""permit_mx_backup."""

from __future__ import annotations

import pytest

from gatepost.config.own import OwnAddresses
from tests.fakes.oracle import FakeOracle
from tests.fakes.policy import Answer, decided, facts, program

ZONE = {
    "backed.example": "MX 10 main.backed.example; MX 20 self.backed.example",
    "main.backed.example": "A 192.0.2.20",
    "self.backed.example": "A 198.51.100.1",
    "onlyself.example": "MX 10 self.backed.example",
    "equal.example": "MX 10 main.backed.example; MX 10 self.backed.example",
    "other.example": "MX 10 main.backed.example",
    "named.example": "MX 10 main.backed.example; MX 20 mx.ohio.net",
    "far.example": "MX 10 far.mx.example; MX 20 self.backed.example",
    "far.mx.example": "A 203.0.113.1",
    "nullmx.example": "MX 0 .; A 198.51.100.1",
    "noaddr.example": "MX 10 nohost.example; MX 20 self.backed.example",
    "noself.example": "MX 10 main.backed.example; MX 20 broken.example; MX 30 self.backed.example",
    "lost.example": "MX 10 nohost.example; MX 20 main.backed.example",
    "broken.example": "SERVFAIL",
}
OWN = OwnAddresses(frozenset({"127.0.0.1"}), frozenset({"198.51.100.1"}))


def relay(domain: str, networks: str = "") -> Answer:
    compiled = program(
        "smtpd_relay_restrictions = permit_mx_backup, reject_unauth_destination\n"
        f"permit_mx_backup_networks = {networks}\n",
        own=OWN,
    )
    return decided(compiled, facts(recipient=f"a@{domain}"), FakeOracle(zone=ZONE, failing=["hash:/gone"]))


@pytest.mark.parametrize(
    ("domain", "networks", "permitted"),
    [
        ("ohio.net", "", True),
        ("backed.example", "", True),
        ("backed.example", "192.0.2.0/24", True),
        ("named.example", "", True),
        ("far.example", "", True),
        ("far.example", "192.0.2.0/24", False),
        ("onlyself.example", "", False),
        ("equal.example", "", False),
        ("other.example", "", False),
        ("nullmx.example", "", False),
        ("nowhere.example", "", False),
        ("[198.51.100.1]", "", True),
        ("[192.0.2.3]", "", False),
        ("noself.example", "", True),
        ("noaddr.example", "", True),
    ],
)
def test_whom_we_are_a_backup_for(domain: str, networks: str, permitted: bool) -> None:
    assert relay(domain, networks).said == ("ok" if permitted else f"554 5.7.1 <a@{domain}>: Relay access denied")


def test_routing_by_the_sender_is_not_permitted() -> None:
    compiled = program("smtpd_relay_restrictions = permit_mx_backup, reject_unauth_destination", own=OWN)
    answer = decided(compiled, facts(recipient="a%b@backed.example"), FakeOracle(zone=ZONE))
    assert answer.reply.endswith("Relay access denied")


@pytest.mark.parametrize(
    ("domain", "networks", "why"),
    [
        ("broken.example", "", "Unable to look up mail exchanger information: Host not found, try again"),
        ("lost.example", "", "Unable to look up mail exchanger host nohost.example: Name or service not known"),
        ("backed.example", "hash:/gone", "Unable to verify host main.backed.example as mail exchanger"),
    ],
)
def test_what_cannot_be_found_out_makes_the_refusal_temporary(domain: str, networks: str, why: str) -> None:
    assert relay(domain, networks).reply == f"450 4.4.4 <a@{domain}>: Recipient address rejected: {why}"
