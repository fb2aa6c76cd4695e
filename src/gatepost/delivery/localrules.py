"""What a configuration says about local delivery."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gatepost.config.settings import Settings
from gatepost.delivery.accounts import Account
from gatepost.delivery.mailbox import MailboxKind, Target

_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\}|\((\w+)\))")


@dataclass(frozen=True, slots=True)
class LocalRules:
    """The settings of a local service. Sizes are in bytes, 0 for none; times in seconds.

    `marks_files`: what goes into mailboxes and files gets a Delivered-To header.
    """

    host: str
    delimiters: str = ""
    owner_request: bool = True
    home_mailbox: str = ""
    spool: str = "/var/mail"
    mailbox_transport: str = ""
    fallback_transport: str = ""
    luser_relay: str = ""
    files_from: frozenset[str] = frozenset({"alias", "forward"})
    default_user: str = "nobody"
    size_limit: int = 51_200_000
    locks: tuple[str, ...] = ("fcntl", "dotlock")
    lock_attempts: int = 20
    lock_delay: float = 1.0
    strict_ownership: bool = True
    stale_lock: float = 500.0
    marks_files: bool = True

    @classmethod
    def read(cls, settings: Settings) -> LocalRules:
        """The rules that the settings make. Raises ConfigurationError."""
        return cls(
            settings.myhostname,
            settings.recipient_delimiter,
            settings.owner_request_special,
            settings.home_mailbox,
            settings.mail_spool_directory,
            settings.mailbox_transport,
            settings.fallback_transport,
            settings.luser_relay,
            frozenset(word.text for word in settings.words("allow_mail_to_files")),
            settings.default_privs,
            settings.mailbox_size_limit,
            tuple(word.text for word in settings.words("mailbox_delivery_lock")),
            settings.deliver_lock_attempts,
            settings.deliver_lock_delay.total_seconds(),
            settings.strict_mailbox_ownership,
            settings.stale_lock_time.total_seconds(),
            "file" in {word.text for word in settings.words("prepend_delivered_header")},
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
        return self._target(path, account, strict=False)

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


def substitute(text: str, values: Mapping[str, str]) -> str:
    """Replace `$name`, `${name}` and `$(name)`; unknown names become empty."""
    return _VARIABLE.sub(lambda found: values.get(found[1] or found[2] or found[3], ""), text)
