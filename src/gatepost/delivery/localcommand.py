"""Commands of local delivery: aliases, .forward, `mailbox_command` (local(8), "external command delivery").

The rules:

1. A command without special characters is executed as it is, any other by the shell, and so is one that there is no
   program for, as it may be the shell's own. `local_command_shell` takes the place of both.
2. What the command is to know is in its environment. What comes from the message keeps only the characters of
   `command_expansion_filter` there; the rest becomes `_`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gatepost.config.expand import ExpansionError
from gatepost.delivery.accounts import Account
from gatepost.delivery.command import Command
from gatepost.delivery.deposit import Mailboxes
from gatepost.delivery.environment import Exported
from gatepost.delivery.exits import judge
from gatepost.delivery.localtask import Task
from gatepost.delivery.macros import expanded, filtered
from gatepost.delivery.mailformat import Head, MessageForm
from gatepost.delivery.writers import UserRights, spooled
from gatepost.mail.address import fold, split_domain, split_extension
from gatepost.mail.delivery import Result, Status
from gatepost.mail.events import Warned

_PLAIN = frozenset("1234567890!@%-_=+:,./abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ \t")
"""What a command may have that needs no shell."""

_SHELL = "sh"

_FORM = MessageForm()


@dataclass(frozen=True, slots=True)
class CommandRules:
    """What a configuration says about commands. `time_limit` is in seconds; `start` is where they run by default."""

    shell: tuple[str, ...] = ()
    time_limit: float = 1000.0
    value_filter: str = ""
    directory: str = ""
    directory_filter: str = ""
    start: str = ""
    marked: bool = True
    delimiters: str = ""
    owner_request: bool = True
    exported: Exported = field(default_factory=Exported)


@dataclass(frozen=True, slots=True)
class Errand:
    """A command to be run for a recipient, with whose rights.

    `address` is the alias or user that names it. `owner`: in whose name, None for the message's own sender. `is_user`:
    the rights are those of a user who is meant, whose home and shell the command may know.
    """

    command: str
    account: Account
    address: str
    owner: str | None = None
    is_user: bool = True


@dataclass(frozen=True, slots=True)
class LocalCommands:
    """Runs them."""

    rules: CommandRules
    rights: UserRights
    mailboxes: Mailboxes

    async def run(self, task: Task, errand: Errand) -> Result:
        """Have the command take the message."""
        values = self._values(task, errand)
        try:
            directory = expanded(self.rules.directory, _macros(values), self.rules.directory_filter)
        except ExpansionError as error:
            task.emit(Warned(f"command_execution_directory: {error.reason}"))
            return task.deferred("4.3.5", "mail system configuration error")
        command = Command(
            *self._argv(errand.command),
            errand.account.uid,
            errand.account.gid,
            tuple((self.rules.exported.values | _filtered(values, self.rules.value_filter)).items()),
            directory=directory,
            start=self.rules.start,
            time_limit=self.rules.time_limit,
            complaint="local: fatal: execvp",
        )
        sender = task.job.envelope.sender if errand.owner is None else errand.owner
        original = task.recipient.original if errand.owner is None else None
        mark = task.mark if self.rules.marked else None
        head = Head(sender, from_line=True, original=original, delivered=mark, when=self.mailboxes.clock())
        try:
            async with spooled(task.job.body, head.text(), _FORM, self.mailboxes.folder) as content:
                ending = await self.rights.run(command, content)
        except OSError as error:
            return task.deferred("4.3.0", f"cannot prepare the message: {error.strerror or error}")
        said = judge(ending, errand.command)
        if said.status is Status.SENT:
            return task.result(Status.SENT, "2.0.0", f"delivered to command: {errand.command}", errand.address)
        return task.result(said.status, said.dsn, said.text, errand.address)

    def _argv(self, command: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What is executed, and what in its place where there is no such program (rule 1)."""
        if self.rules.shell:
            return (*self.rules.shell, command), ()
        by_shell = (_SHELL, "-c", command)
        words = tuple(command.split())
        if not words or not _PLAIN.issuperset(command):
            return by_shell, ()
        return words, () if "/" in words[0] else by_shell

    def _values(self, task: Task, errand: Errand) -> dict[str, str]:
        """What the command may know of the message, by the names of its environment."""
        local, domain = split_domain(errand.address)
        user, extension = split_extension(local, self.rules.delimiters, owner_request=self.rules.owner_request)
        origin, envelope = task.job.envelope.origin, task.job.envelope
        known = {
            "HOME": errand.account.home if errand.is_user else "",
            "SHELL": errand.account.shell if errand.is_user else "",
            "EXTENSION": "" if "/" in extension else fold(extension[1:]),
            "ORIGINAL_RECIPIENT": task.recipient.original if errand.owner is None else "",
            "CLIENT_ADDRESS": origin.client_address,
            "CLIENT_HELO": origin.helo,
            "CLIENT_HOSTNAME": origin.client_name,
            "CLIENT_PROTOCOL": origin.protocol,
            "SASL_METHOD": origin.sasl_method,
            "SASL_SENDER": origin.sasl_sender,
            "SASL_USERNAME": origin.sasl_username,
        }
        name = fold(user)
        return {
            **{key: value for key, value in known.items() if value},
            "USER": name,
            "LOGNAME": name,
            "LOCAL": fold(local),
            "DOMAIN": domain,
            "RECIPIENT": errand.address,
            "SENDER": envelope.sender if errand.owner is None else errand.owner,
            "RECIPIENT_DELIMITER": extension[:1] or self.rules.delimiters[:1],
        }


def _filtered(values: Mapping[str, str], allowed: str) -> dict[str, str]:
    kept = {name: value for name, value in values.items() if name != "RECIPIENT_DELIMITER"}
    return {name: filtered(value.replace("\0", "_"), allowed) for name, value in kept.items()}


def _macros(values: Mapping[str, str]) -> dict[str, str]:
    """The same by the names that macros have."""
    return {name.lower(): value for name, value in values.items()}
