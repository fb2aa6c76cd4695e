"""Routes. What is expected is what Postfix 3.7.11 answers with the same configuration."""

from __future__ import annotations

import pytest

from gatepost.config.own import OwnAddresses
from gatepost.config.settings import Settings
from gatepost.mail.envelope import Recipient
from gatepost.oracle import LookupFailed
from gatepost.routing.listing import Known
from gatepost.routing.router import ALIAS_ERROR, AddressClass, Route, Router
from tests.fakes.oracle import FakeOracle, step

LOCAL, ALIAS, VIRTUAL = AddressClass.LOCAL, AddressClass.ALIAS, AddressClass.VIRTUAL
RELAY, DEFAULT = AddressClass.RELAY, AddressClass.DEFAULT

OWN = OwnAddresses(frozenset({"127.0.0.1"}))

BASE = """\
compatibility_level = 3.6
myhostname = mx.ohio.net
mydestination = $myhostname, localhost.$mydomain, localhost, ohio.net
local_transport = lmtp:[127.0.0.21]:24
virtual_alias_domains =
virtual_mailbox_domains =
"""


def router(text: str = "") -> Router:
    return Router(Settings.parse(BASE + text), OWN)


def route(address: str, text: str = "", tables: dict[str, dict[str, str]] | None = None, *, sender: str = "") -> Route:
    return step(router(text).resolve(address, FakeOracle(tables or {}), sender=sender))


@pytest.mark.parametrize(
    ("address", "recipient", "kind"),
    [
        ("joe", "joe@mx.ohio.net", LOCAL),
        ("joe@host", "joe@host", DEFAULT),
        ("joe@OHIO.net", "joe@OHIO.net", LOCAL),
        ("joe@ohio.net.", "joe@ohio.net", LOCAL),
        ("@ohio.net", "MAILER-DAEMON@ohio.net", LOCAL),
        ("", "MAILER-DAEMON@mx.ohio.net", LOCAL),
        ("@other.dom", "@other.dom", DEFAULT),
        ("a!b", "b@a", DEFAULT),
        ("a!b@ohio.net", "b@a", DEFAULT),
        ("a%b@ohio.net", "a@b", DEFAULT),
        ("a@b@ohio.net", "a@b", DEFAULT),
        ("joe@[127.0.0.1]", "joe@[127.0.0.1]", LOCAL),
        ("joe@[127.0.0.2]", "joe@[127.0.0.2]", DEFAULT),
        ("a%b@localhost", "a@b", DEFAULT),
        ("a%ohio.net", "a@ohio.net", LOCAL),
        ("a%mx.ohio.net@ohio.net", "a@mx.ohio.net", LOCAL),
        ("ohio.net!joe", "joe@ohio.net", LOCAL),
        ("@ohio.net@mx.ohio.net", "MAILER-DAEMON@ohio.net", LOCAL),
        ("a:b@ohio.net", "a:b@ohio.net", LOCAL),
        ("joe@öhio.net", "joe@öhio.net", DEFAULT),
        ("joe@a_b.dom", "joe@a_b.dom", DEFAULT),
        ("joe@other.dom@", "joe@other.dom", DEFAULT),
        ("%x@", "@x", DEFAULT),
        ("!x!joe@ohio.net", "joe@x", DEFAULT),
    ],
)
def test_standard_form_and_class(address: str, recipient: str, kind: AddressClass) -> None:
    found = route(address)
    assert (recipient, kind) == (found.recipient, found.address_class)
    assert found.valid
    assert not found.routed


@pytest.mark.parametrize("address", ["a%b@c.d", "a!b@c.d", "a@b@c.d", "a%b%c@ohio.net", "a%b@c@ohio.net"])
def test_routing_that_is_left_in_the_local_part(address: str) -> None:
    assert route(address).routed


def test_routing_at_our_own_names_is_left_where_it_is_switched_off() -> None:
    off = "swap_bangpath = no\nallow_percent_hack = no\nresolve_dequoted_address = no\n"
    for address in ("a!b@ohio.net", "a%b@ohio.net", "a@b@ohio.net"):
        found = route(address, off)
        assert (address, LOCAL, True) == (found.recipient, found.address_class, found.routed)


