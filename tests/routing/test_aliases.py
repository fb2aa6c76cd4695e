"""Aliases of local names."""

from __future__ import annotations

import pytest

from gatepost.config.own import OwnAddresses
from gatepost.config.settings import Settings
from gatepost.oracle import LookupFailed
from gatepost.routing import aliases as module
from gatepost.routing.aliases import (
    NESTING_LIMIT,
    Aliases,
    Command,
    File,
    Forward,
    Include,
    Loop,
    Mailbox,
    Origin,
    Place,
    Target,
)
from gatepost.routing.router import Router
from tests.fakes.oracle import FakeOracle, step

LIST, LIST2 = "owner-list@mx.ohio.net", "owner-list2@mx.ohio.net"

BASE = """\
compatibility_level = 3.6
myhostname = mx.ohio.net
mydestination = $myhostname, ohio.net
virtual_alias_domains =
virtual_mailbox_domains =
recipient_delimiter = +
alias_maps = inline:al
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
    "empty": " ",
    "child": "a3",
    "owner-child": "x@y.example, y@y.example",
    "quoted": '"two words"@ohio.net',
    '"two words"': "daemon",
} | {f"deep{number}": f"deep{number + 1}" for number in range(NESTING_LIMIT + 5)}


def aliases(text: str = "") -> Aliases:
    settings = Settings.parse(BASE + "local_transport = local\n" + text)
    return Aliases(settings, Router(settings, OwnAddresses()))


def expanded(name: str, text: str = "") -> list[Target]:
    return step(aliases(text).expand(f"{name}@ohio.net", FakeOracle({"inline:al": TABLE})))


def box(user: str, extension: str = "", domain: str = "mx.ohio.net", owner: str | None = None) -> Mailbox:
    return Mailbox(f"{user}{extension}@{domain}", user, extension, owner)


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
        ("empty", [box("empty", domain="ohio.net")]),
        ("list", [box("daemon", owner=LIST), box("news", owner=LIST)]),
        ("list2", [box("daemon", owner=LIST), box("news", owner=LIST), Forward("x@y.example", LIST2)]),
        ("child", [box("daemon", owner="owner-child@mx.ohio.net"), box("news", owner="owner-child@mx.ohio.net")]),
    ],
)
def test_targets(name: str, targets: list[Target]) -> None:
    assert targets == expanded(name)


def test_an_alias_without_owner_may_be_without_that_of_its_parent() -> None:
    assert expanded("child", "reset_owner_alias = yes\n") == [box("daemon"), box("news")]


def test_an_owner_that_is_one_address_can_be_expanded() -> None:
    found = expanded("list2", "expand_owner_alias = yes\n")
    assert found == [
        box("daemon", owner="www-data@mx.ohio.net"),
        box("news", owner="www-data@mx.ohio.net"),
        Forward("x@y.example", LIST2),
    ]


def test_commands_and_files_know_where_they_are_named() -> None:
    settings = Settings.parse(BASE + "local_transport = local\nalias_maps = proxy:hash:/etc/al\n")
    oracle = FakeOracle({"proxy:hash:/etc/al": {"cmd": "|true", "inc": ":include:/m"}})
    found = step(Aliases(settings, Router(settings, OwnAddresses())).expand("cmd@ohio.net", oracle))
    assert found == [Command("cmd@ohio.net", "true", Origin.ALIAS, source="/etc/al")]


def test_extensions_are_propagated_where_that_is_wanted() -> None:
    found = expanded("a3+foo", "propagate_unmatched_extensions = alias\n")
    assert found == [box("daemon", "+foo"), box("news", "+foo")]


def test_nesting_has_an_end() -> None:
    last = NESTING_LIMIT - 1
    assert expanded("deep0") == [Loop(f"deep{last}@mx.ohio.net", f"deep{last}")]


LINES = "# members\ndaemon, inc2\n\n|true\nx@y.example, X@Y.example\n/dev/null\nme\n:include:/more\n"


def test_lines_of_an_included_file_are_sent_on() -> None:
    found = aliases().included(LINES, Place("me@ohio.net", Origin.INCLUDE, "o@y.example", "/list"))
    assert found == [
        Forward("daemon@mx.ohio.net", "o@y.example"),
        Forward("inc2@mx.ohio.net", "o@y.example"),
        Command("me@ohio.net", "true", Origin.INCLUDE, "o@y.example", "/list"),
        Forward("x@y.example", "o@y.example"),
        File("me@ohio.net", "/dev/null", Origin.INCLUDE, "o@y.example", "/list"),
        Forward("me@mx.ohio.net", "o@y.example"),
        Include("me@ohio.net", "/more", "o@y.example", "/list"),
    ]


def test_lines_of_a_forward_file_that_name_their_user_mean_the_mailbox() -> None:
    place = Place("me+x@ohio.net", Origin.FORWARD)
    text = "me\n\\me@mx.ohio.net, me@y.example, other\n"
    found = step(aliases().forwarded(aliases().included(text, place), place, FakeOracle()))
    assert found == [box("me", "+x", "ohio.net"), Forward("me@y.example"), Forward("other@mx.ohio.net")]


def test_lines_get_the_extension_where_that_is_wanted() -> None:
    place = Place("me+x@ohio.net", Origin.FORWARD)
    text = "propagate_unmatched_extensions = forward\n"
    assert aliases(text).included("a@y.example", place, "+x") == [Forward("a+x@y.example")]
    assert aliases().included("a@y.example", place, "+x") == [Forward("a@y.example")]


def test_a_list_that_is_too_long_is_a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TARGET_LIMIT", 3)
    text = "".join(f"a{number}@y.example\n" for number in range(1000))
    found = aliases().included(text, Place("me@ohio.net", Origin.INCLUDE, source="/list"))
    assert found[3:] == [Loop("me@ohio.net", "/list")]


def test_local_domains_with_another_transport_are_elsewhere() -> None:
    settings = Settings.parse(BASE + "local_transport = lmtp:unix:x\n")
    found = step(
        Aliases(settings, Router(settings, OwnAddresses())).expand("a1@ohio.net", FakeOracle({"inline:al": TABLE}))
    )
    assert found == [Forward("daemon@mx.ohio.net"), Forward("mail@mx.ohio.net")]


def test_a_table_that_fails() -> None:
    with pytest.raises(LookupFailed):
        step(aliases().expand("a1@ohio.net", FakeOracle()))
