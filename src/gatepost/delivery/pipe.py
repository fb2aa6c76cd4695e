"""The agent that hands mail to a command which master.cf names (pipe(8)).

The rules:

1. The command gets all recipients of a job at once, as many as `transport_destination_recipient_limit` allows.
2. It runs with the rights of `user=`, which are never root's nor the mail owner's, for at most `transport_time_limit`.
3. Its exit status and output decide for all of them (see `exits`).
4. With the flag D, mail that has been delivered to the recipient before is returned. D and O name a recipient in the
   message, and so want one at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gatepost.delivery.accounts import find_account, find_group
from gatepost.delivery.command import Command
from gatepost.delivery.deposit import Mailboxes
from gatepost.delivery.environment import Exported
from gatepost.delivery.exits import judge
from gatepost.delivery.local import delivered_to
from gatepost.delivery.mailformat import Head, MessageForm
from gatepost.delivery.pipeattributes import PipeAttributes
from gatepost.delivery.surroundings import Surroundings
from gatepost.delivery.writers import UserRights, spooled
from gatepost.mail.address import fold
from gatepost.mail.delivery import Job, Result, Status
from gatepost.mail.envelope import Recipient
from gatepost.mail.events import Warned
from gatepost.oracle import LookupFailed, Oracle

CONFIGURATION_ERROR = "mail system configuration error"


class _Misconfigured(Exception):  # noqa: N818 - said as it is
    """The command cannot be run as it is configured; the text is for the log."""


@dataclass(frozen=True, slots=True)
class PipeRules:
    """What a configuration says about a pipe service, whose name is `relay`.

    `attributes` is None where they are wrong, which `fault` tells. `owner` is who must not be the command's user.
    `start` is the directory where it runs by default; `time_limit` is in seconds.
    """

    relay: str
    attributes: PipeAttributes | None = None
    fault: str = ""
    owner: str = ""
    time_limit: float = 1000.0
    delimiters: str = ""
    start: str = ""
    exported: Exported = field(default_factory=Exported)


@dataclass(frozen=True, slots=True)
class PipeAgent:
    """Hands mail to a command."""

    rules: PipeRules
    world: Surroundings
    rights: UserRights
    mailboxes: Mailboxes

    async def deliver(self, job: Job) -> Sequence[Result]:
        """Run the command once for all recipients of the job."""
        emit, oracle = self.world.emit(job.number), self.world.oracle()
        attributes = self.rules.attributes
        if attributes is None:
            emit(Warned(self.rules.fault))
            return self._all(job, Status.DEFERRED, "4.3.5", CONFIGURATION_ERROR)
        first = job.recipients[0][1].address
        shared = sorted(attributes.flags & {"D", "O"})
        if shared and len(job.recipients) > 1:  # everybody would read who the others are
            limit = f"{self.rules.relay}_destination_recipient_limit"
            emit(Warned(f"pipe flag `{shared[0]}' requires {limit} = 1"))
            return self._all(job, Status.DEFERRED, "4.3.5", CONFIGURATION_ERROR)
        if attributes.size and job.body.size > attributes.size:
            return self._all(job, Status.BOUNCED, "5.2.3", "message too large")
        if "D" in attributes.flags and fold(first) in await delivered_to(job.body):
            text = f"mail forwarding loop for {first}"
            return self._all(job, Status.BOUNCED, "5.4.6", text)
        try:
            command = await self._command(job, attributes, oracle)
        except (LookupFailed, _Misconfigured) as error:
            emit(Warned(str(error)))
            return self._all(job, Status.DEFERRED, "4.3.5", CONFIGURATION_ERROR)
        return await self._run(job, attributes, command)

    async def _run(self, job: Job, attributes: PipeAttributes, command: Command) -> Sequence[Result]:
        flags = attributes.flags
        form = MessageForm(attributes.eol, ">" in flags, "." in flags, "B" in flags)
        head = self._head(job, attributes, job.recipients[0][1]).text(attributes.eol)
        started = self.mailboxes.clock()
        try:
            async with spooled(job.body, head, form, self.mailboxes.folder) as content:
                ending = await self.rights.run(command, content)
        except OSError as error:
            text = f"cannot prepare the message: {error.strerror or error}"
            return self._all(job, Status.DEFERRED, "4.3.0", text)
        spent = max(0.0, self.mailboxes.clock() - started)
        said = judge(ending, attributes.argv[0])
        if said.status is not Status.SENT:
            return self._all(job, said.status, said.dsn, said.text, spent)
        output = f" ({said.text})" if said.text else ""
        text = f"delivered via {self.rules.relay} service{output}"
        return self._all(job, Status.SENT, "2.0.0", text, spent, relayed="X" not in flags)

    def _all(
        self, job: Job, status: Status, dsn: str, text: str, spent: float = 0.0, *, relayed: bool = False
    ) -> Sequence[Result]:
        """The same for everybody."""
        relay = self.rules.relay
        return [Result(row, status, dsn, text, relay, transmission=spent, relayed=relayed) for row, _ in job.recipients]

    def _head(self, job: Job, attributes: PipeAttributes, recipient: Recipient) -> Head:
        flags = attributes.flags
        return Head(
            job.envelope.sender,
            "F" in flags,
            "R" in flags,
            recipient.original if "O" in flags else None,
            recipient.address if "D" in flags else None,
            self.mailboxes.clock(),
            attributes.null_sender or "MAILER-DAEMON",
            attributes.null_sender,
        )

    async def _command(self, job: Job, attributes: PipeAttributes, oracle: Oracle) -> Command:
        """The command and whose rights it has (rule 2). Raises LookupFailed and _Misconfigured."""
        account = await find_account(attributes.user, oracle)
        if account is None:
            raise _Misconfigured(f"{self.rules.relay}: user={attributes.user}: there is no such user")
        gid: int | None = account.gid
        if attributes.group:
            gid = await find_group(attributes.group, oracle)
        if gid is None:
            raise _Misconfigured(f"{self.rules.relay}: user=: there is no group {attributes.group}")
        if account.uid == 0 or gid == 0 or account.name == self.rules.owner:
            raise _Misconfigured(f"{self.rules.relay}: user={attributes.user}: nothing runs as root or the mail owner")
        return Command(
            attributes.command(job, self.rules.delimiters),
            (),
            account.uid,
            gid,
            tuple(self.rules.exported.values.items()),
            attributes.directory,
            self.rules.start,
            attributes.root,
            self.rules.time_limit,
            "pipe: fatal: pipe_command: execvp",
        )
