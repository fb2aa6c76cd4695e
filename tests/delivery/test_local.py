"""Local delivery."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from gatepost.config.own import OwnAddresses
from gatepost.config.settings import Settings
from gatepost.delivery.deposit import Mailboxes
from gatepost.delivery.local import LocalAgent, LocalMeans
from gatepost.delivery.localrules import LocalRules
from gatepost.delivery.mailbox import Target
from gatepost.delivery.surroundings import Surroundings
from gatepost.delivery.writers import Failure
from gatepost.mail.delivery import Agent, Job, Result, Status
from gatepost.mail.events import Event
from gatepost.maillog import text
from gatepost.routing.aliases import Aliases
from gatepost.routing.router import Router
from tests.fakes.jobs import job
from tests.fakes.oracle import FakeOracle

ACCOUNTS = {
    name: f"{name}:x:{uid}:{uid}::/home/{name}:/bin/sh"
    for name, uid in (("root", 0), ("joe", 1000), ("ann", 1001), ("self", 1002), ("nobody", 65534))
}
RULES = LocalRules("mx.ohio.net", spool="/spool")


class Boxes:
    """Mailboxes that remember what they got; those in `failing` answer with an error number."""

    def __init__(self, failing: Mapping[str, int] | None = None) -> None:
        self.failing = dict(failing or {})
        self.got: list[tuple[str, int]] = []
        self.messages: list[bytes] = []

    async def deliver(self, target: Target, content: int) -> Failure | None:
        if target.path in self.failing:
            return Failure("why", self.failing[target.path])
        self.got.append((target.path, target.uid))
        self.messages.append(os.pread(content, 100_000, 0))
        return None


class Other:
    """An agent that mail is passed on to."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    async def deliver(self, job: Job) -> Sequence[Result]:
        self.jobs.append(job)
        return [Result(row, Status.SENT, "2.0.0", "passed on") for row, _ in job.recipients]


class Machine:
    """Local delivery with these aliases."""

    def __init__(self, aliases: Mapping[str, str] | None = None, boxes: Boxes | None = None) -> None:
        self.boxes = boxes or Boxes()
        self.other = Other()
        self.events: list[Event] = []
        self.oracle = FakeOracle({"unix:passwd.byname": ACCOUNTS, "hash:/aliases": dict(aliases or {})})

    def deliver(self, address: str, rules: LocalRules = RULES, content: bytes = b"Subject: x\r\n\r\n") -> Result:
        settings = Settings.parse(
            "myhostname = mx.ohio.net\nmydestination = $myhostname\nmyorigin = $myhostname\n"
            f"alias_maps = hash:/aliases\nrecipient_delimiter = {rules.delimiters}\n"
        )
        world = Surroundings(lambda: self.oracle, lambda _: self.events.append, OwnAddresses())
        means = LocalMeans(
            Aliases(settings, Router(settings, OwnAddresses())),
            Mailboxes(self.boxes, lambda: 1_000_000.0),
            {"lmtp": Agent(self.other, "lmtp")},
        )
        (result,) = asyncio.run(LocalAgent(rules, world, means).deliver(job(address, content=content)))
        return result

    @property
    def lines(self) -> list[str]:
        return [text(event) for event in self.events]


def new(result: Result) -> list[str]:
    return [recipient.address for recipient in result.new_recipients]


# Users


@pytest.mark.parametrize("address", ["joe@mx.ohio.net", "JOE@mx.ohio.net", "joe+ext@mx.ohio.net"])
def test_a_user_gets_mail(address: str) -> None:
    machine = Machine()
    result = machine.deliver(address, replace(RULES, delimiters="+"))
    assert (result.status, result.dsn, result.text, result.relay) == (
        Status.SENT,
        "2.0.0",
        "delivered to mailbox",
        "local",
    )
    assert machine.boxes.got == [("/spool/joe", 1000)]
    assert f"Delivered-To: {address}\n".encode() in machine.boxes.messages[0]


@pytest.mark.parametrize(("address", "name"), [("nosuch@mx.ohio.net", "nosuch"), ("joe+ext@mx.ohio.net", "joe+ext")])
def test_an_unknown_user(address: str, name: str) -> None:
    result = Machine().deliver(address)
    assert (result.status, result.dsn, result.text) == (Status.BOUNCED, "5.1.1", f'unknown user: "{name}"')


