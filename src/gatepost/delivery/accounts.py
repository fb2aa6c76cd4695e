"""Users of this machine, as `unix:passwd.byname` answers."""

from __future__ import annotations

from dataclasses import dataclass

from gatepost.oracle import LookupFailed, Oracle

TABLE = "unix:passwd.byname"
"""The table that knows all accounts."""

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
