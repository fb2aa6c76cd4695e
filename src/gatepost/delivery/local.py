"""The agent for local recipients: aliases, then the user's own mailbox (local(8)).

The rules:

1. A message that has been delivered to this address before (Delivered-To) goes in circles, and is returned.
2. An alias is expanded whole. The recipient's own mailbox comes first: what fails for now is tried again later, before
   anybody else has got the message. Then come files and other users' mailboxes; a mailbox that fails becomes a
   recipient of its own, as does every address elsewhere.
3. A name without alias is a user of this machine, or `luser_relay`'s, or `fallback_transport`'s, or unknown.
4. A user's mail goes to `mailbox_transport`, else to `home_mailbox`, else to the spool directory.
5. Nothing is delivered as root. Commands are not run; mail for them waits.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gatepost.delivery.accounts import find_account
from gatepost.delivery.deposit import Deposit, Mailboxes
from gatepost.delivery.localrules import LocalRules, substitute
from gatepost.delivery.surroundings import Surroundings
from gatepost.mail.address import fold, split_domain, split_extension
from gatepost.mail.delivery import Agent, Body, Job, Result, Status
from gatepost.mail.envelope import Recipient
from gatepost.mail.events import Emit, Warned
from gatepost.oracle import LookupFailed, Oracle
from gatepost.routing.aliases import Aliases, Command, File, Forward, Include, Loop, Mailbox, Origin, Target

RELAY = "local"
"""The `relay=` of log lines."""

INCLUDE_LIMIT = 1_048_576
"""Bytes of a file that an alias includes."""

INCLUDE_NESTING = 10
"""Files that include files."""

_DELIVERED_TO = re.compile(rb"(?im)^delivered-to:[ \t]*(.*?)\r?$")
_HEADER_LIMIT = 1_048_576


@dataclass(frozen=True, slots=True)
class LocalMeans:
    """What local delivery works with. `others` are all agents, for mail that is passed on."""

    aliases: Aliases
    mailboxes: Mailboxes
    others: Mapping[str, Agent]


@dataclass(frozen=True, slots=True)
class _Task:
    """One recipient of one job."""

    job: Job
    row: int
    recipient: Recipient
    oracle: Oracle
    emit: Emit

    def result(self, status: Status, dsn: str, text: str) -> Result:
        """A result of local delivery."""
        return Result(self.row, status, dsn, text, RELAY)


class LocalAgent:
    """Delivers to users of this machine."""

    def __init__(self, rules: LocalRules, surroundings: Surroundings, means: LocalMeans) -> None:
        self._rules = rules
        self._world = surroundings
        self._means = means

    async def deliver(self, job: Job) -> Sequence[Result]:
        """Try every recipient of the job once."""
        emit, oracle = self._world.emit(job.number), self._world.oracle()
        seen = await _delivered_to(job.body)
        results: list[Result] = []
        for row, recipient in job.recipients:
            task = _Task(job, row, recipient, oracle, emit)
            if fold(recipient.address) in seen:
                text = f"mail forwarding loop for {recipient.address}"
                results.append(task.result(Status.BOUNCED, "5.4.6", text))
            else:
                results.append(await self._recipient(task))
        return results

    # Aliases

    async def _recipient(self, task: _Task) -> Result:
        try:
            targets = await self._targets(task)
        except LookupFailed as error:
            task.emit(Warned(str(error)))
            return task.result(Status.DEFERRED, "4.3.0", "alias database unavailable")
        except OSError as error:
            text = f"cannot open include file {error.filename}: {error.strerror or error}"
            return task.result(Status.DEFERRED, "4.3.0", text)
        return self._impossible(task, targets) or await self._spread(task, targets)

    async def _targets(self, task: _Task) -> list[Target]:
        """What the address stands for, included files read. Raises LookupFailed, OSError."""
        address = task.recipient.address
        waiting = list((await self._means.aliases.expand(address, task.oracle)).targets)
        targets: dict[Target, None] = {}
        nesting = 0
        while waiting:
            included = [target for target in waiting if isinstance(target, Include)]
            targets.update(dict.fromkeys(target for target in waiting if not isinstance(target, Include)))
            if included and nesting == INCLUDE_NESTING:
                targets[Loop(address, included[0].path)] = None
                break
            nesting += 1
            waiting = []
            for target in included:
                text = await asyncio.to_thread(_read_include, target.path)
                more = await self._means.aliases.expand_lines(text, target.address, Origin.INCLUDE, task.oracle)
                waiting += more.targets
        return list(targets)

    def _impossible(self, task: _Task, targets: Sequence[Target]) -> Result | None:
        """What stands in the way of all of it, before anybody has got the message."""
        for target in targets:
            match target:
                case Loop(name=name):
                    return task.result(Status.BOUNCED, "5.4.6", f"alias database loop for {name}")
                case File(origin=origin) if origin.value not in self._rules.files_from:
                    return task.result(Status.BOUNCED, "5.7.1", "mail to file is restricted")
                case Command():
                    return task.result(Status.DEFERRED, "4.3.5", "delivery to commands is not available")
        if not targets:
            return task.result(Status.BOUNCED, "5.1.1", f"alias of {task.recipient.address} leads nowhere")
        return None

    async def _spread(self, task: _Task, targets: Sequence[Target]) -> Result:
        """Deliver to everything that an address stands for (rule 2)."""
        user = self._user(task.recipient.address)
        own = [target for target in targets if isinstance(target, Mailbox) and fold(target.user) == user]
        new = [target.address for target in targets if isinstance(target, Forward)]
        done: list[Result] = []
        for mailbox in own[:1]:
            done.append(await self._mailbox(task, mailbox))
            if done[0].status is Status.DEFERRED:
                return done[0]
        for target in targets:
            if isinstance(target, File):
                done.append(await self._file(task, target.path))
            elif isinstance(target, Mailbox) and target not in own:
                result = await self._mailbox(task, target)
                if result.status is Status.SENT:
                    done.append(result)
                else:
                    new.append(target.address)
        recipients = tuple(replace(task.recipient, address=address) for address in new)
        return _summary(task, done, recipients)

    def _user(self, address: str) -> str:
        local = split_domain(address)[0]
        return fold(split_extension(local, self._rules.delimiters, owner_request=self._rules.owner_request)[0])

    # Mailboxes

    async def _mailbox(self, task: _Task, mailbox: Mailbox) -> Result:
        try:
            account = await find_account(fold(mailbox.user), task.oracle)
        except LookupFailed as error:
            task.emit(Warned(str(error)))
            return task.result(Status.DEFERRED, "4.3.0", "user lookup error")
        if account is None:
            return await self._unknown(task, mailbox)
        if self._rules.mailbox_transport:
            return await self._pass_on(task, mailbox, self._rules.mailbox_transport)
        if account.uid == 0:
            text = "no mail is delivered as root; make an alias for it"
            return task.result(Status.DEFERRED, "4.3.5", text)
        target = self._rules.mailbox(account)
        trouble = f"cannot update mailbox {target.path} for user {account.name}. "
        recipient = replace(task.recipient, address=mailbox.address)
        deposit = Deposit(task.row, recipient, target, RELAY, "5.2.0", trouble, self._rules.marks_files)
        return await self._means.mailboxes.put(task.job, deposit, task.emit)

    async def _unknown(self, task: _Task, mailbox: Mailbox) -> Result:
        if self._rules.fallback_transport:
            return await self._pass_on(task, mailbox, self._rules.fallback_transport)
        relay = self._rules.luser_relay.strip()
        if not relay:
            return task.result(Status.BOUNCED, "5.1.1", f'unknown user: "{mailbox.user}"')
        local, domain = split_domain(mailbox.address)
        values = {
            "user": mailbox.user,
            "local": local,
            "domain": domain,
            "extension": mailbox.extension[1:],
            "recipient": mailbox.address,
            "recipient_delimiter": mailbox.extension[:1],
        }
        address = substitute(relay, values)
        if address.startswith("@"):
            address = f"{mailbox.user}{address}"
        try:
            more = await self._means.aliases.expand_lines(address, mailbox.address, Origin.ALIAS, task.oracle)
        except LookupFailed as error:
            task.emit(Warned(str(error)))
            return task.result(Status.DEFERRED, "4.3.0", "alias database unavailable")
        new = [target.address for target in more.targets if isinstance(target, Forward | Mailbox)]
        if not new or mailbox.address in new:
            return task.result(Status.BOUNCED, "5.1.1", f'unknown user: "{mailbox.user}"')
        return _summary(task, [], tuple(replace(task.recipient, address=each) for each in new))

    async def _pass_on(self, task: _Task, mailbox: Mailbox, transport: str) -> Result:
        """Have another agent deliver to the user."""
        name, _, nexthop = transport.partition(":")
        agent = self._means.others.get(name)
        if agent is None:
            task.emit(Warned(f"there is no transport {name} in master.cf"))
            return task.result(Status.DEFERRED, "4.3.0", "mail transport unavailable")
        recipient = replace(task.recipient, address=mailbox.address)
        nexthop = nexthop or split_domain(mailbox.address)[1] or self._rules.host
        job = replace(task.job, recipients=((task.row, recipient),), transport=name, nexthop=nexthop)
        (result,) = await agent.transport.deliver(job)
        return result

    async def _file(self, task: _Task, path: str) -> Result:
        """Add to a file that an alias names, with the rights of `default_privs`."""
        told = f"delivered to file: {path}"
        if path == "/dev/null":
            return task.result(Status.SENT, "2.0.0", told)
        try:
            account = await find_account(self._rules.default_user, task.oracle)
        except LookupFailed:
            account = None
        if account is None or account.uid == 0:
            text = f"default_privs: {self._rules.default_user} is no user to deliver as"
            return task.result(Status.DEFERRED, "4.3.5", text)
        target, trouble = self._rules.file(path, account), f"cannot append to {path}. "
        deposit = Deposit(task.row, task.recipient, target, RELAY, "5.2.0", trouble, self._rules.marks_files)
        result = await self._means.mailboxes.put(task.job, deposit, task.emit)
        return replace(result, text=told) if result.status is Status.SENT else result


def _summary(task: _Task, done: Sequence[Result], new: tuple[Recipient, ...]) -> Result:
    """One result for all: a failure if there was one, else what became of the message."""
    for result in done:
        if result.status is not Status.SENT:
            return replace(result, new_recipients=new if result.status is Status.BOUNCED else ())
    if new:
        text = f"forwarded as {task.job.queue_id}"
        return replace(task.result(Status.SENT, "2.0.0", text), new_recipients=new)
    return done[0]


def _read_include(path: str) -> str:
    with Path(path).open("rb") as stream:
        return stream.read(INCLUDE_LIMIT).decode("utf-8", "surrogateescape")


async def _delivered_to(body: Body) -> frozenset[str]:
    """The addresses that the message has been delivered to, folded."""
    header = b""
    async for chunk in body.chunks():
        header += chunk
        if b"\r\n\r\n" in header or len(header) > _HEADER_LIMIT:
            break
    found = _DELIVERED_TO.findall(header.partition(b"\r\n\r\n")[0])
    return frozenset(fold(address.decode("utf-8", "surrogateescape").strip()) for address in found)
