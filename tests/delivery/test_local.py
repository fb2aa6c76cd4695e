"""Local delivery: loops and aliases."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from gatepost.delivery.exits import Ending
from gatepost.delivery.userfile import Found
from gatepost.mail.delivery import Result, Status
from gatepost.mail.envelope import Notify, Recipient
from tests.fakes.rights import FakeRights, LocalMachine, rows, sent_on, told

RUN = ("sent", "2.0.0", "delivered to command: /bin/true")


def deliver(
    aliases: Mapping[str, str],
    name: str = "team",
    rights: FakeRights | None = None,
    main: str = "",
    content: bytes = b"Subject: x\r\n\r\n",
) -> tuple[Result, LocalMachine]:
    machine = LocalMachine(aliases, rights, main)
    return asyncio.run(machine.deliver(f"{name}@mx.ohio.net", content)), machine


# Loops


@pytest.mark.parametrize("header", [b"Delivered-To: joe@mx.ohio.net", b"A: b\r\ndelivered-to:\tJOE@mx.ohio.net "])
def test_mail_that_was_here_before_goes_in_circles(header: bytes) -> None:
    result, _ = deliver({}, "joe", content=header + b"\r\n\r\n")
    assert told(result) == [("bounced", "5.4.6", "mail forwarding loop for joe@mx.ohio.net")]


def test_what_the_body_says_is_no_loop() -> None:
    result, _ = deliver({}, "joe", content=b"A: b\r\n\r\nDelivered-To: joe@mx.ohio.net\r\n")
    assert result.status is Status.SENT


# Aliases


def test_an_alias_becomes_users_and_is_sent_on() -> None:
    result, machine = deliver({"team": "joe, ann, x@b.example, y@b.example"})
    assert result.status is Status.SENT
    assert rows(result) == [("joe@mx.ohio.net", "team@mx.ohio.net"), ("ann@mx.ohio.net", "team@mx.ohio.net")]
    assert sent_on(result) == [("a@a.example", "team@mx.ohio.net", ["x@b.example", "y@b.example"])]
    assert result.new_recipients[0].original == "team@mx.ohio.net"
    assert told(result) == []
    assert machine.rights.got == []


def test_what_an_alias_led_to_is_a_user_and_no_alias() -> None:
    machine = LocalMachine({"joe": "x@b.example"})
    recipient = Recipient("joe@mx.ohio.net", "team@mx.ohio.net", via="team@mx.ohio.net")
    result = asyncio.run(machine.deliver(recipient))
    assert told(result) == [("sent", "2.0.0", "delivered to mailbox")]
    assert b"Delivered-To: team@mx.ohio.net\n" in machine.rights.messages[0]


def test_an_alias_that_names_itself_is_the_user_too() -> None:
    result, _ = deliver({"self": "self, x@b.example"}, "self")
    assert rows(result) == [("self@mx.ohio.net", "self@mx.ohio.net")]
    assert len(sent_on(result)) == 1


def test_an_owner_is_the_sender_of_all_that_the_alias_names() -> None:
    machine = LocalMachine({"team": "joe, x@b.example", "owner-team": "boss@b.example"})
    recipient = Recipient("team@mx.ohio.net", "t@b.example", Notify.SUCCESS, "rfc822;t")
    result = asyncio.run(machine.deliver(recipient))
    assert rows(result) == []
    assert sent_on(result) == [
        ("owner-team@mx.ohio.net", "team@mx.ohio.net", ["joe@mx.ohio.net", "x@b.example"]),
    ]
    assert {(one.original, one.notify, one.orcpt) for one in result.forwards[0].recipients} == {
        ("joe@mx.ohio.net", Notify.DEFAULT, ""),
        ("x@b.example", Notify.DEFAULT, ""),
    }


def test_the_mark_of_what_is_sent_on_can_be_left_out() -> None:
    result, _ = deliver({"team": "x@b.example"}, main="prepend_delivered_header = file")
    assert sent_on(result) == [("a@a.example", "", ["x@b.example"])]


def test_commands_and_files_get_mail_here_as_nobody() -> None:
    result, machine = deliver({"team": '|/bin/true, /var/archive, "/dev/null", joe'})
    assert told(result) == [
        RUN,
        ("sent", "2.0.0", "delivered to file: /var/archive"),
        ("sent", "2.0.0", "delivered to file: /dev/null"),
    ]
    assert machine.rights.got == [("/var/archive", 65534)]
    assert [command.uid for command in machine.rights.commands] == [65534]
    assert rows(result) == [("joe@mx.ohio.net", "team@mx.ohio.net")]


def test_what_is_put_off_stops_what_comes_after_it() -> None:
    """Nobody further gets the message twice, because all of it is tried again."""
    rights = FakeRights(endings={"/bin/later": Ending(75)})
    result, _ = deliver({"team": "joe, |/bin/true, |/bin/later, |/bin/true, x@b.example"}, rights=rights)
    assert told(result) == [RUN, ("deferred", "4.3.0", "temporary failure")]
    assert (result.status, result.new_recipients, result.forwards) == (Status.DEFERRED, (), ())
    assert len(rights.commands) == 2


def test_what_fails_does_not_stop_the_others() -> None:
    rights = FakeRights(endings={"/bin/no": Ending(67)})
    result, _ = deliver({"team": "|/bin/no, |/bin/true, joe, x@b.example"}, rights=rights)
    assert told(result) == [("bounced", "5.1.1", "user unknown"), RUN]
    assert (result.status, result.text) == (Status.BOUNCED, "user unknown")
    assert len(rows(result)) == len(sent_on(result)) == 1


def test_a_nested_alias_is_named_where_it_fails() -> None:
    result, _ = deliver({"team": "inner", "inner": "|/bin/true"})
    assert result.told is not None
    assert [part.address for part in result.told] == ["inner@mx.ohio.net"]
    loop, _ = deliver({"team": "b", "b": "team"})
    assert told(loop) == [("bounced", "5.4.6", "alias database loop for b")]


@pytest.mark.parametrize(
    ("main", "text"),
    [
        ("allow_mail_to_commands =", ("bounced", "5.7.1", "mail to command is restricted")),
        ("allow_mail_to_files =", ("bounced", "5.7.1", "mail to file is restricted")),
    ],
)
def test_commands_and_files_may_be_forbidden(main: str, text: tuple[str, str, str]) -> None:
    result, _ = deliver({"team": "|/bin/true, /var/archive"}, main=main)
    assert text in told(result)


@pytest.mark.parametrize("user", ["root", "nosuch"])
def test_nothing_is_done_as_root(user: str) -> None:
    result, machine = deliver({"team": "|/bin/true"}, main=f"default_privs = {user}")
    assert told(result) == [("deferred", "4.3.5", f"default_privs: {user} is no user to deliver as")]
    assert machine.rights.commands == []


def test_a_failing_alias_table_defers() -> None:
    machine = LocalMachine()
    machine.oracle.failing = frozenset({"inline:aliases"})
    result = asyncio.run(machine.deliver("joe@mx.ohio.net"))
    assert told(result) == [("deferred", "4.3.0", "alias database unavailable")]
    machine = LocalMachine({"team": "|/bin/true"})
    machine.oracle.failing = frozenset({"unix:passwd.byname"})
    assert told(asyncio.run(machine.deliver("team@mx.ohio.net"))) == [("deferred", "4.3.0", "user lookup error")]


# Included files


def test_included_files_are_sent_on() -> None:
    rights = FakeRights(files={"/list": "joe\nx@b.example\n"})
    result, _ = deliver({"team": ":include:/list, ann"}, rights=rights)
    assert sent_on(result) == [("a@a.example", "team@mx.ohio.net", ["joe@mx.ohio.net", "x@b.example"])]
    assert rows(result) == [("ann@mx.ohio.net", "team@mx.ohio.net")]


def test_a_file_that_is_not_there_fails_but_not_the_rest() -> None:
    result, machine = deliver({"team": ":include:/none, x@b.example"})
    assert told(result) == [("bounced", "5.3.5", "mail system configuration error")]
    assert len(sent_on(result)) == 1
    assert machine.lines == ["warning: cannot use include file /none: No such file or directory"]


def test_a_file_that_cannot_be_read_now_defers() -> None:
    rights = FakeRights(files={"/list": Found(trouble="/list: Input/output error", passing=True)})
    result, _ = deliver({"team": ":include:/list, |/bin/true, x@b.example"}, rights=rights)
    assert told(result) == [("deferred", "4.3.0", "cannot open include file /list")]
    assert (result.forwards, rights.commands) == ((), [])