def test_an_address_without_domain_is_local_even_where_nothing_is_appended() -> None:
    found = route("joe", "append_at_myorigin = no\nmydestination =\n")
    assert (found.recipient, found.address_class) == ("joe@mx.ohio.net", LOCAL)


@pytest.mark.parametrize(
    "address",
    ["joe@", "@", "joe@127.0.0.1", "joe@[x]", "joe@-x.dom", "joe@a..b", "joe@.a", "!@ohio.net", "-joe@ohio.net"],
)
def test_addresses_that_cannot_be(address: str) -> None:
    assert not route(address).valid


def test_settings_allow_some_of_them() -> None:
    assert route("-joe@ohio.net", "allow_min_user = yes\n").valid
    assert route("joe@127.0.0.1", "resolve_numeric_domain = yes\n").recipient == "joe@[127.0.0.1]"
    assert route("joe@", "resolve_null_domain = yes\n").recipient == "joe@mx.ohio.net"


CLASSES = """\
virtual_alias_domains = va.example
virtual_mailbox_domains = vm.example
relay_domains = rd.example
local_transport = local
virtual_transport = lmtp:unix:x
relay_transport = relay
default_transport = smtp
"""


@pytest.mark.parametrize(
    ("address", "relayhost", "expected"),
    [
        ("x@va.example", "", ("error", ALIAS_ERROR, ALIAS)),
        ("x@vm.example", "[gw]", ("lmtp", "unix:x", VIRTUAL)),
        ("x@rd.example", "", ("relay", "rd.example", RELAY)),
        ("x@sub.rd.example", "", ("relay", "sub.rd.example", RELAY)),
        ("x@rd.example", "[gw]:26", ("relay", "[gw]:26", RELAY)),
        ("x@ohio.net", "[gw]", ("local", "ohio.net", LOCAL)),
        ("x@other.example", "", ("smtp", "other.example", DEFAULT)),
        ("x@other.example", "[gw]", ("smtp", "[gw]", DEFAULT)),
    ],
)
def test_transports_of_the_classes(address: str, relayhost: str, expected: tuple[str, str, AddressClass]) -> None:
    found = route(address, f"{CLASSES}relayhost = {relayhost}\n")
    assert expected == (found.transport, found.nexthop, found.address_class)


@pytest.mark.parametrize(
    ("sender", "address", "expected"),
    [
        ("s@s.example", "x@other.example", ("smtp", "[sd]:5")),
        ("s@s.example", "x@rd.example", ("relay", "[sd]:5")),
        ("s@s.example", "x@ohio.net", ("local", "ohio.net")),
        ("s@d.example", "x@other.example", ("smtp", "[gw]")),
        ("", "x@other.example", ("smtp", "[null]")),
        ("s2@s.example", "x@other.example", ("smtp2", "[hop]")),
        ("s3@s.example", "x@other.example", ("smtp3", "[gw]")),
        ("s4@s.example", "x@other.example", ("smtp", "[gw]")),
        ("s2@s.example", "x@rd.example", ("relay", "[gw]")),
    ],
)
def test_what_depends_on_the_sender(sender: str, address: str, expected: tuple[str, str]) -> None:
    text = CLASSES + (
        "relayhost = [gw]\nsender_dependent_relayhost_maps = hash:relay\n"
        "sender_dependent_default_transport_maps = hash:transport\n"
    )
    tables = {
        "hash:relay": {"s@s.example": "[sd]:5", "@d.example": "DUNNO", "<>": "[null]"},
        "hash:transport": {"s2@s.example": "smtp2:[hop]", "s3@s.example": "smtp3:", "s4@s.example": "DUNNO"},
    }
    found = route(address, text, tables, sender=sender)
    assert expected == (found.transport, found.nexthop)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("x@t1.example", ("smtp", "[x]:1")),
        ("x@sub.t1.example", ("lmtp", "star")),
        ("x@sub.t2.example", ("smtp", "[y]")),
        ("x@t3.example", ("smtp", "t3.example")),
        ("u@t4.example", ("error", "5.0.0 no")),
        ("x@t5.example", ("smtp", "[gw]")),
        ("x@t6.example", ("local", "t6.example")),
        ("x@va.example", ("error", ALIAS_ERROR)),
        ("x@vm.example", ("smtp", "vmx")),
        ("u@ohio.net", ("smtp", "loc")),
        ("gone@ohio.net", ("discard", "ohio.net")),
        ("e@ohio.net", ("error", "")),
    ],
)
def test_transport_maps(address: str, expected: tuple[str, str]) -> None:
    table = {
        "t1.example": "smtp:[x]:1",
        ".t2.example": ":[y]",
        "t3.example": "smtp:",
        "u@t4.example": "error:5.0.0 no",
        "*": "lmtp:star",
        "t5.example": ":",
        "t6.example": "local",
        "va.example": "smtp:nope",
        "vm.example": "smtp:vmx",
        "u@ohio.net": "smtp:loc",
        "gone@ohio.net": "discard:",
        "e@ohio.net": "error:",
    }
    found = route(address, CLASSES + "relayhost = [gw]\ntransport_maps = hash:t\n", {"hash:t": table})
    assert expected == (found.transport, found.nexthop)