def test_nothing_is_delivered_as_root() -> None:
    machine = Machine()
    result = machine.deliver("root@mx.ohio.net")
    assert (result.status, result.dsn) == (Status.DEFERRED, "4.3.5")
    assert machine.boxes.got == []


def test_a_failing_account_table_defers() -> None:
    machine = Machine()
    machine.oracle.failing = frozenset({"unix:passwd.byname"})
    result = machine.deliver("joe@mx.ohio.net")
    assert (result.status, result.text) == (Status.DEFERRED, "user lookup error")
    assert machine.lines


def test_a_mailbox_that_fails_says_whose_it_is() -> None:
    result = Machine(boxes=Boxes({"/spool/joe": 13})).deliver("joe@mx.ohio.net")
    assert (result.status, result.dsn) == (Status.BOUNCED, "5.2.0")
    assert result.text == "cannot update mailbox /spool/joe for user joe. why"


@pytest.mark.parametrize("header", [b"Delivered-To: joe@mx.ohio.net", b"A: b\r\ndelivered-to:\tJOE@mx.ohio.net "])
def test_mail_that_was_here_before_goes_in_circles(header: bytes) -> None:
    result = Machine().deliver("joe@mx.ohio.net", content=header + b"\r\n\r\n")
    assert (result.status, result.dsn, result.text) == (
        Status.BOUNCED,
        "5.4.6",
        "mail forwarding loop for joe@mx.ohio.net",
    )


def test_what_the_body_says_is_no_loop() -> None:
    content = b"A: b\r\n\r\nDelivered-To: joe@mx.ohio.net\r\n"
    assert Machine().deliver("joe@mx.ohio.net", content=content).status is Status.SENT


# Aliases


def test_an_alias_is_delivered_here_and_forwarded() -> None:
    machine = Machine({"team": "joe, ann, x@b.example"})
    result = machine.deliver("team@mx.ohio.net")
    assert (result.status, result.text) == (Status.SENT, "forwarded as 4Xyz")
    assert new(result) == ["x@b.example"]
    assert [path for path, _ in machine.boxes.got] == ["/spool/joe", "/spool/ann"]
    assert result.new_recipients[0].original == "team@mx.ohio.net"


def test_an_alias_that_names_itself_is_the_mailbox_too() -> None:
    machine = Machine({"self": "self, x@b.example"})
    result = machine.deliver("self@mx.ohio.net")
    assert machine.boxes.got == [("/spool/self", 1002)]
    assert new(result) == ["x@b.example"]


def test_a_mailbox_elsewhere_that_fails_becomes_a_recipient() -> None:
    machine = Machine({"team": "joe, ann"}, Boxes({"/spool/ann": 11}))
    result = machine.deliver("team@mx.ohio.net")
    assert (result.status, new(result)) == (Status.SENT, ["ann@mx.ohio.net"])


def test_the_own_mailbox_comes_first() -> None:
    """Nobody gets the message twice because the own mailbox was locked."""
    machine = Machine({"self": "joe, self, x@b.example"}, Boxes({"/spool/self": 11}))
    result = machine.deliver("self@mx.ohio.net")
    assert (result.status, new(result), machine.boxes.got) == (Status.DEFERRED, [], [])


def test_an_own_mailbox_that_is_broken_does_not_stop_the_others() -> None:
    machine = Machine({"self": "joe, self, x@b.example"}, Boxes({"/spool/self": 13}))
    result = machine.deliver("self@mx.ohio.net")
    assert (result.status, new(result)) == (Status.BOUNCED, ["x@b.example"])
    assert machine.boxes.got == [("/spool/joe", 1000)]


@pytest.mark.parametrize(
    ("aliases", "status", "dsn", "words"),
    [
        ({"a": "b", "b": "a"}, Status.BOUNCED, "5.4.6", "alias database loop for "),
        ({"a": '"|/bin/vacation joe"'}, Status.DEFERRED, "4.3.5", "delivery to commands is not available"),
    ],
)
def test_aliases_that_lead_nowhere(aliases: Mapping[str, str], status: Status, dsn: str, words: str) -> None:
    machine = Machine(aliases)
    result = machine.deliver("a@mx.ohio.net")
    assert (status, dsn) == (result.status, result.dsn)
    assert result.text.startswith(words)
    assert machine.boxes.got == []


def test_a_failing_alias_table_defers() -> None:
    machine = Machine()
    machine.oracle.failing = frozenset({"hash:/aliases"})
    result = machine.deliver("joe@mx.ohio.net")
    assert (result.status, result.dsn, result.text) == (Status.DEFERRED, "4.3.0", "alias database unavailable")


