"""Commands of local delivery."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gatepost.delivery.accounts import Account
from gatepost.delivery.localcommand import Errand
from gatepost.delivery.localtask import Task
from gatepost.mail.delivery import Result, Status
from gatepost.mail.envelope import Envelope, Origin, Recipient
from tests.fakes.jobs import job
from tests.fakes.rights import FakeRights, LocalMachine

JOE = Account("joe", 1000, 1001, "/home/joe", "/bin/zsh")
RECIPIENT = Recipient("Joe+Ext@B.example", "list@b.example")
ORIGIN = Origin("c[192.0.2.1]", "c", "192.0.2.1", "1", "helo", "ESMTPA", "PLAIN", "user", "sasl@b.example")


def run(errand: Errand, main: str = "", sender: str = "a$(id)@a.example") -> tuple[Result, FakeRights]:
    machine = LocalMachine(main=f"recipient_delimiter = +\nqueue_directory = /spool/q\n{main}")
    envelope = Envelope(sender, (RECIPIENT,), origin=ORIGIN)
    task = Task(
        job(RECIPIENT, envelope=envelope), 1, RECIPIENT, machine.oracle, machine.events.append, machine.rules.relay
    )
    return asyncio.run(machine.means.commands.run(task, errand)), machine.rights


ERRAND = Errand("/bin/cmd a", JOE, "Joe+Ext@B.example")


@pytest.mark.parametrize(
    ("command", "main", "argv", "fallback"),
    [
        ("/bin/cmd  a b", "", ("/bin/cmd", "a", "b"), ()),
        ("cmd a", "", ("cmd", "a"), ("sh", "-c", "cmd a")),
        ("/bin/cmd $USER", "", ("sh", "-c", "/bin/cmd $USER"), ()),
        ("a; b", "", ("sh", "-c", "a; b"), ()),
        (" ", "", ("sh", "-c", " "), ()),
        ("cmd a", "local_command_shell = /bin/smrsh -c", ("/bin/smrsh", "-c", "cmd a"), ()),
    ],
)
def test_what_is_executed(command: str, main: str, argv: tuple[str, ...], fallback: tuple[str, ...]) -> None:
    result, rights = run(replace(ERRAND, command=command), main)
    assert result.text == f"delivered to command: {command}"
    assert (rights.commands[0].argv, rights.commands[0].fallback) == (argv, fallback)


def test_what_the_command_knows() -> None:
    _, rights = run(ERRAND)
    (command,) = rights.commands
    assert (command.uid, command.gid, command.start, command.time_limit) == (1000, 1001, "/spool/q", 5.0)
    assert dict(command.environment) == {
        "PATH": "/usr/bin:/bin",
        "LANG": "C",
        "MAIL_CONFIG": "/etc/postfix",
        "HOME": "/home/joe",
        "SHELL": "/bin/zsh",
        "USER": "joe",
        "LOGNAME": "joe",
        "LOCAL": "joe+ext",
        "EXTENSION": "ext",
        "DOMAIN": "B.example",
        "RECIPIENT": "Joe+Ext@B.example",
        "ORIGINAL_RECIPIENT": "list@b.example",
        "SENDER": "a__id_@a.example",
        "CLIENT_ADDRESS": "192.0.2.1",
        "CLIENT_HELO": "helo",
        "CLIENT_HOSTNAME": "c",
        "CLIENT_PROTOCOL": "ESMTPA",
        "SASL_METHOD": "PLAIN",
        "SASL_SENDER": "sasl@b.example",
        "SASL_USERNAME": "user",
    }
    head = rights.messages[0].decode().split("\n")
    assert head[0].startswith("From ")
    assert head[1:4] == [
        'Return-Path: <"a$(id)"@a.example>',
        "X-Original-To: list@b.example",
        "Delivered-To: Joe+Ext@B.example",
    ]


def test_a_command_of_nobody_in_an_owners_name() -> None:
    _, rights = run(replace(ERRAND, owner="owner@b.example", is_user=False), "prepend_delivered_header =")
    environment = dict(rights.commands[0].environment)
    assert environment["SENDER"] == "owner@b.example"
    assert not environment.keys() & {"HOME", "SHELL", "ORIGINAL_RECIPIENT"}
    assert rights.messages[0].split(b"\n")[1:3] == [b"Return-Path: <owner@b.example>", b"From: a@a.example"]


@pytest.mark.parametrize(
    ("directory", "path"), [("$home/mail", "/home/joe/mail"), ("${extension?/x}", "/x"), ("/$local", "/joe_ext")]
)
def test_where_it_runs(directory: str, path: str) -> None:
    main = f"command_execution_directory = {directory}\nexecution_directory_expansion_filter = /abehijmox\n"
    assert run(ERRAND, main.replace("abehijmox", "aehijlmotx"))[1].commands[0].directory == path


def test_a_directory_that_cannot_be_made_out_defers() -> None:
    result, rights = run(ERRAND, "command_execution_directory = ${home")
    assert (result.status, result.dsn, rights.commands) == (Status.DEFERRED, "4.3.5", [])
