"""Address classes."""

from __future__ import annotations

import pytest

from gatepost import maillog
from gatepost.config.own import OwnAddresses
from gatepost.config.settings import Settings
from gatepost.mail.events import Event
from gatepost.oracle import LookupFailed
from gatepost.routing.classes import AddressClass, DomainClasses
from tests.fakes.oracle import FakeOracle, step

OWN = OwnAddresses(frozenset({"192.0.2.1", "2001:db8::1"}), frozenset({"192.0.2.99"}))

SETTINGS = Settings.parse("""\
myhostname = mx.ohio.net
mydestination = $myhostname, ohio.net, both.example
virtual_alias_domains = va.example, both.example, hash:va
virtual_mailbox_domains = vm.example, va.example
relay_domains = rd.example, ohio.net
""")

TABLES = FakeOracle({"hash:va": {"table.example": "x"}})


@pytest.mark.parametrize(
    ("domain", "kind"),
    [
        ("ohio.net", AddressClass.LOCAL),
        ("OHIO.net", AddressClass.LOCAL),
        ("sub.ohio.net", AddressClass.RELAY),
        ("va.example", AddressClass.ALIAS),
        ("table.example", AddressClass.ALIAS),
        ("sub.va.example", AddressClass.DEFAULT),
        ("vm.example", AddressClass.VIRTUAL),
        ("sub.rd.example", AddressClass.RELAY),
        ("other.example", AddressClass.DEFAULT),
        ("[192.0.2.1]", AddressClass.LOCAL),
        ("[192.0.2.99]", AddressClass.LOCAL),
        ("[IPv6:2001:DB8::1]", AddressClass.LOCAL),
        ("[192.0.2.2]", AddressClass.DEFAULT),
        ("[x]", AddressClass.DEFAULT),
        ("", AddressClass.DEFAULT),
    ],
)
def test_classes(domain: str, kind: AddressClass) -> None:
    assert kind is step(DomainClasses(SETTINGS, OWN).classify(domain, TABLES))
    assert kind.is_ours is (kind is not AddressClass.DEFAULT)


def test_a_domain_in_two_lists_is_warned_of_once() -> None:
    events: list[Event] = []
    classes = DomainClasses(SETTINGS, OWN, events.append)
    for domain in ("both.example", "va.example", "ohio.net", "va.example"):
        step(classes.classify(domain, TABLES))
    assert [maillog.text(event) for event in events] == [
        "warning: do not list domain both.example in BOTH mydestination and virtual_alias_domains",
        "warning: do not list domain va.example in BOTH virtual_alias_domains and virtual_mailbox_domains",
    ]


def test_a_list_that_cannot_be_read_fails() -> None:
    with pytest.raises(LookupFailed):
        step(DomainClasses(SETTINGS, OWN).classify("other.example", FakeOracle()))
