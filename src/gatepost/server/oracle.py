"""The oracle of the running server: live tables and the resolver."""

from __future__ import annotations

import asyncio

from gatepost.dns.answers import Resolution
from gatepost.dns.resolver import Resolver
from gatepost.mail.events import Emit, Warned
from gatepost.oracle import DnsAnswer, Oracle
from gatepost.tables.view import TableView


class LiveOracle(Oracle):
    """Answers for one mail transaction (or one delivery): make one for each, it sees one version of every table."""

    def __init__(self, view: TableView, resolver: Resolver, emit: Emit) -> None:
        self._view = view
        self._resolver = resolver
        self._emit = emit
        self.content = view.content  # type: ignore[assignment, method-assign]  # the same, without a call between

    def takes_partial_keys(self, table: str) -> bool:
        """Whether keys derived from the first, full one may be asked of the table."""
        return self._view.partial_keys(table)

    async def lookup(self, table: str, key: str) -> str | None:
        """The value for the key in `type:name`. Raises LookupFailed."""
        return await self._view.lookup(table, key)

    async def dns(self, name: str, rtype: str) -> DnsAnswer:
        """The records of the type for the name; malformed data is logged. Never raises."""
        return self._told(await self._resolver.resolve(name, rtype))

    def known(self, name: str, rtype: str) -> DnsAnswer | None:
        """The same, where it is in the cache."""
        found = self._resolver.known(name, rtype)
        if found is None:
            return None
        return self._told(found) if found.warnings else found.answer

    def _told(self, found: Resolution) -> DnsAnswer:
        for warning in found.warnings:
            self._emit(Warned(warning))
        return found.answer

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)
