"""Delivery to a user of this machine, once aliases are done with (local(8)).

The rules, in order:

1. A user's .forward file decides, but for mail that it leads back to the user.
2. `mailbox_transport_maps` and `mailbox_transport` take mail for everybody, known or not.
3. A user's mail goes to `mailbox_command_maps`, else `mailbox_command`, else `home_mailbox`, else the spool directory.
4. Names that are nobody's go to `fallback_transport_maps`, else `fallback_transport`, else `luser_relay`, or are
   unknown.
5. Nothing is done as root; root's mail waits until there is an alias for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gatepost.config.expand import ExpansionError
from gatepost.delivery.accounts import Account, find_account
from gatepost.delivery.deposit import Deposit
from gatepost.delivery.forward import PutOff
from gatepost.delivery.include import read_list
from gatepost.delivery.localcommand import Errand
from gatepost.delivery.localmeans import LocalMeans
from gatepost.delivery.localrules import LocalRules
from gatepost.delivery.localtask import Task, is_put_off, summed_up
from gatepost.delivery.macros import expanded
from gatepost.delivery.parts import Parts
from gatepost.mail.address import external, fold, split_domain
from gatepost.mail.delivery import Forwarding, Result
from gatepost.mail.events import Warned
from gatepost.oracle import LookupFailed
from gatepost.routing.aliases import Forward, Mailbox, Origin, Place


@dataclass(frozen=True, slots=True)
class LocalUsers:
    """Delivers to them. `parts` delivers to commands and files."""

    rules: LocalRules
    means: LocalMeans
    parts: Parts

    async def deliver(self, task: Task) -> Result:
        """Try once."""
        user, extension = self.means.aliases.split(task.address)
        if "/" in extension:  # it could lead anywhere
            task.emit(Warned(f"{external(task.address)}: address with illegal extension: {extension[1:]}"))
            extension = ""
        name = fold(user)
        try:
            account = await find_account(name, task.oracle)
        except LookupFailed as error:
            task.emit(Warned(str(error)))
            return task.deferred("4.3.0", "user lookup error")
        values = self._values(task, name, extension, account)
        if account is not None and account.uid != 0:
            if self.rules.needs_home and (trouble := await asyncio.to_thread(_missing, account.home)):
                return task.deferred("4.3.0", f"cannot access home directory {account.home}: {trouble}")
            try:
                forwarded = await self._forwarded(task, account, values, extension)
            except PutOff as reason:
                return task.deferred("4.3.0", str(reason))
            if forwarded is not None:
                return forwarded
        return await self._mailbox(task, name, account, values)

    def _values(self, task: Task, name: str, extension: str, account: Account | None) -> dict[str, str]:
        """What macros may say."""
        local, domain = split_domain(task.address)
        return {
            "user": name,
            "local": fold(local),
            "domain": domain,
            "extension": fold(extension[1:]),
            "recipient": task.address,
            "recipient_delimiter": extension[:1] or self.rules.delimiters[:1],
            "home": account.home if account else "",
            "shell": account.shell if account else "",
        }

    # .forward files (rule 1)

    async def _forwarded(
        self, task: Task, account: Account, values: Mapping[str, str], extension: str
    ) -> Result | None:
        """What came of the user's .forward file; None where it does not concern this mail. Raises PutOff."""
        found = await self.means.forwards.find(task, account, values)
        if found is None:
            return None
        place = Place(task.address, Origin.FORWARD)
        try:
            unmatched = "" if found.extension else extension
            listed_there = await read_list(self.means.aliases, found.text, place, unmatched)
            targets = await self.means.aliases.forwarded(listed_there, place, task.oracle)
        except LookupFailed as error:
            task.emit(Warned(str(error)))
            raise PutOff("address resolver failure") from error
        if not targets:
            return None
        listed = await self.means.includes.resolved(task, targets, account, own=True)
        done = [*listed.failed]
        addresses: list[str] = []
        for target in listed.targets:
            if is_put_off(done):
                break
            match target:
                case Mailbox():
                    done.append(await self._mailbox(task, values["user"], account, values))
                case Forward(address=address) if await self._was_there(task, address):
                    done.append(task.bounced("5.4.6", f"mail forwarding loop for {address}", address))
                case Forward(address=address):
                    addresses.append(address)
                case _:
                    done.append(await self.parts.deliver(task, target, account, is_user=True))
        return summed_up(task, done, forwards=self._sent_on(task, addresses, task.mark))

    async def _was_there(self, task: Task, address: str) -> bool:
        """Whether the message has been delivered to an address of ours. Raises PutOff."""
        if fold(address) not in task.seen:
            return False
        try:
            return await self.means.aliases.is_local(address, task.oracle)
        except LookupFailed as error:
            task.emit(Warned(str(error)))
            raise PutOff("address resolver failure") from error

    def _sent_on(self, task: Task, addresses: list[str], mark: str) -> tuple[Forwarding, ...]:
        if not addresses:
            return ()
        new = tuple(replace(task.recipient, address=address, via="") for address in dict.fromkeys(addresses))
        return (Forwarding(task.job.envelope.sender, new, mark if self.rules.marks_forwards else ""),)

    # Mailboxes (rules 2 to 5)

    async def _mailbox(self, task: Task, name: str, account: Account | None, values: Mapping[str, str]) -> Result:
        try:
            transport = await _first(self.rules.transport_maps, name, task) or self.rules.mailbox_transport
            if transport:
                return await self._pass_on(task, transport)
            if account is None:
                return await self._unknown(task, name, values)
            command = await _first(self.rules.command_maps, name, task) or self.rules.mailbox_command
        except LookupFailed as error:
            task.emit(Warned(str(error)))
            return task.deferred("4.3.0", "table lookup failure")
        if account.uid == 0:
            return task.deferred("4.3.5", "no mail is delivered as root; make an alias for it")
        if command:
            return await self.means.commands.run(task, Errand(command, account, task.address))
        target = self.rules.mailbox(account)
        trouble = f"cannot update mailbox {target.path} for user {account.name}. "
        deposit = Deposit(
            task.row,
            task.recipient,
            target,
            task.job.envelope.sender,
            task.relay,
            "5.2.0",
            trouble,
            marked=self.rules.marks_files,
        )
        return await self.means.mailboxes.put(task.job, deposit, task.emit)

    async def _unknown(self, task: Task, name: str, values: Mapping[str, str]) -> Result:
        """Mail for nobody (rule 4). Raises LookupFailed."""
        transport = await _first(self.rules.fallback_maps, name, task) or self.rules.fallback_transport
        if transport:
            return await self._pass_on(task, transport)
        relay = self.rules.luser_relay.strip()
        try:
            address = expanded(relay, values)
        except ExpansionError as error:
            task.emit(Warned(f"luser_relay: {error.reason}"))
            return task.deferred("4.3.5", "mail system configuration error")
        targets = self.means.aliases.included(
            f"{name}{address}" if address.startswith("@") else address, Place("", Origin.ALIAS)
        )
        new = [target.address for target in targets if isinstance(target, Forward)]
        if not new or task.address in new:
            return task.bounced("5.1.1", f'unknown user: "{name}"')
        mark = f"{values['local']}@{values['domain']}" if values["domain"] else values["local"]
        return summed_up(task, [], forwards=self._sent_on(task, new, mark))

    async def _pass_on(self, task: Task, transport: str) -> Result:
        """Have another agent deliver to the user."""
        name, _, nexthop = transport.partition(":")
        agent = self.means.others.get(name)
        if agent is None:
            task.emit(Warned(f"there is no transport {name} in master.cf"))
            return task.deferred("4.3.0", "mail transport unavailable")
        nexthop = nexthop or split_domain(task.address)[1] or self.rules.host
        job = replace(task.job, recipients=((task.row, task.recipient),), transport=name, nexthop=nexthop)
        (result,) = await agent.transport.deliver(job)
        return result


async def _first(tables: tuple[str, ...], name: str, task: Task) -> str:
    """What the first table that knows the name says; empty where none does. Raises LookupFailed."""
    for table in tables:
        value = await task.oracle.lookup(table, name)
        if value is not None:
            return value
    return ""


def _missing(home: str) -> str:
    """Why a home directory cannot be entered, empty where it can, or where that is not for us to see."""
    try:
        Path(home).stat()
    except PermissionError:
        return ""
    except (OSError, ValueError) as error:
        return str(getattr(error, "strerror", error))
    return ""
