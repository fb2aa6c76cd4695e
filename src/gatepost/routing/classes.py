"""Address classes: whose mail a domain's is (ADDRESS_CLASS_README of Postfix has the idea).

The lists are asked in the order of the classes below; the first that has the domain decides.
"""

from __future__ import annotations

from enum import Enum

from gatepost.config.matchlist import MatchList
from gatepost.config.own import OwnAddresses
from gatepost.config.settings import Settings
from gatepost.mail.address import literal_address
from gatepost.mail.events import Emit, Warned
from gatepost.oracle import Oracle

WARNED_LIMIT = 1000
"""Domains of which it is remembered that a warning about them was given."""


class AddressClass(Enum):
    """The class; the value is the parameter that lists its domains."""

    LOCAL = "mydestination"
    ALIAS = "virtual_alias_domains"
    VIRTUAL = "virtual_mailbox_domains"
    RELAY = "relay_domains"
    DEFAULT = ""

    @property
    def is_ours(self) -> bool:
        """Whether mail for it may come in from anybody."""
        return self is not AddressClass.DEFAULT


class DomainClasses:
    """The domain lists of one configuration."""

    def __init__(self, settings: Settings, own: OwnAddresses, emit: Emit | None = None) -> None:
        self._own = own
        self._emit = emit
        self._lists = {kind: MatchList.of(settings, kind.value) for kind in AddressClass if kind.value}
        self._warned: set[str] = set()

    async def is_local(self, domain: str, oracle: Oracle) -> bool:
        """Whether the domain is in mydestination, or one of our own addresses in brackets. Raises LookupFailed."""
        if domain.startswith("["):
            address = literal_address(domain)
            return address is not None and address in self._own
        listed = self._lists[AddressClass.LOCAL]
        found = listed.known(domain)
        return await listed.matches(oracle, name=domain) if found is None else found

    @property
    def fixed(self) -> bool:
        """Whether the class of a domain depends on nothing but the configuration."""
        return all(listed.fixed for listed in self._lists.values())

    async def classify(self, domain: str, oracle: Oracle) -> AddressClass:
        """The class of a domain. Raises LookupFailed."""
        if await self.is_local(domain, oracle):
            await self._warn_twice(domain, AddressClass.LOCAL, oracle)
            return AddressClass.LOCAL
        for kind in (AddressClass.ALIAS, AddressClass.VIRTUAL, AddressClass.RELAY):
            if await self._lists[kind].matches(oracle, name=domain):
                await self._warn_twice(domain, kind, oracle)
                return kind
        return AddressClass.DEFAULT

    async def _warn_twice(self, domain: str, first: AddressClass, oracle: Oracle) -> None:
        """Say once that a domain is in two lists of which only the first counts."""
        if self._emit is None or domain in self._warned or len(self._warned) >= WARNED_LIMIT:
            return
        for second in _EXCLUSIVE[first]:
            if await self._lists[second].matches(oracle, name=domain):
                self._warned.add(domain)
                self._emit(Warned(f"do not list domain {domain} in BOTH {first.value} and {second.value}"))


_EXCLUSIVE = {
    AddressClass.LOCAL: (AddressClass.ALIAS, AddressClass.VIRTUAL),
    AddressClass.ALIAS: (AddressClass.VIRTUAL, AddressClass.RELAY),
    AddressClass.VIRTUAL: (AddressClass.RELAY,),
    AddressClass.RELAY: (),
}
"""Lists that may not share a domain with the key's. Relaying for a local domain is common and harmless."""
