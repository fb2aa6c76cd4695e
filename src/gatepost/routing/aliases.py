"""aliases(5): what a local name stands for.

The rules:

1. A name is looked up with its extension, then without it. What has no alias is a user's mailbox.
2. Local names among the results are looked up in turn. An alias that names itself means the mailbox of that user; one
   that comes back further down is a loop.
3. `owner-name` beside an alias `name` becomes the sender of what the alias leads to; the innermost owner counts.
4. Each result comes once. Files that aliases include are read by the caller, who hands in their text.
5. What an included file lists is always sent on; a user's .forward file that lists the user means the mailbox.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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

TARGET_LIMIT = 100_000
"""Results of one expansion, and items of one file; more count as a loop."""

_INCLUDE = ":include:"

_IN_FILES = frozenset({"btree", "cdb", "dbm", "hash", "lmdb", "sdbm", "texthash"})
"""Types of tables whose name is that of their file."""


class Origin(Enum):
    """Where a command or file was named, as `allow_mail_to_commands` and `allow_mail_to_files` have it."""

    ALIAS = "alias"
    INCLUDE = "include"
    FORWARD = "forward"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A user of this machine. `address` is what the log shows; `extension` has its delimiter.

    `owner`, here and below, is the address in whose name mail goes there, None for the message's own sender.
    """

    address: str
    user: str
    extension: str = ""
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Forward:
    """An address that the mail is sent on to."""

    address: str
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """A command that takes the message.

    `address` is the alias that names it; `source`, here and below, the file where it does, empty where that is none.
    """

    address: str
    command: str
    origin: Origin
    owner: str | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """A file that takes the message."""

    address: str
    path: str
    origin: Origin
    owner: str | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Include:
    """A file with more results, for `Aliases.included`."""

    address: str
    path: str
    owner: str | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Loop:
    """An alias, `name`, that leads back to one that led to it; undeliverable (5.4.6)."""

    address: str
    name: str


Target = Mailbox | Forward | Command | File | Include | Loop
"""What an alias can lead to."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where items are listed: the address that led there, what kind of place it is, its owner and its file."""

    address: str
    origin: Origin
    owner: str | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class _Step:
    """An alias that was passed: its key, folded, and the address that it was found for."""

    key: str
    address: str


@dataclass(slots=True)
class _Progress:
    """One expansion under way."""

    oracle: Oracle
    targets: dict[object, Target] = field(default_factory=dict)

    def add(self, target: Target) -> None:
        """Take a result in, once."""
        match target:
            case Mailbox(address=address) | Forward(address=address):
                self.targets.setdefault((type(target), fold(address), target.owner), target)
            case _:
                self.targets.setdefault(target, target)


def read_targets(text: str, place: Place) -> Iterator[Target]:
    """The items of an alias's value, or of one line of an included or .forward file, as they are written."""
    for item in addresslist.addresses(addresslist.parse(text)):
        if item.text.startswith("|"):
            yield Command(place.address, item.text[1:], place.origin, place.owner, place.source)
        elif item.text.startswith("/"):
            yield File(place.address, item.text, place.origin, place.owner, place.source)
        elif item.text.lower().startswith(_INCLUDE):
            yield Include(place.address, item.text[len(_INCLUDE) :], place.owner, place.source)
        elif item.text:
            yield Forward(item.text, place.owner)


