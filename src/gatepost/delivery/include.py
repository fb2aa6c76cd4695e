"""Files that aliases and .forward files include.

The rules:

1. The file of an alias is read with the rights of the user it belongs to, or of `default_privs` where that is root;
   what a .forward file includes, with its user's.
2. A file that includes one which is being read already adds nothing to it.
3. A file that cannot be used fails the delivery (5.3.5); where the reason may go away, it is put off.
4. All files of a delivery together have a limit of size. Long ones are read into addresses in another thread.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from gatepost.delivery.accounts import Account, owner_of
from gatepost.delivery.localtask import Task
from gatepost.delivery.userfile import UserFile
from gatepost.delivery.writers import UserRights
from gatepost.mail.delivery import Result
from gatepost.mail.events import Warned
from gatepost.routing.aliases import Aliases, Command, File, Include, Origin, Place, Target

INCLUDE_LIMIT = 4_194_304
"""Bytes of all files that an alias includes."""

OWN_LIMIT = 1_048_576
"""Bytes of all files that a .forward file includes."""

SHORT = 16_384
"""Bytes of a text that is worked on at once."""

FILE_LIMIT = 1_000
"""Files that one delivery includes."""

CONFIGURATION_ERROR = "mail system configuration error"


@dataclass(frozen=True, slots=True)
class Listed:
    """What all files together list; `failed` are the parts of the delivery that fail because of some of them."""

    targets: list[Target]
    failed: list[Result]


@dataclass(frozen=True, slots=True)
class Includes:
    """Reads them."""

    aliases: Aliases
    rights: UserRights

    async def resolved(self, task: Task, targets: list[Target], fallback: Account, *, own: bool) -> Listed:
        """The targets with those in the place of files that these list.

        `own`: they come from the .forward file of `fallback`; otherwise that is who acts for what belongs to root.
        """
        rights = fallback.uid, fallback.gid, False
        listed: list[Target] = []
        failed: list[Result] = []
        waiting = list(reversed(targets))  # the next one is the last
        seen: set[str] = set()
        left = OWN_LIMIT if own else INCLUDE_LIMIT
        while waiting:
            target = waiting.pop()
            if not isinstance(target, Include):
                listed.append(target)
            elif target.path not in seen and len(seen) < FILE_LIMIT:
                seen.add(target.path)
                text = await self._read(task, target, UserFile(target.path, *rights, limit=left, by_owner=not own))
                if isinstance(text, Result):
                    failed.append(text)
                    continue
                left -= len(text)
                place = Place(target.address, Origin.INCLUDE, target.owner, target.path)
                waiting += reversed(await read_list(self.aliases, text.decode("utf-8", "surrogateescape"), place))
        return Listed(listed, failed)

    async def _read(self, task: Task, target: Include, file: UserFile) -> bytes | Result:
        found = await self.rights.read(file)
        if found.content is not None:
            return found.content
        task.emit(Warned(f"cannot use include file {file.path}: {found.trouble or 'No such file or directory'}"))
        if found.passing:
            return task.deferred("4.3.0", f"cannot open include file {file.path}")
        return task.bounced("5.3.5", CONFIGURATION_ERROR, target.address)


async def read_list(aliases: Aliases, text: str, place: Place, extension: str = "") -> list[Target]:
    """What the lines of a file stand for (rule 4)."""
    if len(text) <= SHORT:
        return aliases.included(text, place, extension)
    return await asyncio.to_thread(aliases.included, text, place, extension)


async def rights_for(target: Command | File, fallback: Account) -> tuple[Account, bool]:
    """Who acts for a command or file that an alias or its file names, and whether that is a user who is meant."""
    owner = await owner_of(target.source) if target.source else None
    return (owner, True) if owner else (fallback, False)
