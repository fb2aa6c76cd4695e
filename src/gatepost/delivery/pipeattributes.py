r"""The attributes of a pipe service in master.cf, and what its command's words become (pipe(8)).

    flags=DRhu user=vmail:mail directory=/srv eol=\r\n null_sender= size=1000000 argv=/usr/bin/maildrop -d ${recipient}

The rules:

1. `user` and `argv` are required; `argv` comes last, and everything behind it is the command.
2. `$name`, `${name}` and `$(name)` are replaced in its words, `$$` is a dollar sign. A word that mentions something of
   the recipient comes once for each recipient.
3. Nothing is ever read by a shell, so that no value needs quoting.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gatepost.mail.address import external, split_domain, split_extension
from gatepost.mail.delivery import Job
from gatepost.mail.envelope import Recipient

FLAGS = frozenset("BDFORXhqu.>")

_PER_RECIPIENT = frozenset({"recipient", "original_recipient", "user", "extension", "mailbox", "domain"})
_PER_MESSAGE = frozenset(
    [
        *("client_address", "client_helo", "client_hostname", "client_port", "client_protocol", "nexthop", "queue_id"),
        *("sasl_method", "sasl_sender", "sasl_username", "sender", "size", "envid"),
    ]
)
_MACRO = re.compile(r"\$(?:(\$)|(\w+)|\{(\w+)\}|\((\w+)\))")
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|(.))", re.DOTALL)
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class BadAttribute(ValueError):  # noqa: N818 - said as it is
    """An attribute that makes no sense; the text says which, and why."""


@dataclass(frozen=True, slots=True)
class PipeAttributes:
    """A service's attributes. `group` is empty for the user's own; `size` is in bytes, 0 for no limit."""

    argv: tuple[str, ...]
    user: str
    group: str = ""
    flags: frozenset[str] = field(default_factory=frozenset)
    directory: str = ""
    root: str = ""
    eol: bytes = b"\n"
    null_sender: str = "MAILER-DAEMON"
    size: int = 0

    @classmethod
    def parse(cls, words: Sequence[str]) -> PipeAttributes:
        """The attributes in the arguments of an entry. Raises BadAttribute."""
        given: dict[str, str] = {}
        argv: tuple[str, ...] = ()
        for index, word in enumerate(words):
            name, equals, value = word.partition("=")
            if not equals or name not in _ATTRIBUTES:
                raise BadAttribute(f"{word!r} is no attribute of a pipe service")
            if name == "argv":
                argv = (value, *words[index + 1 :]) if value else tuple(words[index + 1 :])
                break
            given[name] = value
        if not argv:
            raise BadAttribute("argv= is missing, which is the command")
        user, _, group = given.get("user", "").partition(":")
        if not user:
            raise BadAttribute("user= is missing, which says with whose rights the command runs")
        _check_macros(argv)
        size = given.get("size", "0")
        if not size.isdecimal():
            raise BadAttribute(f"size={size} is not a number of bytes")
        flags = frozenset(given.get("flags", ""))
        if unknown := flags - FLAGS:
            raise BadAttribute(f"flags={given['flags']}: unknown flag {min(unknown)}")
        return cls(
            argv,
            user,
            group,
            flags,
            given.get("directory", ""),
            given.get("chroot", ""),
            _unescaped(given.get("eol", "\n")),
            given.get("null_sender", "MAILER-DAEMON"),
            int(size),
        )

    def command(self, job: Job, delimiters: str) -> tuple[str, ...]:
        """The words of the command for a job (rule 2)."""
        per_message = self._message_values(job)
        recipients = [self._recipient_values(recipient, delimiters) for _, recipient in job.recipients]
        return tuple(_words(self.argv, per_message, recipients))

    def _message_values(self, job: Job) -> dict[str, str]:
        origin, sender = job.envelope.origin, job.envelope.sender or self.null_sender
        return {
            "client_address": origin.client_address,
            "client_helo": origin.helo,
            "client_hostname": origin.client_name,
            "client_port": origin.client_port,
            "client_protocol": origin.protocol,
            "envid": job.envelope.envid,
            "nexthop": job.nexthop.lower() if "h" in self.flags else job.nexthop,
            "queue_id": job.queue_id,
            "sasl_method": origin.sasl_method,
            "sasl_sender": origin.sasl_sender,
            "sasl_username": origin.sasl_username,
            "sender": external(sender) if "q" in self.flags and sender else sender,
            "size": str(job.body.size),
        }

    def _recipient_values(self, recipient: Recipient, delimiters: str) -> dict[str, str]:
        mailbox, domain = split_domain(self._folded(recipient.address))
        user, extension = split_extension(mailbox, delimiters)
        quoted = external if "q" in self.flags else str
        return {
            "recipient": quoted(self._folded(recipient.address)),
            "original_recipient": quoted(self._folded(recipient.original)),
            "mailbox": mailbox,
            "domain": domain,
            "user": user,
            "extension": extension[1:],
        }

    def _folded(self, address: str) -> str:
        local, domain = split_domain(address)
        local = local.lower() if "u" in self.flags else local
        domain = domain.lower() if "h" in self.flags else domain
        return f"{local}@{domain}" if domain else local


_ATTRIBUTES = frozenset({"flags", "user", "argv", "directory", "chroot", "eol", "null_sender", "size"})


def _check_macros(words: Iterable[str]) -> None:
    for word in words:
        for name in _mentioned(word):
            if name not in _PER_RECIPIENT and name not in _PER_MESSAGE:
                raise BadAttribute(f"argv=: unknown macro ${{{name}}}")
        if "$" in _MACRO.sub("", word):
            raise BadAttribute(f"argv=: {word!r} has a macro without end (a dollar sign itself is written $$)")


def _mentioned(word: str) -> set[str]:
    names = (found[2] or found[3] or found[4] for found in _MACRO.finditer(word))
    return {name for name in names if name}


def _words(
    argv: Iterable[str], per_message: Mapping[str, str], recipients: Sequence[Mapping[str, str]]
) -> Iterator[str]:
    for word in argv:
        for values in recipients if _mentioned(word) & _PER_RECIPIENT else [{}]:
            known: Mapping[str, str] = {**per_message, **values}
            yield _MACRO.sub(lambda found, known=known: _value(found, known), word)  # type: ignore[misc]


def _value(found: re.Match[str], known: Mapping[str, str]) -> str:
    return "$" if found[1] else known[found[2] or found[3] or found[4]]


def _unescaped(text: str) -> bytes:
    def one(found: re.Match[str]) -> str:
        return chr(int(found[1], 8) & 0xFF) if found[1] else _ESCAPES.get(found[2], found[2])

    return _ESCAPE.sub(one, text).encode("latin-1", "replace")
