"""Whether an address exists, as far as the tables of its class know (`reject_unlisted_recipient`, `_sender`).

The rules, in order:

1. What canonical or virtual alias tables rewrite is known.
2. A route to the `error` or `retry` transport refuses with that route's text.
3. The table of the class decides; an empty one means that every address is valid.
4. The mail system's own users of local domains are always known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from gatepost.config.settings import Settings
from gatepost.mail.address import split_domain
from gatepost.oracle import Oracle
from gatepost.routing.classes import AddressClass
from gatepost.routing.search import SearchRules, find_address

SYSTEM_USERS = frozenset({"postmaster", "mailer-daemon", "double-bounce"})
"""Users of local domains that need no entry anywhere."""

_STATUS = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s+|$)")


class Known(Enum):
    """What the tables say of an address."""

    LISTED = "listed"
    UNLISTED = "unlisted"
    REFUSED = "refused"  # the error transport takes it
    POSTPONED = "postponed"  # the retry transport takes it


@dataclass(frozen=True, slots=True)
class Listing:
    """The answer.

    `table` is how replies call the table that lacks the address (`local recipient table`). `dsn` and `text` are those
    of the error or retry transport; `dsn` is empty where it has none.
    """

    known: Known
    address_class: AddressClass
    table: str = ""
    dsn: str = ""
    text: str = ""


TABLE_NAMES = {
    AddressClass.LOCAL: "local recipient table",
    AddressClass.ALIAS: "virtual alias table",
    AddressClass.VIRTUAL: "virtual mailbox table",
    AddressClass.RELAY: "relay recipient table",
}
"""How replies call the table of a class."""


_REFUSING = ("error", "retry")
"""Transports that take a message to say why it is not delivered."""

Rewriting = tuple[tuple[str, ...], ...]
"""The tables that rewrite recipients, or senders, by parameter; what they have is known."""

_LISTED = {kind: Listing(Known.LISTED, kind) for kind in AddressClass}


class Lists:
    """The tables of one configuration."""

    def __init__(self, settings: Settings, rules: SearchRules) -> None:
        self._rules = rules
        rewriting = (settings.canonical_maps, settings.virtual_alias_maps)
        own = settings.recipient_canonical_maps
        self.recipient_maps: Rewriting = tuple(filter(None, (own, *rewriting)))
        self.sender_maps: Rewriting = tuple(filter(None, ((*own, *settings.sender_canonical_maps), *rewriting)))
        self._tables: dict[AddressClass, tuple[str, ...]] = {
            AddressClass.LOCAL: settings.local_recipient_maps,
            AddressClass.VIRTUAL: settings.virtual_mailbox_maps,
            AddressClass.RELAY: settings.relay_recipient_maps,
        }

    async def listing(
        self, address: str, kind: AddressClass, route: tuple[str, str], rewriting: Rewriting, oracle: Oracle
    ) -> Listing:
        """Whether an address, in standard form, is known.

        `route` are transport and next hop, `rewriting` are `recipient_maps` or `sender_maps`. Raises LookupFailed.
        """
        if kind is AddressClass.LOCAL and split_domain(address)[0].casefold() in SYSTEM_USERS:
            return _LISTED[kind]
        for tables in rewriting:
            if await find_address(tables, address, oracle, self._rules):
                return _LISTED[kind]
        if kind is AddressClass.ALIAS:
            return Listing(Known.UNLISTED, kind, TABLE_NAMES[kind])
        if route[0] in _REFUSING:
            return _refused(kind, *route)
        of_class = self._tables.get(kind)
        if of_class and not await find_address(of_class, address, oracle, self._rules):
            return Listing(Known.UNLISTED, kind, TABLE_NAMES[kind])
        return _LISTED[kind]


def _refused(kind: AddressClass, transport: str, nexthop: str) -> Listing:
    """What the text of an error or retry transport says."""
    found = _STATUS.match(nexthop)
    known = Known.REFUSED if transport == "error" else Known.POSTPONED
    text = nexthop[found.end() :] if found else nexthop
    return Listing(known, kind, dsn=found[1] if found else "", text=text or "Address is undeliverable")
