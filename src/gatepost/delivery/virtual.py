"""The agent for virtual mailboxes: addresses with a mailbox but without an account (virtual(8)).

The rules:

1. `virtual_mailbox_maps` gives the path below `virtual_mailbox_base`; with a `/` at its end it is a Maildir.
2. `virtual_uid_maps` and `virtual_gid_maps` say whose it is; a user below `virtual_minimum_uid` is a mistake, and mail
   waits until it is corrected.
3. An address without an entry does not exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gatepost.config.settings import Settings
from gatepost.delivery.deposit import Deposit, Mailboxes
from gatepost.delivery.mailbox import MailboxKind, Target
from gatepost.delivery.surroundings import Surroundings
from gatepost.mail.delivery import Job, Result, Status
from gatepost.mail.envelope import Recipient
from gatepost.mail.events import Emit, Warned
from gatepost.oracle import LookupFailed, Oracle
from gatepost.routing.search import SearchRules, find_address


@dataclass(frozen=True, slots=True)
class VirtualRules:
    """The settings of the service. `relay` is its name. Sizes are in bytes, 0 for none; times in seconds."""

    relay: str
    base: str
    mailbox_maps: tuple[str, ...]
    uid_maps: tuple[str, ...]
    gid_maps: tuple[str, ...]
    minimum_uid: int = 100
    size_limit: int = 51_200_000
    locks: tuple[str, ...] = ("fcntl", "dotlock")
    lock_attempts: int = 20
    lock_delay: float = 1.0
    strict_ownership: bool = True
    stale_lock: float = 500.0

    @classmethod
    def read(cls, settings: Settings, relay: str) -> VirtualRules:
        """The rules that the settings make. Raises ConfigurationError."""
        return cls(
            relay,
            settings.virtual_mailbox_base,
            settings.virtual_mailbox_maps,
            settings.virtual_uid_maps,
            settings.virtual_gid_maps,
            settings.virtual_minimum_uid,
            settings.virtual_mailbox_limit,
            tuple(word.text for word in settings.words("virtual_mailbox_lock")),
            settings.deliver_lock_attempts,
            settings.deliver_lock_delay.total_seconds(),
            settings.strict_mailbox_ownership,
            settings.stale_lock_time.total_seconds(),
        )


class _Misconfigured(Exception):  # noqa: N818 - said as it is
    """A table lacks what it must have; the text is for the log."""


class VirtualAgent:
    """Delivers to virtual mailboxes."""

    def __init__(
        self, rules: VirtualRules, surroundings: Surroundings, search: SearchRules, mailboxes: Mailboxes
    ) -> None:
        self._rules = rules
        self._world = surroundings
        self._search = search
        self._mailboxes = mailboxes

    async def deliver(self, job: Job) -> Sequence[Result]:
        """Try every recipient of the job once."""
        emit, oracle = self._world.emit(job.number), self._world.oracle()
        return [await self._deliver(job, row, recipient, oracle, emit) for row, recipient in job.recipients]

    async def _deliver(self, job: Job, row: int, recipient: Recipient, oracle: Oracle, emit: Emit) -> Result:
        relay = self._rules.relay
        try:
            target = await self._target(recipient.address, oracle)
        except (LookupFailed, _Misconfigured) as error:
            emit(Warned(str(error)))
            return Result(row, Status.DEFERRED, "4.3.5", "mail system configuration error", relay)
        if target is None:
            return Result(row, Status.BOUNCED, "5.1.1", f'unknown user: "{recipient.address}"', relay)
        trouble = f"delivery failed to mailbox {target.path}: "
        deposit = Deposit(row, recipient, target, job.envelope.sender, relay, "4.2.0", trouble)
        return await self._mailboxes.put(job, deposit, emit)

    async def _target(self, address: str, oracle: Oracle) -> Target | None:
        """The mailbox of an address, None where it has none. Raises LookupFailed and _Misconfigured."""
        rules = self._rules
        found = await find_address(rules.mailbox_maps, address, oracle, self._search)
        if found is None:
            return None
        path = f"{rules.base}/{found.value}" if rules.base else found.value
        return Target(
            MailboxKind.MAILDIR if path.endswith("/") else MailboxKind.MBOX,
            path,
            await self._number("uid", rules.uid_maps, address, oracle, minimum=rules.minimum_uid),
            await self._number("gid", rules.gid_maps, address, oracle, minimum=1),
            rules.size_limit,
            rules.locks,
            rules.lock_attempts,
            rules.lock_delay,
            rules.strict_ownership,
            rules.stale_lock,
        )

    async def _number(self, kind: str, tables: tuple[str, ...], address: str, oracle: Oracle, *, minimum: int) -> int:
        """The user or group id of an address. Raises LookupFailed and _Misconfigured."""
        parameter = f"virtual_{kind}_maps"
        found = await find_address(tables, address, oracle, self._search)
        if found is None:
            raise _Misconfigured(f"recipient {address}: not found in {parameter}")
        value = found.value.strip()
        if not value.isascii() or not value.isdigit() or int(value[:10]) < minimum:
            raise _Misconfigured(f"recipient {address}: bad {kind} {value} in {parameter}")
        return int(value)
