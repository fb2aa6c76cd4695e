"""Aliases of local names."""

from __future__ import annotations

import pytest

from gatepost.config.own import OwnAddresses
from gatepost.config.settings import Settings
from gatepost.oracle import LookupFailed
from gatepost.routing.aliases import (
    NESTING_LIMIT,
    Aliases,
    Command,
    Expansion,
    File,
    Forward,
    Include,
    Loop,
    Mailbox,
    Origin,
    Target,
)
from gatepost.routing.router import Router
from tests.fakes.oracle import FakeOracle, step

BASE = """\
compatibility_level = 3.6
myhostname = mx.ohio.net
mydestination = $myhostname, ohio.net
virtual_alias_domains =
virtual_mailbox_domains =
recipient_delimiter = +
alias_maps = hash:al
"""

TABLE = {
    "a1": "daemon, mail",
    "a2": "a1, ext@x.example",
    "selfu": "selfu",
    "mail": "mail, www-data",
    "l1": "l2",
    "l2": "l1",
    "plus": "daemon+zzz",
    "wide": "daemon@ohio.net, news@mx.ohio.net",
    "list": "daemon, news",
    "owner-list": "www-data",
    "list2": "list, x@y.example",
    "owner-list2": "boss@y.example, z@y.example",
    "inc": ":include:/etc/members, daemon",
    "cmd": "|true a b",
    "cmdq": '"|cat > /dev/null, or so"',
    "file": '/dev/null, "/var/a file"',
    "dup": "daemon, daemon, a3",
    "a3": "daemon, news",
    "extal": "extal+x",
    "extal+x": "daemon",
    "quoted": '"two words"@ohio.net',
    '"two words"': "daemon",
} | {f"deep{number}": f"deep{number + 1}" for number in range(NESTING_LIMIT + 5)}


def aliases(text: str = "") -> Aliases:
    settings = Settings.parse(BASE + "local_transport = local\n" + text)
    return Aliases(settings, Router(settings, OwnAddresses()))


def expanded(name: str, text: str = "") -> Expansion:
    return step(aliases(text).expand(f"{name}@ohio.net", FakeOracle({"hash:al": TABLE})))


def box(user: str, extension: str = "", domain: str = "mx.ohio.net") -> Mailbox:
    return Mailbox(f"{user}{extension}@{domain}", user, extension)


@pytest.mark.parametrize(
    ("name", "targets"),
    [
        ("nobody", [box("nobody", domain="ohio.net")]),
        ("nobody+x", [box("nobody", "+x", "ohio.net")]),
        ("A1", [box("daemon"), box("mail"), box("www-data")]),
        ("a1+foo", [box("daemon"), box("mail"), box("www-data")]),
        ("a2", [box("daemon"), box("mail"), box("www-data"), Forward("ext@x.example")]),
        ("selfu", [box("selfu")]),
        ("mail", [box("mail"), box("www-data")]),
        ("l1", [Loop("l2@mx.ohio.net", "l2")]),
        ("plus", [box("daemon", "+zzz")]),
        ("wide", [box("daemon", domain="ohio.net"), box("news")]),
        ("inc", [Include("inc@ohio.net", "/etc/members"), box("daemon")]),
        ("cmd", [Command("cmd@ohio.net", "true", Origin.ALIAS), box("a"), box("b")]),
        ("cmdq", [Command("cmdq@ohio.net", "cat > /dev/null, or so", Origin.ALIAS)]),
        (
            "file",
            [File("file@ohio.net", "/dev/null", Origin.ALIAS), File("file@ohio.net", "/var/a file", Origin.ALIAS)],
        ),
        ("dup", [box("daemon"), box("news")]),
        ("extal", [box("daemon")]),
        ("quoted", [box("daemon")]),
    ],
)
def test_targets(name: str, targets: list[Target]) -> None:
    assert targets == list(expanded(name).targets)


def test_the_outermost_owner_counts() -> None:
    assert expanded("list").owner == "owner-list@mx.ohio.net"
    assert expanded("list2").owner == "owner-list2@mx.ohio.net"
    assert expanded("a1").owner is None


def test_an_owner_that_is_one_address_can_be_expanded() -> None:
    assert expanded("list", "expand_owner_alias = yes\n").owner == "www-data@mx.ohio.net"
    assert expanded("list2", "expand_owner_alias = yes\n").owner == "owner-list2@mx.ohio.net"


def test_extensions_are_propagated_where_that_is_wanted() -> None:
    found = expanded("a3+foo", "propagate_unmatched_extensions = alias\n")
    assert list(found.targets) == [box("daemon", "+foo"), box("news", "+foo")]


def test_nesting_has_an_end() -> None:
    last = NESTING_LIMIT - 1
    assert list(expanded("deep0").targets) == [Loop(f"deep{last}@mx.ohio.net", f"deep{last}")]


def test_lines_of_a_file() -> None:
    text = "# members\ndaemon, inc2\n\n|true\nx@y.example\n/dev/null\nme\n"
    found = step(aliases().expand_lines(text, "me@ohio.net", Origin.FORWARD, FakeOracle({"hash:al": {"me": "other"}})))
    assert list(found.targets) == [
        box("daemon"),
        box("inc2"),
        Command("me@ohio.net", "true", Origin.FORWARD),
        Forward("x@y.example"),
        File("me@ohio.net", "/dev/null", Origin.FORWARD),
        box("me"),
    ]


def test_local_domains_with_another_transport_are_elsewhere() -> None:
    settings = Settings.parse(BASE + "local_transport = lmtp:unix:x\n")
    found = step(
        Aliases(settings, Router(settings, OwnAddresses())).expand("a1@ohio.net", FakeOracle({"hash:al": TABLE}))
    )
    assert list(found.targets) == [Forward("daemon@mx.ohio.net"), Forward("mail@mx.ohio.net")]


def test_a_table_that_fails() -> None:
    with pytest.raises(LookupFailed):
        step(aliases().expand("a1@ohio.net", FakeOracle()))
