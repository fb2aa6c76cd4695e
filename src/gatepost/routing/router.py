"""From an address to a transport and a next hop.

The rules, in order (`resolve`):

1. The address is completed (`rewrite`).
2. As long as its domain is ours, the local part is read as an address of its own (`user%site`, `site!user`,
   `user@site`), which takes the place of the whole: nobody gets past the relay rules by way of our own name.
3. The class of the domain gives transport and next hop; elsewhere the sender's own relay or `relayhost` is next.
4. `transport_maps` overrides both, but for virtual alias domains; `relocated_maps` turns into an error.
5. `routed`: after all this the local part still holds `@`, `!` or `%`; such mail is relayed for nobody.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from gatepost.config.own import OwnAddresses
from gatepost.config.settings import Settings
from gatepost.mail.address import has_usable_domain, split_domain
from gatepost.mail.envelope import Recipient
from gatepost.mail.events import Emit
from gatepost.oracle import EmptyResult, LookupFailed, Oracle
from gatepost.routing.classes import AddressClass, DomainClasses
from gatepost.routing.expansion import Expansion, VirtualAliases
from gatepost.routing.listing import Listing, Lists
from gatepost.routing.rewrite import Rewriter
from gatepost.routing.search import SearchOrder, SearchRules, find_address

__all__ = ["AddressClass", "Listing", "Route", "Router"]

ALIAS_ERROR = "5.1.1 User unknown in virtual alias table"
"""What becomes of mail to a virtual alias domain that no alias takes."""


REMEMBERED = 5000
"""Routes that are kept where no table has a say in them."""

_DECIDING_TABLES = (
    "transport_maps",
    "relocated_maps",
    "sender_dependent_default_transport_maps",
    "sender_dependent_relayhost_maps",
)


@dataclass(frozen=True, slots=True)
class Route:
    """Where mail for an address goes.

    `recipient` is the address in standard form, in internal form and as to case as given. `nexthop` is a host,
    `[host]:port`, `unix:path`, or the text of an `error` transport. `valid` is False where the address can never be
    delivered to: its domain is none, or it begins with `-`.
    """

    transport: str
    nexthop: str
    recipient: str
    address_class: AddressClass
    routed: bool = False
    valid: bool = True


class Router:
    """Addresses as one configuration sees them. `emit` takes warnings about it (process `trivial-rewrite`)."""

    def __init__(self, settings: Settings, own: OwnAddresses, emit: Emit | None = None) -> None:
        self.settings = settings
        self.classes = DomainClasses(settings, own, emit)
        self.rewriter = Rewriter.of(settings)
        parents = settings.parent_domain_matches_subdomains
        self.search = SearchRules(
            is_local=self._lists_bare_users,
            delimiters=settings.recipient_delimiter,
            owner_request=settings.owner_request_special,
            access_parents="smtpd_access_maps" in parents,
            transport_parents="transport_maps" in parents,
        )
        self._origin = settings.myorigin.casefold()
        self._fixed = self.classes.fixed and not any(getattr(settings, name) for name in _DECIDING_TABLES)
        self._routes: dict[str, Route] = {}
        self._lists = Lists(settings, self.search)
        self._aliases = VirtualAliases(settings, self.search, self.rewriter)

    def rewrite(self, address: str, *, local: bool = True) -> str:
        """The address made complete, in the local context or in that of remote clients' headers."""
        return self.rewriter.rewrite(address, local=local)

    async def resolve(self, address: str, oracle: Oracle, *, sender: str = "") -> Route:
        """Where mail from the sender to the address goes. Raises LookupFailed."""
        found = self._routes.get(address)
        if found is not None:
            return found
        try:
            found = await self._resolved(address, oracle, sender)
        except EmptyResult as fault:  # as bad as no answer: nobody can tell where the mail is to go
            raise LookupFailed(fault.table, fault.key, fault.reason) from fault
        if self._fixed:
            if len(self._routes) >= REMEMBERED:
                self._routes.clear()
            self._routes[address] = found
        return found

    async def _resolved(self, address: str, oracle: Oracle, sender: str) -> Route:
        recipient, kind = await self._destination(self.rewrite(address), oracle)
        local, domain = split_domain(recipient)
        valid = has_usable_domain(recipient) and (not recipient.startswith("-") or self.settings.allow_min_user)
        routed = any(mark in local for mark in "@!%")
        transport, nexthop = await self._by_class(kind, domain, sender, oracle)
        if kind is not AddressClass.ALIAS and valid:
            transport, nexthop = await self._by_map(recipient, oracle, transport, nexthop)
        if self.settings.relocated_maps:
            moved = await find_address(self.settings.relocated_maps, recipient, oracle, self.search)
            if moved:
                transport, nexthop = "error", f"5.1.6 User has moved to {moved.value}"
        return Route(transport, nexthop, recipient, kind, routed, valid)

    async def recipient_listing(self, route: Route, oracle: Oracle) -> Listing:
        """Whether the recipient that was resolved is known to the tables of its class. Raises LookupFailed."""
        way, maps = (route.transport, route.nexthop), self._lists.recipient_maps
        return await self._lists.listing(route.recipient, route.address_class, way, maps, oracle)

    async def sender_listing(self, route: Route, oracle: Oracle) -> Listing:
        """Whether the sender that was resolved is one that mail could be sent to. Raises LookupFailed."""
        way, maps = (route.transport, route.nexthop), self._lists.sender_maps
        return await self._lists.listing(route.recipient, route.address_class, way, maps, oracle)

    async def expand(self, recipients: tuple[Recipient, ...], oracle: Oracle) -> Expansion:
        """The recipients of a message with virtual aliases expanded, each once.

        Raises ExpansionRefused where an alias leads to too much, or a table cannot tell where.
        """
        return await self._aliases.expand(recipients, oracle)

    async def _lists_bare_users(self, domain: str, oracle: Oracle) -> bool:
        return domain.casefold() == self._origin or await self.classes.is_local(domain, oracle)

    async def _destination(self, address: str, oracle: Oracle) -> tuple[str, AddressClass]:
        """The address after all local routing, and its class."""
        ours = ""  # the last domain of ours that was taken off
        while "@" in address:
            local, domain = split_domain(address)
            domain = self._standard_domain(domain)
            address = f"{local}@{domain}"
            inner = self._inner_address(local)
            if domain or (inner is None and not self.settings.resolve_null_domain):
                if not await self.classes.is_local(domain, oracle):
                    return address, await self.classes.classify(domain, oracle)
                ours = domain
            if inner is None:
                break
            address = inner
        local = split_domain(address)[0] or self.settings.empty_address_recipient
        domain = ours or self.settings.myhostname
        # An address without any domain is ours, even where our own name is in no list.
        kind = await self.classes.classify(domain, oracle)
        return f"{local}@{domain}", kind if kind.is_ours else AddressClass.LOCAL

    def _inner_address(self, local: str) -> str | None:
        """The address that a local part of ours stands for, None where it is just a user."""
        if "@" in local:
            return local if self.settings.resolve_dequoted_address else None
        swapped = self.rewriter.swapped(local)
        return None if swapped == local else swapped

    def _standard_domain(self, domain: str) -> str:
        if domain.endswith(".") and not domain.endswith(".."):
            domain = domain[:-1]
        if self.settings.resolve_numeric_domain and _is_ipv4(domain):
            return f"[{domain}]"
        return domain

    async def _by_class(self, kind: AddressClass, domain: str, sender: str, oracle: Oracle) -> tuple[str, str]:
        """Transport and next hop before the maps."""
        match kind:
            case AddressClass.LOCAL:
                return _with_default(self.settings.local_transport, domain)
            case AddressClass.ALIAS:
                return "error", ALIAS_ERROR
            case AddressClass.VIRTUAL:
                return _with_default(self.settings.virtual_transport, domain)
            case AddressClass.RELAY:
                destination = self.settings.relay_transport
            case AddressClass.DEFAULT:
                destination = await self._by_sender("sender_dependent_default_transport_maps", sender, oracle)
                destination = destination or self.settings.default_transport
        transport, _, nexthop = destination.partition(":")
        if not nexthop:
            relay = await self._by_sender("sender_dependent_relayhost_maps", sender, oracle)
            nexthop = relay or next(iter(self.settings.relayhost), domain)
        return transport, nexthop

    async def _by_sender(self, parameter: str, sender: str, oracle: Oracle) -> str:
        """What a sender-dependent table says, empty for nothing and for DUNNO."""
        tables: tuple[str, ...] = getattr(self.settings, parameter)
        if not tables:
            return ""
        if sender:
            found = await find_address(tables, self.rewrite(sender), oracle, self.search)
        else:
            # The key for the null sender is no address: no other key derives from it.
            name = parameter.removeprefix("sender_dependent_")
            found = await find_address(
                tables, self.settings.text(f"empty_address_{name}_lookup_key"), oracle, self.search
            )
        return "" if found is None or found.value.upper() == "DUNNO" else found.value

    async def _by_map(self, recipient: str, oracle: Oracle, transport: str, nexthop: str) -> tuple[str, str]:
        """Apply transport_maps: an empty part of `transport:nexthop` leaves the choice to the class or the domain."""
        tables = self.settings.transport_maps
        found = await find_address(tables, recipient, oracle, self.search, order=SearchOrder.TRANSPORT)
        if found is None:
            return transport, nexthop
        wanted, _, hop = found.value.partition(":")
        if wanted:
            return wanted, hop or ("" if wanted in ("error", "retry") else split_domain(recipient)[1])
        return transport, hop or nexthop


def _with_default(destination: str, domain: str) -> tuple[str, str]:
    transport, _, nexthop = destination.partition(":")
    return transport, nexthop or domain


def _is_ipv4(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True
