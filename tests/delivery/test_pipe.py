"""The agent that hands mail to commands."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from gatepost.config.own import OwnAddresses
from gatepost.delivery.deposit import Mailboxes
from gatepost.delivery.exits import Ending
from gatepost.delivery.pipe import PipeAgent, PipeRules
from gatepost.delivery.pipeattributes import PipeAttributes
from gatepost.delivery.surroundings import Surroundings
from gatepost.mail.delivery import Job, Result, Status
from gatepost.mail.envelope import Envelope
from gatepost.mail.events import Event
from gatepost.maillog import text
from tests.fakes.jobs import CONTENT, job
from tests.fakes.oracle import FakeOracle
from tests.fakes.rights import ACCOUNTS, FakeRights


def deliver(
    job_: Job, *words: str, ending: Ending | None = None, fault: str = ""
) -> tuple[Sequence[Result], FakeRights, list[str]]:
    events: list[Event] = []
    rights = FakeRights(endings={"x": ending or Ending()})
    tables = {"unix:passwd.byname": ACCOUNTS, "unix:group.byname": {"mail": "mail:x:8:", "wheel": "wheel:x:0:"}}
    attributes = None if fault else PipeAttributes.parse([*words, "argv=/bin/x", "x"])
    rules = PipeRules("mypipe", attributes, fault, "ann", 7.0, "+", "/spool/q")
    world = Surroundings(lambda: FakeOracle(tables), lambda _: events.append, OwnAddresses())
    agent = PipeAgent(rules, world, rights, Mailboxes(rights, lambda: 1_000_000.0))
    return asyncio.run(agent.deliver(job_)), rights, [text(event) for event in events]


def test_everybody_gets_what_the_command_came_to() -> None:
    results, rights, _ = deliver(job("a@b.example", "b@b.example"), "user=joe:mail", "directory=/d", "chroot=/c")
    assert [(one.row, one.status, one.dsn, one.text, one.relay) for one in results] == [
        (row, Status.SENT, "2.0.0", "delivered via mypipe service", "mypipe") for row in (1, 2)
    ]
    (command,) = rights.commands
    assert (command.uid, command.gid, command.directory, command.root, command.start) == (
        1000,
        8,
        "/d",
        "/c",
        "/spool/q",
    )
    assert (command.time_limit, dict(command.environment)) == (7.0, {"PATH": "/usr/bin:/bin"})
    assert rights.messages == [CONTENT.replace(b"\r\n", b"\n")]


@pytest.mark.parametrize(
    ("ending", "status", "dsn", "words"),
    [
        (Ending(output=b"done\n"), Status.SENT, "2.0.0", "delivered via mypipe service (done)"),
        (Ending(75), Status.DEFERRED, "4.3.0", "temporary failure"),
        (Ending(1), Status.BOUNCED, "5.3.0", 'Command died with status 1: "/bin/x"'),
    ],
)
def test_endings(ending: Ending, status: Status, dsn: str, words: str) -> None:
    (result,), _, _ = deliver(job("a@b.example"), "user=joe", ending=ending)
    assert (status, dsn, words) == (result.status, result.dsn, result.text)


@pytest.mark.parametrize(("flags", "relayed"), [("", True), ("X", False)])
def test_who_delivers_in_the_end_is_told(flags: str, relayed: bool) -> None:
    (result,), _, _ = deliver(job("a@b.example"), "user=joe", f"flags={flags}")
    assert result.relayed is relayed


@pytest.mark.parametrize(
    ("words", "head", "tail"),
    [
        (("flags=R",), b"Return-Path: <a@a.example>\nFrom: a", b"\n\n.dot\n"),
        (
            ("flags=ODR",),
            b"Return-Path: <a@a.example>\nX-Original-To: p@b.example\nDelivered-To: p@b.example\n",
            b".dot\n",
        ),
        (("flags=.B", "eol=\\r\\n"), b"From: a@a.example\r\n", b"\r\n\r\n..dot\r\n\r\n"),
        (("flags=F>",), b"From a@a.example  ", b".dot\n"),
    ],
)
def test_forms(words: tuple[str, ...], head: bytes, tail: bytes) -> None:
    _, rights, _ = deliver(job("p@b.example"), "user=joe", *words)
    assert rights.messages[0].startswith(head)
    assert rights.messages[0].endswith(tail)


def test_no_sender_has_the_name_that_is_wanted() -> None:
    nobody = job("p@b.example", envelope=Envelope("", ()))
    _, rights, _ = deliver(nobody, "user=joe", "flags=R", "null_sender=none")
    assert rights.messages[0].startswith(b"Return-Path: <none>\n")
    _, rights, _ = deliver(nobody, "user=joe", "flags=R", "null_sender=")
    assert rights.messages[0].startswith(b"Return-Path: <>\n")


def test_a_message_that_is_too_large_comes_back() -> None:
    (result,), rights, _ = deliver(job("p@b.example"), "user=joe", "size=5")
    assert (result.status, result.dsn, result.text, rights.commands) == (
        Status.BOUNCED,
        "5.2.3",
        "message too large",
        [],
    )


def test_mail_that_was_here_before_goes_in_circles() -> None:
    content = b"Delivered-To: P@b.example\r\n\r\n"
    (result,), _, _ = deliver(job("p@b.example", content=content), "user=joe", "flags=D")
    assert (result.status, result.text) == (Status.BOUNCED, "mail forwarding loop for p@b.example")
    (result,), _, _ = deliver(job("p@b.example", content=content), "user=joe")
    assert result.status is Status.SENT


@pytest.mark.parametrize(
    ("user", "line"),
    [
        ("nosuch", "warning: mypipe: user=nosuch: there is no such user"),
        ("joe:nosuch", "warning: mypipe: user=: there is no group nosuch"),
        ("root", "warning: mypipe: user=root: nothing runs as root or the mail owner"),
        ("joe:wheel", "warning: mypipe: user=joe: nothing runs as root or the mail owner"),
        ("ann", "warning: mypipe: user=ann: nothing runs as root or the mail owner"),
    ],
)
def test_users_that_will_not_do(user: str, line: str) -> None:
    (result,), rights, lines = deliver(job("p@b.example"), f"user={user}")
    assert (result.status, result.dsn, rights.commands) == (Status.DEFERRED, "4.3.5", [])
    assert lines == [line]


def test_wrong_attributes_defer() -> None:
    (result,), _, lines = deliver(job("p@b.example"), fault="mypipe: argv= is missing")
    assert (result.status, result.text) == (Status.DEFERRED, "mail system configuration error")
    assert lines == ["warning: mypipe: argv= is missing"]


@pytest.mark.parametrize("flag", ["D", "O"])
def test_nobody_reads_who_the_others_are(flag: str) -> None:
    results, rights, lines = deliver(job("p@b.example", "q@b.example"), "user=joe", f"flags={flag}")
    assert [(one.status, one.dsn) for one in results] == [(Status.DEFERRED, "4.3.5")] * 2
    assert rights.commands == []
    assert lines == [f"warning: pipe flag `{flag}' requires mypipe_destination_recipient_limit = 1"]