def test_files_get_mail_as_nobody() -> None:
    machine = Machine({"archive": "/var/archive"})
    result = machine.deliver("archive@mx.ohio.net")
    assert (result.status, result.text) == (Status.SENT, "delivered to file: /var/archive")
    assert machine.boxes.got == [("/var/archive", 65534)]


def test_files_may_be_forbidden() -> None:
    result = Machine({"archive": "/var/archive"}).deliver("archive@mx.ohio.net", replace(RULES, files_from=frozenset()))
    assert (result.status, result.text) == (Status.BOUNCED, "mail to file is restricted")


def test_files_are_not_written_as_root() -> None:
    result = Machine({"archive": "/var/archive"}).deliver("archive@mx.ohio.net", replace(RULES, default_user="root"))
    assert result.status is Status.DEFERRED


def test_the_null_device_swallows_everything() -> None:
    machine = Machine({"void": "/dev/null"})
    assert machine.deliver("void@mx.ohio.net").text == "delivered to file: /dev/null"
    assert machine.boxes.got == []


def test_included_files_are_read(tmp_path: Path) -> None:
    inner, outer = tmp_path / "inner", tmp_path / "outer"
    inner.write_text("x@b.example\n")
    outer.write_text(f"# members\njoe\n:include:{inner}\n")
    machine = Machine({"list": f":include:{outer}"})
    result = machine.deliver("list@mx.ohio.net")
    assert new(result) == ["x@b.example"]
    assert machine.boxes.got == [("/spool/joe", 1000)]


def test_included_files_that_include_each_other_are_a_loop(tmp_path: Path) -> None:
    file = tmp_path / "list"
    file.write_text(f":include:{file}\n")
    assert Machine({"list": f":include:{file}"}).deliver("list@mx.ohio.net").dsn == "5.4.6"


def test_a_file_that_is_not_there_defers(tmp_path: Path) -> None:
    result = Machine({"list": f":include:{tmp_path}/none"}).deliver("list@mx.ohio.net")
    assert (result.status, result.dsn) == (Status.DEFERRED, "4.3.0")
    assert result.text == f"cannot open include file {tmp_path}/none: No such file or directory"


# Other ways


def test_a_mailbox_transport_delivers_to_users() -> None:
    machine = Machine()
    rules = replace(RULES, mailbox_transport="lmtp:unix:private/dovecot")
    assert machine.deliver("joe@mx.ohio.net", rules).text == "passed on"
    assert [(passed.transport, passed.nexthop) for passed in machine.other.jobs] == [("lmtp", "unix:private/dovecot")]
    assert machine.deliver("nosuch@mx.ohio.net", rules).status is Status.BOUNCED


def test_a_transport_that_is_not_there_defers() -> None:
    machine = Machine()
    result = machine.deliver("joe@mx.ohio.net", replace(RULES, mailbox_transport="nothing"))
    assert (result.status, result.text) == (Status.DEFERRED, "mail transport unavailable")
    assert machine.lines == ["warning: there is no transport nothing in master.cf"]


def test_a_fallback_transport_takes_the_unknown() -> None:
    machine = Machine()
    rules = replace(RULES, fallback_transport="lmtp")
    assert machine.deliver("nosuch@mx.ohio.net", rules).text == "passed on"
    assert machine.other.jobs[0].nexthop == "mx.ohio.net"
    assert machine.deliver("joe@mx.ohio.net", rules).text == "delivered to mailbox"


@pytest.mark.parametrize(
    ("relay", "address"),
    [
        ("$user@other.example", "nosuch@other.example"),
        ("@other.example", "nosuch@other.example"),
        ("ann+$local", "ann+nosuch+ext@mx.ohio.net"),
        ("x@b.example", "x@b.example"),
    ],
)
def test_luser_relay_takes_the_unknown(relay: str, address: str) -> None:
    machine = Machine()
    result = machine.deliver("nosuch+ext@mx.ohio.net", replace(RULES, luser_relay=relay, delimiters="+"))
    assert (result.status, new(result)) == (Status.SENT, [address])


def test_luser_relay_to_nobody_is_still_unknown() -> None:
    result = Machine().deliver("nosuch@mx.ohio.net", replace(RULES, luser_relay="$user"))
    assert result.text == 'unknown user: "nosuch"'
