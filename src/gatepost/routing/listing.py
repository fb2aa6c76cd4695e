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


class Lists:
    """The tables of one configuration."""

    def __init__(self, settings: Settings, rules: SearchRules) -> None:
        self._settings = settings
        self._rules = rules

    async def recipient(
        self, address: str, kind: AddressClass, transport: str, nexthop: str, oracle: Oracle
    ) -> Listing:
        """Whether a recipient, in standard form, is known. Raises LookupFailed."""
        return await self._listing(address, kind, (transport, nexthop), self._settings.recipient_canonical_maps, oracle)

    async def sender(self, address: str, kind: AddressClass, transport: str, nexthop: str, oracle: Oracle) -> Listing:
        """Whether a sender, in standard form, is known. Raises LookupFailed."""
        own = (*self._settings.recipient_canonical_maps, *self._settings.sender_canonical_maps)
        return await self._listing(address, kind, (transport, nexthop), own, oracle)

    async def _listing(
        self, address: str, kind: AddressClass, route: tuple[str, str], own: tuple[str, ...], oracle: Oracle
    ) -> Listing:
        user = split_domain(address)[0].casefold()
        if kind is AddressClass.LOCAL and user in SYSTEM_USERS:
            return Listing(Known.LISTED, kind)
        for tables in (own, self._settings.canonical_maps, self._settings.virtual_alias_maps):
            if await find_address(tables, address, oracle, self._rules):
                return Listing(Known.LISTED, kind)
        transport, nexthop = route
        if kind is not AddressClass.ALIAS and transport in ("error", "retry"):
            found = _STATUS.match(nexthop)
            known = Known.REFUSED if transport == "error" else Known.POSTPONED
            text = nexthop[found.end() :] if found else nexthop
            return Listing(known, kind, dsn=found[1] if found else "", text=text or "Address is undeliverable")
        tables = self._tables(kind)
        if kind is AddressClass.ALIAS or (tables and not await find_address(tables, address, oracle, self._rules)):
            return Listing(Known.UNLISTED, kind, TABLE_NAMES[kind])
        return Listing(Known.LISTED, kind)

    def _tables(self, kind: AddressClass) -> tuple[str, ...]:
        match kind:
            case AddressClass.LOCAL:
                return self._settings.local_recipient_maps
            case AddressClass.ALIAS:
                return self._settings.virtual_alias_maps
            case AddressClass.VIRTUAL:
                return self._settings.virtual_mailbox_maps
            case AddressClass.RELAY:
                return self._settings.relay_recipient_maps
            case AddressClass.DEFAULT:
                return ()
