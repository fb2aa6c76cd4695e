"""Users' .forward files: which one counts, and what it says (local(8), `forward_path`).

The rules:

1. The paths of `forward_path` are tried in their order. What comes from the address keeps only the characters of
   `forward_expansion_filter`.
2. The first file that is there decides. One that does not count (see `userfile`) is logged, and the mail goes to the
   user's mailbox.
3. A file that cannot be looked at for now puts the mail off: nobody's wish is passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gatepost.config.expand import ExpansionError
from gatepost.delivery.accounts import Account
from gatepost.delivery.localtask import Task
from gatepost.delivery.macros import expanded
from gatepost.delivery.userfile import UserFile
from gatepost.delivery.writers import UserRights
from gatepost.mail.events import Warned

FORWARD_LIMIT = 1_048_576
"""Bytes of a .forward file."""


class PutOff(Exception):  # noqa: N818 - said as it is
    """A file cannot be looked at for now; the text is for the log and the sender."""


@dataclass(frozen=True, slots=True)
class Forwarded:
    """What a .forward file says. `extension`: its name has the address's extension, which is used up thereby."""

    text: str
    extension: bool = False


@dataclass(frozen=True, slots=True)
class ForwardRules:
    """`forward_path`, unexpanded, and `forward_expansion_filter`."""

    paths: tuple[str, ...] = ()
    allowed: str = ""


@dataclass(frozen=True, slots=True)
class Forwards:
    """Finds them."""

    rules: ForwardRules
    rights: UserRights

    async def find(self, task: Task, account: Account, values: Mapping[str, str]) -> Forwarded | None:
        """What the user's .forward file says; None where there is none that counts. Raises PutOff."""
        tried: set[str] = set()
        for text in self.rules.paths:
            try:
                path = expanded(text, values, self.rules.allowed)
            except ExpansionError as error:
                task.emit(Warned(f"forward_path: {error.reason}"))
                raise PutOff("mail system configuration error") from error
            if path in tried:
                continue
            tried.add(path)
            found = await self.rights.read(UserFile(path, account.uid, account.gid, True, FORWARD_LIMIT))
            if found.content is not None:
                uses = path != expanded(text, {**values, "extension": ""}, self.rules.allowed)
                return Forwarded(found.content.decode("utf-8", "surrogateescape"), uses)
            if found.passing:
                task.emit(Warned(f"cannot look at {path}: {found.trouble}"))
                raise PutOff(f"cannot look at {path}")
            if found.trouble:
                task.emit(Warned(f"forward file is not used: {found.trouble}"))
                return None
        return None