class Aliases:
    """alias_maps of one configuration, for the local agent of the transport `transport`."""

    def __init__(self, settings: Settings, router: Router, transport: str = "local") -> None:
        self._tables = settings.alias_maps
        self._router = router
        self._transport = transport
        self._delimiters = settings.recipient_delimiter
        self._owner_request = settings.owner_request_special
        self._expand_owner = settings.expand_owner_alias
        self._reset_owner = settings.reset_owner_alias
        self._propagate = settings.propagate_unmatched_extensions

    async def expand(self, address: str, oracle: Oracle) -> list[Target]:
        """What a local address stands for, itself as a mailbox where it has no alias. Raises LookupFailed."""
        progress = _Progress(oracle)
        await self._name(address, progress, None)
        return list(progress.targets.values())

    def included(self, text: str, place: Place, extension: str = "") -> list[Target]:
        """What the lines of an included file stand for (rule 5). Lines that begin with `#` are comments."""
        found: dict[object, Target] = {}
        for number, target in enumerate(_lines(text, place)):
            if number >= TARGET_LIMIT:
                return [*found.values(), Loop(place.address, place.source)]
            if isinstance(target, Forward):
                whole = Forward(self._complete(target.address, extension, place.origin), target.owner)
                found.setdefault(fold(whole.address), whole)
            else:
                found.setdefault(target, target)
        return list(found.values())

    async def forwarded(self, listed: Iterable[Target], place: Place, oracle: Oracle) -> list[Target]:
        """What a .forward file lists, its user's own address taken for the mailbox (rule 5). Raises LookupFailed."""
        user, _ = self.split(place.address)
        found: dict[object, Target] = {}
        for target in listed:
            kept = target
            named = isinstance(target, Forward) and fold(self.split(target.address)[0]) == fold(user)
            if isinstance(target, Forward) and named and await self.is_local(target.address, oracle):
                kept = Mailbox(place.address, user, self.split(place.address)[1])
            found.setdefault(kept, kept)
        return list(found.values())

    async def is_local(self, address: str, oracle: Oracle) -> bool:
        """Whether mail for an address comes back to this agent. Raises LookupFailed."""
        route = await self._router.resolve(address, oracle)
        return route.address_class is AddressClass.LOCAL and route.transport == self._transport

    def split(self, address: str) -> tuple[str, str]:
        """User and extension of an address; the extension has its delimiter."""
        local = split_domain(address)[0]
        return split_extension(local, self._delimiters, owner_request=self._owner_request)

    def _complete(self, address: str, extension: str, origin: Origin) -> str:
        """The address made complete, with the extension that its place left out."""
        result = self._router.rewrite(address)
        if extension and origin.value in self._propagate:
            local, domain = split_domain(result)
            return f"{local}{extension}@{domain}"
        return result

    async def _name(self, address: str, progress: _Progress, owner: str | None, path: tuple[_Step, ...] = ()) -> None:
        """Look up a local address. `path` holds the aliases that led to it."""
        local = split_domain(address)[0]
        user, extension = self.split(address)
        mailbox = Mailbox(address, user, extension, owner)
        if path and fold(local) == path[-1].key:
            progress.add(mailbox)
            return
        found = await self._find(local, user, extension, progress.oracle)
        if found is None:
            progress.add(mailbox)
        elif any(fold(found.key) == step.key for step in path):
            # An alias that names itself by another of its names, or further down.
            own = fold(found.key) == path[-1].key
            progress.add(mailbox if own else Loop(path[-1].address, path[-1].key))
        elif path and (len(path) >= NESTING_LIMIT or len(progress.targets) >= TARGET_LIMIT):
            progress.add(Loop(path[-1].address, path[-1].key))
        else:
            own_owner = await self._owner(found.key, progress.oracle)
            if own_owner is not None or self._reset_owner:
                owner = own_owner
            place = Place(address, Origin.ALIAS, owner, _file_of(found.table))
            await self._items(found, place, progress, (*path, _Step(fold(found.key), address)))

    async def _items(self, found: Found, place: Place, progress: _Progress, path: tuple[_Step, ...]) -> None:
        for target in read_targets(found.value, place):
            if not isinstance(target, Forward):
                progress.add(target)
                continue
            result = self._complete(target.address, found.extension, Origin.ALIAS)
            route = await self._router.resolve(result, progress.oracle)
            if route.address_class is AddressClass.LOCAL and route.transport == self._transport:
                await self._name(route.recipient, progress, place.owner, path)
            else:
                progress.add(Forward(result, place.owner))

    async def _find(self, local: str, user: str, extension: str, oracle: Oracle) -> Found | None:
        """The alias of a local part with its extension, then without. One that says nothing is none."""
        for key, unmatched in ((local, ""), (user, extension)) if extension else ((local, ""),):
            for table in self._tables:
                value = await oracle.lookup(table, external(key))
                if value is not None and value.strip():
                    return Found(table, key, value, unmatched)
        return None

    async def _owner(self, name: str, oracle: Oracle) -> str | None:
        """The address of the alias's owner, None where it has none."""
        owner = f"owner-{name}"
        found = await self._find(owner, owner, "", oracle)
        if found is None:
            return None
        if self._expand_owner:
            targets = list(read_targets(found.value, Place(owner, Origin.ALIAS)))
            if len(targets) == 1 and isinstance(targets[0], Forward):
                owner = targets[0].address
        return self._router.rewrite(owner)


def _lines(text: str, place: Place) -> Iterator[Target]:
    for line in text.splitlines():
        if not line.startswith("#"):
            yield from read_targets(line, place)


def _file_of(table: str) -> str:
    """The file of a table, empty where it has none."""
    kind, _, name = table.removeprefix("proxy:").partition(":")
    return name if kind in _IN_FILES else ""
