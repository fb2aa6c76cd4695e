"""Local delivery: users."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gatepost.delivery.exits import Ending
from gatepost.delivery.userfile import Found
from gatepost.mail.delivery import Result, Status
from tests.fakes.rights import ACCOUNTS, FakeRights, LocalMachine, sent_on, told

BOX = ("sent", "2.0.0", "delivered to mailbox")
FORWARD = "/home/joe/.forward"


def deliver(
    name: str = "joe", rights: FakeRights | None = None, main: str = "", content: bytes = b"Subject: x\r\n\r\n"
) -> tuple[Result, LocalMachine]:
    machine = LocalMachine({}, rights, f"recipient_delimiter = +\n{main}")
    return asyncio.run(machine.deliver(f"{name}@mx.ohio.net", content)), machine


@pytest.mark.parametrize("name", ["joe", "JOE", "joe+ext"])
def test_a_user_gets_mail(name: str) -> None:
    result, machine = deliver(name)
    assert (told(result), result.relay) == ([BOX], "local")
    assert machine.rights.got == [("/spool/joe", 1000)]
    assert f"Delivered-To: {name}@mx.ohio.net\n".encode() in machine.rights.messages[0]


@pytest.mark.parametrize("name", ["nosuch", "nosuch+ext"])
def test_an_unknown_user(name: str) -> None:
    assert told(deliver(name)[0]) == [("bounced", "5.1.1", 'unknown user: "nosuch"')]


def test_roots_mail_waits() -> None:
    result, machine = deliver("root", FakeRights(files={"/home/root/.forward": "x@b.example"}))
    assert told(result) == [("deferred", "4.3.5", "no mail is delivered as root; make an alias for it")]
    assert (machine.rights.got, machine.rights.read_files) == ([], [])


def test_a_failing_account_table_defers() -> None:
    machine = LocalMachine()
    machine.oracle.failing = frozenset({"unix:passwd.byname"})
    result = asyncio.run(machine.deliver("joe@mx.ohio.net"))
    assert told(result) == [("deferred", "4.3.0", "user lookup error")]
    assert machine.lines


def test_a_mailbox_that_fails_says_whose_it_is() -> None:
    result, _ = deliver(rights=FakeRights({"/spool/joe": 13}))
    assert told(result) == [("bounced", "5.2.0", "cannot update mailbox /spool/joe for user joe. why")]


def test_a_home_may_have_to_be_there(tmp_path: Path) -> None:
    result, _ = deliver(main="require_home_directory = yes")
    words = "cannot access home directory /home/joe: No such file or directory"
    assert told(result) == [("deferred", "4.3.0", words)]
    machine = LocalMachine(main="require_home_directory = yes")
    machine.oracle.tables["unix:passwd.byname"] = {**ACCOUNTS, "joe": f"joe:x:1000:1000::{tmp_path}:/bin/sh"}
    assert told(asyncio.run(machine.deliver("joe@mx.ohio.net"))) == [BOX]


# .forward


def test_a_forward_file_sends_on() -> None:
    result, machine = deliver(rights=FakeRights(files={FORWARD: "x@b.example\n# and\nann, joe@b.example\n"}))
    assert sent_on(result) == [
        ("a@a.example", "joe@mx.ohio.net", ["x@b.example", "ann@mx.ohio.net", "joe@b.example"]),
    ]
    assert machine.rights.got == []
    assert [(file.uid, file.private) for file in machine.rights.read_files] == [(1000, True)] * 2


@pytest.mark.parametrize("text", ["joe\nx@b.example", "\\joe, x@b.example", "x@b.example, JOE@mx.ohio.net"])
def test_a_forward_file_that_names_its_user_keeps_mail_too(text: str) -> None:
    result, machine = deliver(rights=FakeRights(files={FORWARD: text}))
    assert told(result) == [BOX]
    assert [addresses for _, _, addresses in sent_on(result)] == [["x@b.example"]]
    assert machine.rights.got == [("/spool/joe", 1000)]


@pytest.mark.parametrize("text", ["", "# nothing\n", "\n\n"])
def test_a_forward_file_without_words_forwards_nothing(text: str) -> None:
    assert told(deliver(rights=FakeRights(files={FORWARD: text}))[0]) == [BOX]


def test_commands_files_and_includes_of_a_forward_file_have_its_users_rights() -> None:
    rights = FakeRights(
        files={FORWARD: '"|/bin/x y", /home/joe/box, :include:/home/joe/l', "/home/joe/l": "x@b.example"}
    )
    result, _ = deliver(rights=rights)
    assert told(result) == [
        ("sent", "2.0.0", "delivered to command: /bin/x y"),
        ("sent", "2.0.0", "delivered to file: /home/joe/box"),
    ]
    assert [addresses for _, _, addresses in sent_on(result)] == [["x@b.example"]]
    assert rights.got == [("/home/joe/box", 1000)]
    assert rights.commands[0].uid == 1000
    assert rights.read_files[-1].uid == 1000
    assert not rights.read_files[-1].by_owner


def test_commands_of_a_file_that_a_forward_file_includes_are_restricted() -> None:
    rights = FakeRights(files={FORWARD: ":include:/l", "/l": "|/bin/x"})
    result, _ = deliver(rights=rights)
    assert told(result) == [("bounced", "5.7.1", "mail to command is restricted")]
    assert rights.commands == []


def test_what_is_put_off_stops_what_comes_after_it() -> None:
    rights = FakeRights(endings={"/bin/later": Ending(75)}, files={FORWARD: "|/bin/later, \\joe, x@b.example"})
    result, _ = deliver(rights=rights)
    assert (result.status, rights.got, result.forwards) == (Status.DEFERRED, [], ())


def test_a_forward_file_with_the_extension_uses_it_up() -> None:
    files = {f"{FORWARD}+ext": "x@b.example", FORWARD: "y@b.example"}
    main = "propagate_unmatched_extensions = forward"
    found = [sent_on(deliver(name, FakeRights(files=files), main)[0])[0][2] for name in ("joe+ext", "joe+o", "joe")]
    assert found == [["x@b.example"], ["y+o@b.example"], ["y@b.example"]]


def test_an_extension_leads_nowhere_else() -> None:
    result, machine = deliver("joe+../../etc/x", FakeRights(files={f"{FORWARD}+../../etc/x": "x@b.example"}))
    assert told(result) == [BOX]
    assert all(".." not in file.path for file in machine.rights.read_files)
    assert machine.lines == ['warning: "joe+../../etc/x"@mx.ohio.net: address with illegal extension: ../../etc/x']


def test_a_file_that_does_not_count_is_told_and_the_mailbox_gets_the_mail() -> None:
    result, machine = deliver(rights=FakeRights(files={FORWARD: Found(trouble="it is a directory")}))
    assert told(result) == [BOX]
    assert machine.lines == ["warning: forward file is not used: it is a directory"]


def test_a_file_that_cannot_be_read_now_defers() -> None:
    result, _ = deliver(rights=FakeRights(files={FORWARD: Found(trouble="why", passing=True)}))
    assert told(result) == [("deferred", "4.3.0", f"cannot look at {FORWARD}")]


def test_a_user_who_had_the_message_does_not_get_it_again() -> None:
    rights = FakeRights(files={FORWARD: "ann, x@b.example"})
    result, _ = deliver(rights=rights, content=b"Delivered-To: ann@mx.ohio.net\r\nDelivered-To: x@b.example\r\n\r\n")
    assert told(result) == [("bounced", "5.4.6", "mail forwarding loop for ann@mx.ohio.net")]
    assert [addresses for _, _, addresses in sent_on(result)] == [["x@b.example"]]


# Ways to the mailbox


def test_a_mailbox_transport_delivers_to_everybody() -> None:
    for name in ("joe", "nosuch", "root"):
        result, machine = deliver(name, main="mailbox_transport = lmtp:unix:private/dovecot")
        assert result.text == "passed on"
        assert [(job.transport, job.nexthop) for job in machine.other.jobs] == [("lmtp", "unix:private/dovecot")]


def test_tables_come_before_the_same_for_everybody() -> None:
    machine = LocalMachine(
        main="mailbox_transport_maps = inline:t\nmailbox_command_maps = inline:c\nmailbox_command = /bin/all"
    )
    machine.oracle.tables |= {"inline:t": {"ann": "lmtp:"}, "inline:c": {"joe": "/bin/joes"}}
    found = [asyncio.run(machine.deliver(f"{name}@mx.ohio.net")).text for name in ("joe", "ann", "self")]
    assert found == ["delivered to command: /bin/joes", "passed on", "delivered to command: /bin/all"]
    machine.oracle.failing = frozenset({"inline:c"})
    assert told(asyncio.run(machine.deliver("joe@mx.ohio.net"))) == [("deferred", "4.3.0", "table lookup failure")]


def test_a_transport_that_is_not_there_defers() -> None:
    result, machine = deliver(main="mailbox_transport = nothing")
    assert told(result) == [("deferred", "4.3.0", "mail transport unavailable")]
    assert machine.lines == ["warning: there is no transport nothing in master.cf"]


def test_a_fallback_transport_takes_the_unknown() -> None:
    result, machine = deliver("nosuch", main="fallback_transport = lmtp")
    assert result.text == "passed on"
    assert machine.other.jobs[0].nexthop == "mx.ohio.net"
    assert told(deliver("joe", main="fallback_transport = lmtp")[0]) == [BOX]


@pytest.mark.parametrize(
    ("relay", "address"),
    [
        ("$user@other.example", "nosuch@other.example"),
        ("@other.example", "nosuch@other.example"),
        ("ann+$local", "ann+nosuch+ext@mx.ohio.net"),
        ("${extension?{with}:{without}}@b.example", "with@b.example"),
    ],
)
def test_luser_relay_takes_the_unknown(relay: str, address: str) -> None:
    result, _ = deliver("nosuch+ext", main=f"luser_relay = {relay}")
    assert sent_on(result) == [("a@a.example", "nosuch+ext@mx.ohio.net", [address])]


@pytest.mark.parametrize(
    ("relay", "part"),
    [
        ("$user", ("bounced", "5.1.1", 'unknown user: "nosuch"')),
        ("${user", ("deferred", "4.3.5", "mail system configuration error")),
    ],
)
def test_a_luser_relay_that_helps_nobody(relay: str, part: tuple[str, str, str]) -> None:
    assert told(deliver("nosuch", main=f"luser_relay = {relay}")[0]) == [part]
