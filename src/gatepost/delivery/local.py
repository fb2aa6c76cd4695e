"""The agent for local recipients: aliases, then users (local(8)).

The rules:

1. A message that has been delivered to this address before (Delivered-To) goes in circles, and is returned.
2. An alias is expanded whole. Commands and files that it names get the message here; users of this machine become
   recipients of the same message; addresses elsewhere, and all that an alias with an owner or an included file names,
   get a message of their own.
3. Everything else is for a user: see `localuser`.
4. Nothing is done as root: what would be has the rights of `default_privs`, or waits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from gatepost.delivery.accounts import Account, find_account
from gatepost.delivery.include import rights_for
from gatepost.delivery.localmeans import LocalMeans
from gatepost.delivery.localrules import LocalRules
from gatepost.delivery.localtask import Task, is_put_off, summed_up
from gatepost.delivery.localuser import LocalUsers
from gatepost.delivery.parts import Parts
from gatepost.delivery.surroundings import Surroundings
from gatepost.mail.address import fold
from gatepost.mail.delivery import Body, Forwarding, Job, Result
from gatepost.mail.envelope import Notify, Recipient
from gatepost.mail.events import Warned
from gatepost.oracle import LookupFailed
from gatepost.routing.aliases import Command, File, Forward, Include, Mailbox, Target

_DELIVERED_TO = re.compile(rb"(?im)^delivered-to:[ \t]*(.*?)\r?$")
_HEADER_LIMIT = 1_048_576


class LocalAgent:
    """Delivers to users of this machine."""

    def __init__(self, rules: LocalRules, surroundings: Surroundings, means: LocalMeans) -> None:
        self._rules = rules
        self._world = surroundings
        self._means = means
        self._parts = Parts(rules, means)
        self._users = LocalUsers(rules, means, self._parts)

    async def deliver(self, job: Job) -> Sequence[Result]:
        """Try every recipient of the job once."""
        emit, oracle = self._world.emit(job.number), self._world.oracle()
        seen = await delivered_to(job.body)
        results: list[Result] = []
        for row, recipient in job.recipients:
            task = Task(job, row, recipient, oracle, emit, self._rules.relay, seen)
            if fold(recipient.address) in seen:
                results.append(task.bounced("5.4.6", f"mail forwarding loop for {recipient.address}"))
            else:
                results.append(await self._recipient(task))
        return results

    async def _recipient(self, task: Task) -> Result:
        if task.recipient.via:
            return await self._users.deliver(task)
        try:
            targets = await self._means.aliases.expand(task.address, task.oracle)
        except LookupFailed as error:
            task.emit(Warned(str(error)))
            return task.deferred("4.3.0", "alias database unavailable")
        match targets:
            case [Mailbox(address=address, owner=None)] if address == task.address:
                return await self._users.deliver(task)
            case _:
                return await self._expanded(task, targets)

    async def _expanded(self, task: Task, targets: list[Target]) -> Result:
        """Deliver to everything that an alias stands for (rule 2)."""
        acting = Account("", -1, -1, "", "")
        if any(isinstance(target, Command | File | Include) for target in targets):
            found = await self._default_account(task)
            if isinstance(found, Result):
                return found
            acting = found
        listed = await self._means.includes.resolved(task, targets, acting, own=False)
        done = [*listed.failed]
        for target in listed.targets:
            if is_put_off(done):
                break
            match target:
                case Mailbox() | Forward():
                    pass
                case Command() | File():
                    account, is_user = await rights_for(target, acting)
                    done.append(await self._parts.deliver(task, target, account, is_user=is_user))
                case _:
                    done.append(await self._parts.deliver(task, target, acting, is_user=False))
        here = (target.address for target in listed.targets if isinstance(target, Mailbox) and target.owner is None)
        rows = tuple(replace(task.recipient, address=address, via=task.address) for address in here)
        return summed_up(task, done, rows, self._forwards(task, listed.targets))

    def _forwards(self, task: Task, targets: Iterable[Target]) -> tuple[Forwarding, ...]:
        """What is sent on, by the owner of the alias; an owner's mail has nothing of what its sender asked for."""
        by_owner: dict[str | None, list[Recipient]] = {}
        for target in targets:
            match target:
                case Forward(address=address, owner=None):
                    by_owner.setdefault(None, []).append(replace(task.recipient, address=address))
                case Forward(address=address, owner=owner) | Mailbox(address=address, owner=str(owner)):
                    by_owner.setdefault(owner, []).append(Recipient(address, address, Notify.DEFAULT))
                case _:
                    pass
        mark = task.mark if self._rules.marks_forwards else ""
        sender = task.job.envelope.sender
        return tuple(
            Forwarding(sender if owner is None else owner, tuple(recipients), mark)
            for owner, recipients in by_owner.items()
        )

    async def _default_account(self, task: Task) -> Account | Result:
        """Whose rights `default_privs` gives."""
        name = self._rules.default_user
        try:
            account = await find_account(name, task.oracle)
        except LookupFailed as error:
            task.emit(Warned(str(error)))
            return task.deferred("4.3.0", "user lookup error")
        if account is None or account.uid == 0:
            return task.deferred("4.3.5", f"default_privs: {name} is no user to deliver as")
        return account


async def delivered_to(body: Body) -> frozenset[str]:
    """The addresses that the message has been delivered to, folded."""
    header = b""
    async for chunk in body.chunks():
        header += chunk
        if b"\r\n\r\n" in header or len(header) > _HEADER_LIMIT:
            break
    found = _DELIVERED_TO.findall(header.partition(b"\r\n\r\n")[0])
    return frozenset(fold(address.decode("utf-8", "surrogateescape").strip()) for address in found)
