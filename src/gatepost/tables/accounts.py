"""unix and nis: the accounts of this system."""

from __future__ import annotations

import asyncio
import grp
import pwd
from collections.abc import Callable, Iterable
from pathlib import Path

from gatepost.tables.registry import Opening, table_type
from gatepost.tables.table import Answers, Constant, Pairs, Table, Unavailable


def _user(name: str) -> Iterable[object]:
    return pwd.getpwnam(name)


def _group(name: str) -> Iterable[object]:
    found = grp.getgrnam(name)
    return (*found[:3], ",".join(found.gr_mem))


_DATABASES: dict[str, Callable[[str], Iterable[object]]] = {"passwd.byname": _user, "group.byname": _group}

NIS_DOMAIN = Path("/proc/sys/kernel/domainname")


@table_type("unix")
class Accounts:
    """`unix:passwd.byname` and `unix:group.byname`: the line of passwd(5) or group(5).

    The system's name service may have to ask a network, so it is never asked on the event loop.
    """

    takes_partial_keys = True

    def __init__(self, opening: Opening) -> None:
        if opening.name not in _DATABASES:
            raise Unavailable(f"unknown table: {opening.spec}")
        self._entry = _DATABASES[opening.name]

    async def version(self) -> Answers:
        """Itself: accounts are asked one by one."""
        return self

    async def find(self, key: str) -> str | None:
        """The account's line."""
        return await asyncio.get_running_loop().run_in_executor(None, self._line, key)

    def _line(self, key: str) -> str | None:
        try:
            return ":".join(map(str, self._entry(key)))
        except (KeyError, ValueError):  # no such account; a name with a NUL
            return None


@table_type("nis")
def nis(opening: Opening) -> Table:
    """Debian's default `alias_maps` names a NIS map. Without a NIS domain it is empty, as in Postfix."""
    try:
        domain = NIS_DOMAIN.read_text("ascii").strip()
    except (OSError, ValueError):
        domain = ""
    if domain not in ("", "(none)"):
        raise Unavailable(f"NIS is not supported, and this system has the NIS domain {domain}: {opening.spec}")
    return Constant(Pairs({}), partial_keys=True)
