"""Commands and files that aliases name."""

from __future__ import annotations

import asyncio

import pytest

from gatepost.delivery.accounts import Account
from gatepost.delivery.localtask import Task
from gatepost.delivery.parts import Parts
from gatepost.mail.envelope import Recipient
from gatepost.routing.aliases import Command, File, Forward, Include, Loop, Mailbox, Origin, Target
from tests.fakes.jobs import job
from tests.fakes.rights import FakeRights, LocalMachine

JOE = Account("joe", 1000, 1001, "/home/joe", "/bin/sh")
TEAM, ORIGINAL = "team@b.example", "t@b.example"


def deliver(target: Target, rights: FakeRights | None = None) -> tuple[tuple[str, str, str], FakeRights]:
    machine = LocalMachine(rights=rights)
    recipient = Recipient(TEAM, ORIGINAL)
    task = Task(job(recipient), 1, recipient, machine.oracle, machine.events.append, "local")
    result = asyncio.run(Parts(machine.rules, machine.means).deliver(task, target, JOE, is_user=True))
    return (result.status.value, result.dsn, result.text), machine.rights


@pytest.mark.parametrize(
    ("target", "part"),
    [
        (Command(TEAM, "cmd", Origin.ALIAS), ("sent", "2.0.0", "delivered to command: cmd")),
        (Command(TEAM, "cmd", Origin.INCLUDE), ("bounced", "5.7.1", "mail to command is restricted")),
        (File(TEAM, "/f", Origin.FORWARD), ("sent", "2.0.0", "delivered to file: /f")),
        (File(TEAM, "/f/", Origin.FORWARD), ("sent", "2.0.0", "delivered to maildir")),
        (File(TEAM, "/f", Origin.INCLUDE), ("bounced", "5.7.1", "mail to file is restricted")),
        (File(TEAM, "/dev/null", Origin.ALIAS), ("sent", "2.0.0", "delivered to file: /dev/null")),
        (Loop(TEAM, "x"), ("bounced", "5.4.6", "alias database loop for x")),
    ],
)
def test_parts(target: Target, part: tuple[str, str, str]) -> None:
    assert part == deliver(target)[0]


def test_a_file_that_cannot_be_written_says_why() -> None:
    part, _ = deliver(File(TEAM, "/f", Origin.ALIAS), FakeRights({"/f": 13}))
    assert part == ("bounced", "5.2.0", "cannot append message to file /f: why")


def test_a_file_of_an_owner_does_not_tell_who_was_asked_for() -> None:
    _, rights = deliver(File(TEAM, "/f", Origin.ALIAS, "owner@b.example"))
    assert b"Return-Path: <owner@b.example>\nDelivered-To: team@b.example\n" in rights.messages[0]


@pytest.mark.parametrize("target", [Mailbox(TEAM, "team"), Forward(TEAM), Include(TEAM, "/f")])
def test_what_is_no_part_is_a_mistake_of_ours(target: Target) -> None:
    with pytest.raises(AssertionError, match="no part"):
        deliver(target)
