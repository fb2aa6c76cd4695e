"""What a configuration says about local delivery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gatepost.config.settings import Settings
from gatepost.delivery.accounts import Account
from gatepost.delivery.environment import Exported
from gatepost.delivery.forward import ForwardRules
from gatepost.delivery.localcommand import CommandRules
from gatepost.delivery.mailbox import MailboxKind, Target


@dataclass(frozen=True, slots=True)
class LocalRules:
    """The settings of a local service, whose name is `relay`. Sizes are in bytes, 0 for none; times in seconds.

    `marks_files`: what goes into mailboxes and files gets a Delivered-To header; `marks_forwards`: what is sent on.
    """

    host: str
    relay: str = "local"
    home_mailbox: str = ""
    spool: str = "/var/mail"
    transport_maps: tuple[str, ...] = ()
    mailbox_transport: str = ""
    command_maps: tuple[str, ...] = ()
    mailbox_command: str = ""
    fallback_maps: tuple[str, ...] = ()
    fallback_transport: str = ""
    luser_relay: str = ""
    commands_from: frozenset[str] = frozenset({"alias", "forward"})
    files_from: frozenset[str] = frozenset({"alias", "forward"})
    default_user: str = "nobody"
    needs_home: bool = False
    size_limit: int = 51_200_000
    locks: tuple[str, ...] = ("fcntl", "dotlock")
    lock_attempts: int = 20
    lock_delay: float = 1.0
    strict_ownership: bool = True
    stale_lock: float = 500.0
    marks_files: bool = True
    marks_forwards: bool = True
    delimiters: str = ""

    @classmethod
    def read(cls, settings: Settings, relay: str) -> LocalRules:
        """The rules that the settings make. Raises ConfigurationError."""
        marked = settings.prepend_delivered_header
        return cls(
            settings.myhostname,
            relay,
            settings.home_mailbox,
            settings.mail_spool_directory,
            settings.mailbox_transport_maps,
            settings.mailbox_transport,
            settings.mailbox_command_maps,
            settings.mailbox_command,
            settings.fallback_transport_maps,
            settings.fallback_transport,
            settings.luser_relay,
            frozenset(settings.allow_mail_to_commands),
            frozenset(settings.allow_mail_to_files),
            settings.default_privs,
            settings.require_home_directory,
            settings.mailbox_size_limit,
            settings.mailbox_delivery_lock,
            settings.deliver_lock_attempts,
            settings.deliver_lock_delay.total_seconds(),
            settings.strict_mailbox_ownership,
            settings.stale_lock_time.total_seconds(),
            "file" in marked,
            "forward" in marked,
            settings.recipient_delimiter,
        )

    def mailbox(self, account: Account) -> Target:
        """The user's own mailbox."""
        if self.home_mailbox:
            path = f"{account.home}/{self.home_mailbox}"
        elif self.spool.endswith("/"):
            path = f"{self.spool}{account.name}/"
        else:
            path = f"{self.spool}/{account.name}"
        return self._target(path, account, strict=self.strict_ownership)

    def file(self, path: str, account: Account) -> Target:
        """A file that an alias names, written to with the rights of `account`."""
        return replace(self._target(path, account, strict=False), dotlock_optional=True)

    def _target(self, path: str, account: Account, *, strict: bool) -> Target:
        kind = MailboxKind.MAILDIR if path.endswith("/") else MailboxKind.MBOX
        return Target(
            kind,
            path,
            account.uid,
            account.gid,
            self.size_limit if kind is MailboxKind.MBOX else 0,
            self.locks,
            self.lock_attempts,
            self.lock_delay,
            strict,
            self.stale_lock,
        )


def command_rules(settings: Settings, time_limit: float, ours: Mapping[str, str]) -> CommandRules:
    """What the settings say about commands; `ours` is the environment of this process. Raises ConfigurationError."""
    return CommandRules(
        tuple(settings.local_command_shell.split()),
        time_limit,
        settings.command_expansion_filter,
        settings.command_execution_directory,
        settings.execution_directory_expansion_filter,
        settings.queue_directory,
        "command" in settings.prepend_delivered_header,
        settings.recipient_delimiter,
        settings.owner_request_special,
        Exported.of(settings, ours),
    )


def forward_rules(settings: Settings) -> ForwardRules:
    """What the settings say about .forward files. Raises ConfigurationError."""
    return ForwardRules(settings.forward_path, settings.forward_expansion_filter)