def test_relocated_users() -> None:
    tables = {"hash:moved": {"gone@ohio.net": "new@place"}}
    found = route("gone@ohio.net", "relocated_maps = hash:moved\n", tables)
    assert (found.transport, found.nexthop) == ("error", "5.1.6 User has moved to new@place")
    assert route("here@ohio.net", "relocated_maps = hash:moved\n", tables).transport == "lmtp"


def test_a_table_that_fails() -> None:
    with pytest.raises(LookupFailed):
        route("x@y.example", "transport_maps = hash:t\n")


def test_users_may_be_listed_without_our_domains() -> None:
    text = "myorigin = origin.example\nlocal_recipient_maps = hash:users\nrelay_domains = origin.example\n"
    text += "relay_recipient_maps = hash:users\n"
    oracle = FakeOracle({"hash:users": {"joe": "x"}})
    for address in ("joe", "joe@ohio.net", "joe@[127.0.0.1]", "joe@Origin.Example"):
        known = router(text)
        assert Known.LISTED is step(known.recipient_listing(step(known.resolve(address, oracle)), oracle)).known
    unknown = router(text)
    route = step(unknown.resolve("ann@ohio.net", oracle))
    assert Known.UNLISTED is step(unknown.recipient_listing(route, oracle)).known


def test_senders_have_listings_too() -> None:
    text = "sender_canonical_maps = hash:s\nlocal_recipient_maps = hash:users\n"
    oracle = FakeOracle({"hash:s": {"ann@ohio.net": "x"}, "hash:users": {}})
    made = router(text)
    route = step(made.resolve("ann@ohio.net", oracle))
    assert Known.LISTED is step(made.sender_listing(route, oracle)).known
    assert Known.UNLISTED is step(made.recipient_listing(route, oracle)).known


def test_a_route_that_no_table_has_a_say_in_is_kept() -> None:
    made = router("relayhost = [relay.example]\n")
    first = step(made.resolve("x@y.example", FakeOracle(), sender="a@b.example"))
    assert first is step(made.resolve("x@y.example", FakeOracle(), sender="c@d.example"))


@pytest.mark.parametrize(
    "text",
    [
        "transport_maps = hash:t\n",
        "mydestination = hash:t\n",
        "relay_domains = hash:t\n",
        "relocated_maps = hash:t\n",
        "sender_dependent_relayhost_maps = hash:t\n",
        "sender_dependent_default_transport_maps = hash:t\n",
    ],
)
def test_where_a_table_has_a_say_it_is_asked_each_time(text: str) -> None:
    made, oracle = router(text), FakeOracle({"hash:t": {}})
    for _ in range(2):
        oracle.asked.clear()
        step(made.resolve("x@y.example", oracle, sender="a@b.example"))
        assert oracle.asked


def test_expansion_is_at_hand() -> None:
    found = step(router().expand((Recipient("joe", "joe"),), FakeOracle())).recipients
    assert found == (Recipient("joe@mx.ohio.net", "joe", orcpt="rfc822;joe@mx.ohio.net"),)
