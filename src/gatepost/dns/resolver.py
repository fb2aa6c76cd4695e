"""The resolver: one cache, one query in flight for each question, bounds on time and number.

The system's files are honoured: servers and options of resolv.conf(5), and hosts(5) for those who ask for it. Both
are read again when they change.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

import dns.exception

from gatepost.dns.answers import ALIASES, Resolution, failed, malformed_name
from gatepost.dns.cache import Cache
from gatepost.dns.exchange import Question, ask
from gatepost.dns.system import Hosts, ResolverOptions, system_hosts, system_options
from gatepost.oracle import DnsAnswer

CACHE_SIZE = 40_000
"""Records kept (an answer without any counts as one): some 10 MB, and no more where strangers make answers long."""

MARGIN = 1.0
"""Seconds beyond the time limits of a question after which it is given up, aliases and all."""

CONCURRENCY = 400
"""Questions on their way at a time, each with a socket; further ones wait."""


class Resolver:
    """Asks the DNS. Make one for each event loop."""

    def __init__(
        self,
        options: Callable[[], ResolverOptions] | None = None,
        hosts: Callable[[], Hosts] | None = None,
        *,
        cache_size: int = CACHE_SIZE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._options = options or system_options()
        self._hosts = hosts or system_hosts()
        self._clock = clock
        self._cache: Cache[tuple[str, str], Resolution] = Cache(cache_size)
        self._asking: dict[tuple[str, str], asyncio.Task[Resolution]] = {}
        self._room = asyncio.Semaphore(CONCURRENCY)

    @property
    def hosts(self) -> Hosts:
        """The hosts file as it is now."""
        return self._hosts()

    async def query(self, name: str, rtype: str) -> DnsAnswer:
        """The records of the type for the name. Never raises."""
        return (await self.resolve(name, rtype)).answer

    def known(self, name: str, rtype: str) -> Resolution | None:
        """The same from the cache; None where it is not there."""
        return self._cache.get((name.lower().removesuffix("."), rtype), self._clock())

    async def resolve(self, name: str, rtype: str) -> Resolution:
        """The same, with what the log is to say about it. Never raises."""
        known = self.known(name, rtype)
        if known is not None:
            return known
        key = (name.lower().removesuffix("."), rtype)
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.create_task(self._ask(key))
            task.add_done_callback(lambda _: self._asking.pop(key, None))
        return await asyncio.shield(task)

    async def _ask(self, key: tuple[str, str]) -> Resolution:
        async with self._room:
            found = await self._in_time(*key)
        self._cache.put(key, found, self._clock() + found.ttl, max(1, len(found.answer.records)))
        return found

    async def _in_time(self, name: str, rtype: str) -> Resolution:
        """All aliases together may take as long as one question to silent servers."""
        options = self._options()
        try:
            async with asyncio.timeout(options.timeout * options.attempts * len(options.servers) + MARGIN):
                return await self._chase(name, rtype)
        except TimeoutError:
            return failed()

    async def _chase(self, name: str, rtype: str) -> Resolution:
        """Ask, and ask again for the other name where a server leaves an alias to us."""
        ttl = float("inf")
        secure, aliased = True, ""
        for _ in range(ALIASES):
            try:
                question = Question.of(name, rtype)
            except (dns.exception.DNSException, ValueError):
                return malformed_name()
            found = await ask(question, self._options())
            ttl, secure = min(ttl, found.ttl), secure and found.answer.secure
            if not found.alias:
                canonical = found.answer.canonical or (aliased if found.answer.records else "")
                return Resolution(replace(found.answer, secure=secure, canonical=canonical), found.warnings, ttl)
            name = aliased = found.alias
        return failed()
