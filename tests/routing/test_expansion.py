"""Virtual aliases."""

from __future__ import annotations

import pytest

from gatepost.config.own import OwnAddresses
from gatepost.config.settings import Settings
from gatepost.mail.envelope import Notify, Recipient
from gatepost.routing.expansion import ExpansionRefused
from gatepost.routing.router import Router
from tests.fakes.oracle import FakeOracle, step

BASE = """\
compatibility_level = 3.6
myhostname = mx.ohio.net
mydestination = $myhostname, ohio.net, cat.example, dom.example
virtual_alias_maps = hash:va
recipient_delimiter = +
"""

ALIASES = {
    "lp1@ohio.net": "lp2@ohio.net",
    "lp2@ohio.net": "lp1@ohio.net",
    "vk": "kibuna",
    "many@ohio.net": "a b c d e f",
    "@cat.example": "@ohio.net",
    "@dom.example": "kibuna",
    "ex@ohio.net": "kibuna,nobody@ohio.net",
    "list@ohio.net": 'Joe Doe <kibuna>, "q s"@ohio.net, kibuna@ohio.net',
    "dup1": "kibuna@ohio.net",
    "dup2": "kibuna@ohio.net",
    "loop@va.example": "loop@va.example, kibuna@ohio.net",
    "info@va.example": "kibuna@ohio.net joe@victim.com",
    "chain@va.example": "info@va.example",
    "d1@ohio.net": "d2@ohio.net",
    "d2@ohio.net": "d3@ohio.net",
    "d3@ohio.net": "d4@ohio.net",
    "d4@ohio.net": "kibuna@ohio.net",
    "long@ohio.net": "x" * 1001,
    "bob+x@ohio.net": "a-b@ohio.net",
    "empty@ohio.net": " , ",
    "same@ohio.net": "same@ohio.net",
}


def expanded(*addresses: str, text: str = "") -> list[tuple[str, str]]:
    """(address, original) of what the addresses become."""
    router = Router(Settings.parse(BASE + text), OwnAddresses())
    recipients = tuple(Recipient(address, address) for address in addresses)
    found = step(router.expand(recipients, FakeOracle({"hash:va": ALIASES})))
    return [(recipient.address, recipient.original) for recipient in found.recipients]


@pytest.mark.parametrize(
    ("address", "results"),
    [
        ("kibuna", ["kibuna@mx.ohio.net"]),
        ("vk@ohio.net", ["kibuna@mx.ohio.net"]),
        ("vk+x@ohio.net", ["kibuna+x@mx.ohio.net"]),
        ("x+ext@cat.example", ["x+ext@ohio.net"]),
        ("foo+bar@dom.example", ["kibuna@mx.ohio.net"]),
        ("ex+e@ohio.net", ["kibuna+e@mx.ohio.net", "nobody+e@ohio.net"]),
        ("bob+x@ohio.net", ["a-b@ohio.net"]),
        ("list@ohio.net", ["kibuna@mx.ohio.net", "q s@ohio.net", "kibuna@ohio.net"]),
        ("loop@va.example", ["loop@va.example", "kibuna@ohio.net"]),
        ("chain@va.example", ["kibuna@ohio.net", "joe@victim.com"]),
        ("d1@ohio.net", ["kibuna@ohio.net"]),
        ("other@else.example", ["other@else.example"]),
    ],
)
def test_results(address: str, results: list[str]) -> None:
    assert [(result, address) for result in results] == expanded(address)


def test_duplicates_are_dropped_for_each_original() -> None:
    found = expanded("dup1@ohio.net", "dup2@ohio.net", "kibuna@ohio.net", "kibuna@ohio.net", "KIBUNA@ohio.net")
    assert [original for _, original in found] == ["dup1@ohio.net", "dup2@ohio.net", "kibuna@ohio.net"]
    assert len(expanded("dup1@ohio.net", "dup2@ohio.net", text="enable_original_recipient = no\n")) == 1


def test_extensions_are_propagated_only_where_that_is_wanted() -> None:
    found = expanded("vk+x@ohio.net", text="propagate_unmatched_extensions = canonical\n")
    assert found == [("kibuna@mx.ohio.net", "vk+x@ohio.net")]


def test_what_the_sender_asked_for_is_kept() -> None:
    router = Router(Settings.parse(BASE), OwnAddresses())
    asked = Recipient("info@va.example", "info@va.example", Notify.DELAY, "rfc822;info")
    found = step(router.expand((asked,), FakeOracle({"hash:va": ALIASES})))
    assert {(recipient.notify, recipient.orcpt) for recipient in found.recipients} == {(Notify.DELAY, "rfc822;info")}
    assert found.expanded == ()


@pytest.mark.parametrize(
    ("address", "asked", "left", "told"),
    [
        ("info@va.example", Notify.SUCCESS, Notify.NEVER, True),
        ("info@va.example", Notify.SUCCESS | Notify.FAILURE, Notify.FAILURE, True),
        ("info@va.example", Notify.NEVER, Notify.NEVER, False),
        ("vk@ohio.net", Notify.SUCCESS, Notify.NEVER, True),
        ("same@ohio.net", Notify.SUCCESS, Notify.SUCCESS, False),
        ("kibuna@ohio.net", Notify.SUCCESS, Notify.SUCCESS, False),
    ],
)
def test_success_of_several_is_told_once(address: str, asked: Notify, left: Notify, told: bool) -> None:
    router = Router(Settings.parse(BASE), OwnAddresses())
    recipient = Recipient(address, address, asked, "rfc822;x")
    found = step(router.expand((recipient,), FakeOracle({"hash:va": ALIASES})))
    assert {recipient.notify for recipient in found.recipients} == {left}
    assert found.expanded == ((recipient,) if told else ())


@pytest.mark.parametrize(
    ("address", "text", "reason"),
    [
        ("lp1@ohio.net", "", "map nesting for lp1@ohio.net"),
        ("d1@ohio.net", "virtual_alias_recursion_limit = 3\n", "map nesting for d1@ohio.net"),
        ("many@ohio.net", "virtual_alias_expansion_limit = 4\n", "map expansion size for many@ohio.net"),
        ("long@ohio.net", "", "map result xxx"),
    ],
)
def test_what_leads_to_too_much_is_refused(address: str, text: str, reason: str) -> None:
    with pytest.raises(ExpansionRefused, match=f"^unreasonable virtual_alias_maps {reason}") as refused:
        expanded(address, text=text)
    assert str(refused.value).endswith(" -- message not accepted, try again later")
    assert refused.value.reply.text == "451 4.6.0 Alias expansion error"


def test_an_entry_without_an_address_loses_no_mail() -> None:
    with pytest.raises(ExpansionRefused, match=r"^virtual_alias_maps map lookup problem for empty@ohio.net") as refused:
        expanded("empty@ohio.net")
    assert refused.value.warnings == ('virtual_alias_maps lookup of empty@ohio.net returns non-address result " , "',)
    assert refused.value.reply.text == "451 4.3.0 Error: queue file write error"


def test_a_table_that_fails() -> None:
    router = Router(Settings.parse(BASE), OwnAddresses())
    with pytest.raises(ExpansionRefused, match=r"^virtual_alias_maps map lookup problem for a@b -- ") as refused:
        step(router.expand((Recipient("a@b", "a@b"),), FakeOracle()))
    assert refused.value.warnings == ('hash:va lookup error for "a@b"',)
