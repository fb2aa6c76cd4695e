"""Files that aliases and .forward files include.

The rules:

1. The file of an alias is read with the rights of the user it belongs to, or of `default_privs` where that is root;
   what a .forward file includes, with its user's.
2. A file that includes one which is being read already adds nothing to it.
3. A file that cannot be used fails the delivery (5.3.5); where the reason may go away, it is put off.
"""

from __future__ import annotations

from dataclasses import dataclass

from gatepost.delivery.accounts import Account, owner_of
from gatepost.delivery.localtask import Task
from gatepost.delivery.userfile import UserFile
from gatepost.delivery.writers import UserRights
from gatepost.mail.delivery import Result
from gatepost.mail.events import Warned
from gatepost.routing.aliases import Aliases, Command, File, Include, Origin, Place, Target

INCLUDE_LIMIT = 16_777_216
"""Bytes of an included file."""

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
        listed: list[Target] = []
        failed: list[Result] = []
        waiting = list(targets)
        seen: set[str] = set()
        while waiting:
            target = waiting.pop(0)
            if not isinstance(target, Include):
                listed.append(target)
            elif target.path not in seen and len(seen) < FILE_LIMIT:
                seen.add(target.path)
                more = await self._read(task, target, fallback, own=own)
                if isinstance(more, Result):
                    failed.append(more)
                else:
                    waiting[:0] = more
        return Listed(listed, failed)

    async def _read(self, task: Task, target: Include, fallback: Account, *, own: bool) -> list[Target] | Result:
        path = target.path
        found = await self.rights.read(
            UserFile(path, fallback.uid, fallback.gid, False, INCLUDE_LIMIT, by_owner=not own)
        )
        if found.content is None:
            task.emit(Warned(f"cannot use include file {path}: {found.trouble or 'No such file or directory'}"))
            if found.passing:
                return task.deferred("4.3.0", f"cannot open include file {path}")
            return task.bounced("5.3.5", CONFIGURATION_ERROR, target.address)
        place = Place(target.address, Origin.INCLUDE, target.owner, path)
        return self.aliases.included(found.content.decode("utf-8", "surrogateescape"), place)


async def rights_for(target: Command | File, fallback: Account) -> tuple[Account, bool]:
    """Who acts for a command or file that an alias or its file names, and whether that is a user who is meant."""
    owner = await owner_of(target.source) if target.source else None
    return (owner, True) if owner else (fallback, False)
