"""Users' rights in memory: mailboxes, commands and files that do as a test says, and remember what was wanted."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gatepost.config.own import OwnAddresses
from gatepost.config.settings import Settings
from gatepost.delivery.command import Command
from gatepost.delivery.deposit import Mailboxes
from gatepost.delivery.exits import Ending
from gatepost.delivery.forward import Forwards
from gatepost.delivery.include import Includes
from gatepost.delivery.local import LocalAgent
from gatepost.delivery.localcommand import LocalCommands
from gatepost.delivery.localmeans import LocalMeans
from gatepost.delivery.localrules import LocalRules, command_rules, forward_rules
from gatepost.delivery.mailbox import Target
from gatepost.delivery.requests import Failure
from gatepost.delivery.surroundings import Surroundings
from gatepost.delivery.userfile import Found, UserFile
from gatepost.mail.delivery import Agent, Job, Result, Status
from gatepost.mail.envelope import Envelope, Recipient
from gatepost.mail.events import Event
from gatepost.maillog import text
from gatepost.routing.aliases import Aliases
from gatepost.routing.router import Router
from tests.fakes.jobs import job
from tests.fakes.oracle import FakeOracle


@dataclass
class FakeRights:
    """`failing` are mailboxes with their error numbers, `endings` what commands come to, `files` what can be read."""

    failing: Mapping[str, int] = field(default_factory=dict)
    endings: Mapping[str, Ending] = field(default_factory=dict)
    files: Mapping[str, Found | str] = field(default_factory=dict)
    got: list[tuple[str, int]] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    read_files: list[UserFile] = field(default_factory=list)

    async def deliver(self, target: Target, content: int) -> Failure | None:
        if target.path in self.failing:
            return Failure("why", self.failing[target.path])
        self.got.append((target.path, target.uid))
        self.messages.append(os.pread(content, 100_000, 0))
        return None

    async def run(self, command: Command, content: int) -> Ending:
        self.commands.append(command)
        self.messages.append(os.pread(content, 100_000, 0))
        return self.endings.get(command.argv[-1], Ending())

    async def read(self, file: UserFile) -> Found:
        self.read_files.append(file)
        found = self.files.get(file.path, Found())
        return Found(found.encode("utf-8", "surrogateescape")) if isinstance(found, str) else found


class Other:
    """An agent that mail is passed on to."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    async def deliver(self, job: Job) -> Sequence[Result]:
        self.jobs.append(job)
        return [Result(row, Status.SENT, "2.0.0", "passed on") for row, _ in job.recipients]


ACCOUNTS = {
    name: f"{name}:x:{uid}:{uid}::/home/{name}:/bin/sh"
    for name, uid in (("root", 0), ("joe", 1000), ("ann", 1001), ("self", 1002), ("nobody", 65534))
}


class LocalMachine:
    """Local delivery with these aliases and main.cf lines."""

    def __init__(
        self, aliases: Mapping[str, str] | None = None, rights: FakeRights | None = None, main: str = ""
    ) -> None:
        self.rights = rights or FakeRights()
        self.other = Other()
        self.events: list[Event] = []
        self.oracle = FakeOracle({"unix:passwd.byname": ACCOUNTS, "inline:aliases": dict(aliases or {})})
        settings = Settings.parse(
            "myhostname = mx.ohio.net\nmydestination = $myhostname\nmyorigin = $myhostname\nlocal_transport = local\n"
            f"alias_maps = inline:aliases\nmail_spool_directory = /spool\n{main}\n"
        )
        mailboxes = Mailboxes(self.rights, lambda: 1_000_000.0)
        found = Aliases(settings, Router(settings, OwnAddresses()))
        self.means = LocalMeans(
            found,
            Includes(found, self.rights),
            Forwards(forward_rules(settings), self.rights),
            LocalCommands(command_rules(settings, 5.0, {}), self.rights, mailboxes),
            mailboxes,
            {"lmtp": Agent(self.other, "lmtp")},
        )
        self.rules = LocalRules.read(settings, "local")
        world = Surroundings(lambda: self.oracle, lambda _: self.events.append, OwnAddresses())
        self.agent = LocalAgent(self.rules, world, self.means)

    async def deliver(
        self, recipient: str | Recipient, content: bytes = b"Subject: x\r\n\r\n", envelope: Envelope | None = None
    ) -> Result:
        """What becomes of one recipient."""
        (result,) = await self.agent.deliver(job(recipient, content=content, envelope=envelope))
        return result

    @property
    def lines(self) -> list[str]:
        """What was logged meanwhile."""
        return [text(event) for event in self.events]


def told(result: Result) -> list[tuple[str, str, str]]:
    """What the log tells of a delivery: status, status code and text of each part."""
    parts = (result,) if result.told is None else result.told
    return [(part.status.value, part.dsn, part.text) for part in parts]


def sent_on(result: Result) -> list[tuple[str, str, list[str]]]:
    """What is sent on: sender, mark and recipients of each message."""
    return [
        (forwarding.sender, forwarding.mark, [one.address for one in forwarding.recipients])
        for forwarding in result.forwards
    ]


def rows(result: Result) -> list[tuple[str, str]]:
    """The recipients of the same message that it turned into: address, and what it came from."""
    return [(one.address, one.via) for one in result.new_recipients]
