"""aliases(5): what a local name stands for.

The rules:

1. A name is looked up with its extension, then without it. What has no alias is a user's mailbox.
2. Local names among the results are looked up in turn. An alias that names itself means the mailbox of that user; one
   that comes back further down is a loop.
3. `owner-name` beside an alias `name` becomes the sender of what goes on from there; the outermost owner counts.
4. Each result comes once. Files that aliases include are read by the caller, who hands in their text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from gatepost.config.settings import Settings
from gatepost.mail import addresslist
from gatepost.mail.address import external, fold, split_domain, split_extension
from gatepost.oracle import Oracle
from gatepost.routing.router import AddressClass, Router
from gatepost.routing.search import Found

NESTING_LIMIT = 100
"""Aliases within aliases; deeper ones count as a loop."""

TARGET_LIMIT = 10_000
"""Results of one expansion; more count as a loop."""

_INCLUDE = ":include:"


class Origin(Enum):
    """Where a command or file was named, as `allow_mail_to_commands` and `allow_mail_to_files` have it."""

    ALIAS = "alias"
    INCLUDE = "include"
    FORWARD = "forward"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A user of this machine. `address` is what the log shows; `extension` has its delimiter."""

    address: str
    user: str
    extension: str = ""


@dataclass(frozen=True, slots=True)
class Forward:
    """An address elsewhere."""

    address: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command that takes the message. `address` is the alias that names it."""

    address: str
    command: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class File:
    """A file that takes the message."""

    address: str
    path: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Include:
    """A file with more results, for `Aliases.expand_lines`."""

    address: str
    path: str


@dataclass(frozen=True, slots=True)
class Loop:
    """An alias, `name`, that leads back to one that led to it; undeliverable (5.4.6)."""

    address: str
    name: str


Target = Mailbox | Forward | Command | File | Include | Loop
"""What an alias can lead to."""


@dataclass(frozen=True, slots=True)
class Expansion:
    """What a name stands for. `owner`, an address, is the sender of what is sent on, None to keep the message's own."""

    targets: tuple[Target, ...]
    owner: str | None = None


@dataclass(slots=True)
class _Progress:
    """One expansion under way."""

    oracle: Oracle
    origin: Origin
    targets: dict[Target, None] = field(default_factory=dict)  # an ordered set
    owner: str | None = None


def read_targets(text: str, address: str, origin: Origin) -> Iterator[Target]:
    """The items of an alias's value, or of one line of an included or .forward file, as they are written."""
    for item in addresslist.addresses(addresslist.parse(text)):
        if item.text.startswith("|"):
            yield Command(address, item.text[1:].strip(), origin)
        elif item.text.startswith("/"):
            yield File(address, item.text, origin)
        elif item.text.lower().startswith(_INCLUDE):
            yield Include(address, item.text[len(_INCLUDE) :])
        elif item.text:
            yield Forward(item.text)


class Aliases:
    """alias_maps of one configuration."""

    def __init__(self, settings: Settings, router: Router) -> None:
        self._tables = settings.alias_maps
        self._router = router
        self._delimiters = settings.recipient_delimiter
        self._owner_request = settings.owner_request_special
        self._expand_owner = settings.expand_owner_alias
        self._propagate = "alias" in settings.propagate_unmatched_extensions

    async def expand(self, address: str, oracle: Oracle) -> Expansion:
        """What a local address stands for. Raises LookupFailed."""
        progress = _Progress(oracle, Origin.ALIAS)
        await self._name(address, progress)
        return Expansion(tuple(progress.targets), progress.owner)

    async def expand_lines(self, text: str, address: str, origin: Origin, oracle: Oracle) -> Expansion:
        """What the lines of an included or .forward file stand for, which `address` led to. Raises LookupFailed.

        Lines that begin with `#` are comments. A name that is `address` itself means its mailbox.
        """
        progress = _Progress(oracle, origin)
        path = (fold(self._split(address)[0]),)
        for line in text.splitlines():
            if not line.startswith("#"):
                await self._items(line, address, progress, path)
        return Expansion(tuple(progress.targets), progress.owner)

    def _split(self, address: str) -> tuple[str, str]:
        local = split_domain(address)[0]
        return split_extension(local, self._delimiters, owner_request=self._owner_request)

    async def _name(self, address: str, progress: _Progress, path: tuple[str, ...] = (), parent: str = "") -> None:
        """Look up a local address. `path` holds the aliases that led to it, folded; `parent` is the last's address."""
        local = split_domain(address)[0]
        user, extension = self._split(address)
        mailbox = Mailbox(address, user, extension)
        if path and fold(local) == path[-1]:
            progress.targets[mailbox] = None
            return
        found = await self._find(local, user, extension, progress.oracle)
        if found is None:
            progress.targets[mailbox] = None
        elif fold(found.key) in path:
            # An alias that names itself by another of its names, or further down.
            progress.targets[mailbox if fold(found.key) == path[-1] else Loop(parent, path[-1])] = None
        elif path and (len(path) >= NESTING_LIMIT or len(progress.targets) >= TARGET_LIMIT):
            progress.targets[Loop(parent, path[-1])] = None
        else:
            if progress.owner is None:
                progress.owner = await self._owner(found.key, progress.oracle)
            unmatched = found.extension if self._propagate else ""
            await self._items(found.value, address, progress, (*path, fold(found.key)), unmatched)

    async def _items(
        self, text: str, address: str, progress: _Progress, path: tuple[str, ...], extension: str = ""
    ) -> None:
        for target in read_targets(text, address, progress.origin):
            if not isinstance(target, Forward):
                progress.targets[target] = None
                continue
            result = self._router.rewrite(target.address)
            if extension:
                local, domain = split_domain(result)
                result = f"{local}{extension}@{domain}"
            route = await self._router.resolve(result, progress.oracle)
            if route.address_class is AddressClass.LOCAL and route.transport == "local":
                await self._name(route.recipient, progress, path, address)
            else:
                progress.targets[Forward(result)] = None

    async def _find(self, local: str, user: str, extension: str, oracle: Oracle) -> Found | None:
        """The alias of a local part with its extension, then without."""
        for key, unmatched in ((local, ""), (user, extension)) if extension else ((local, ""),):
            for table in self._tables:
                value = await oracle.lookup(table, external(key))
                if value is not None:
                    return Found(table, key, value, unmatched)
        return None

    async def _owner(self, name: str, oracle: Oracle) -> str | None:
        """The address of the alias's owner, None where it has none."""
        owner = f"owner-{name}"
        found = await self._find(owner, owner, "", oracle)
        if found is None:
            return None
        if self._expand_owner:
            targets = list(read_targets(found.value, owner, Origin.ALIAS))
            if len(targets) == 1 and isinstance(targets[0], Forward):
                owner = targets[0].address
        return self._router.rewrite(owner)
