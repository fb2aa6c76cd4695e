"""Users of this machine, as `unix:passwd.byname` answers."""

from __future__ import annotations

import asyncio
import pwd
from dataclasses import dataclass
from pathlib import Path

from gatepost.oracle import LookupFailed, Oracle

TABLE = "unix:passwd.byname"
"""The table that knows all accounts."""

GROUP_TABLE = "unix:group.byname"
"""The table that knows all groups."""

_FIELDS = 7


@dataclass(frozen=True, slots=True)
class Account:
    """What passwd(5) says of a user, as far as mail is concerned."""

    name: str
    uid: int
    gid: int
    home: str
    shell: str


async def find_account(name: str, oracle: Oracle) -> Account | None:
    """The user's account, None where there is none. Raises LookupFailed."""
    line = await oracle.lookup(TABLE, name)
    if line is None:
        return None
    fields = line.split(":")
    try:
        return Account(fields[0], int(fields[2]), int(fields[3]), *fields[_FIELDS - 2 : _FIELDS])
    except (IndexError, ValueError, TypeError):
        raise LookupFailed(TABLE, name, "malformed entry") from None


async def owner_of(path: str) -> Account | None:
    """The user that a file belongs to; None for root, for one without account, and where the file cannot be seen."""
    return await asyncio.to_thread(_owner_of, path)


def _owner_of(path: str) -> Account | None:
    try:
        uid = Path(path).stat().st_uid
        entry = pwd.getpwuid(uid)
    except (OSError, KeyError, ValueError):
        return None
    return Account(entry.pw_name, uid, entry.pw_gid, entry.pw_dir, entry.pw_shell) if uid else None


async def find_group(name: str, oracle: Oracle) -> int | None:
    """The number of a group, None where there is none. Raises LookupFailed."""
    line = await oracle.lookup(GROUP_TABLE, name)
    if line is None:
        return None
    try:
        return int(line.split(":")[2])
    except (IndexError, ValueError):
        raise LookupFailed(GROUP_TABLE, name, "malformed entry") from None
