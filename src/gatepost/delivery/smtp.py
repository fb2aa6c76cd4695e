"""The agent that hands mail to other servers by SMTP or LMTP.

The rules:

1. Next hops from left to right, then the fallback; in each, hosts in order of preference. A host that fails for now
   leaves its recipients to the next one; the last one's word counts. A permanent refusal counts at once.
2. A session with one of the best hosts of a next hop that was kept is used first, before any look-up.
3. No more than `smtp_mx_session_limit` sessions a delivery; a host that did not even accept the connection is not
   counted.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from gatepost.delivery.attempt import Attempt
from gatepost.delivery.connect import port_number
from gatepost.delivery.content import needs_utf8
from gatepost.delivery.destination import Destination, Destinations, misconfigured
from gatepost.delivery.hosts import Host, HostRules, Unreachable, find_hosts
from gatepost.delivery.nexthop import Nexthop
from gatepost.delivery.rules import ClientRules
from gatepost.delivery.surroundings import Surroundings
from gatepost.delivery.terms import SMTP_PORT
from gatepost.delivery.visit import Visit, Visitor
from gatepost.mail.delivery import Agent, Job, Result
from gatepost.mail.envelope import Origin
from gatepost.mail.events import Warned
from gatepost.smtp.client_values import Dialect, Outcome, Server
from gatepost.tls.client import ClientTls


class SmtpAgent:
    """Delivers by SMTP or LMTP, as its rules say.

    `tls` is None where our side cannot do TLS. `others` are all agents, for mail of a domain that turns out to be ours.
    """

    def __init__(
        self,
        rules: ClientRules,
        surroundings: Surroundings,
        tls: ClientTls | None,
        others: Mapping[str, Agent] = MappingProxyType({}),
    ) -> None:
        self._others = others
        self._rules = rules
        self._world = surroundings
        self._visitor = Visitor(rules, tls, surroundings.sts, surroundings.reports)
        self._destinations = Destinations(rules.fallback, by_mx=rules.dialect is Dialect.SMTP)
        self._host_rules = HostRules(
            families=rules.families,
            first=rules.address_preference,
            own=surroundings.own.interfaces | surroundings.own.proxies,
            limit=rules.mx_address_limit,
            shuffled=rules.randomize,
            by_dns="dns" in rules.host_lookup,
            native=_native_lookup if "native" in rules.host_lookup else None,
            defer_without_address=rules.defer_without_address,
            ignore_mx_errors=rules.ignore_mx_errors,
            balanced=rules.balance,
            true_names=rules.true_names,
        )

    async def deliver(self, job: Job) -> Sequence[Result]:
        """Try every recipient of the job once."""
        attempt = Attempt(job, self._world.emit(job.number), self._world.oracle, self._rules)
        if self._rules.tells_origin:
            attempt.origin = self._origin(job.envelope.origin)
        if job.envelope.smtputf8:
            attempt.needs_utf8 = await needs_utf8(job)
        clock = asyncio.get_running_loop().time
        destination = self._destinations[job.nexthop]
        destination.begin(clock(), self._rules.pool.time_limit)
        try:
            await self._try_hops(attempt, destination)
        finally:
            destination.end(clock())
        return attempt.results

    def _origin(self, origin: Origin) -> Origin:
        """Where a message came from; one that came from our own addresses is local."""
        is_local = origin.is_local or origin.client_address in self._world.own.interfaces
        return replace(origin, is_local=is_local)

    def close(self) -> None:
        """Leave the sessions that are kept."""
        self._visitor.close()

    async def _try_hops(self, attempt: Attempt, destination: Destination) -> None:
        hops = destination.hops
        if destination.fault is not None:
            attempt.postpone(destination.fault)
        for hop in hops:
            if attempt.pending:
                await self._try_hop(attempt, destination, hop)
        if not attempt.pending:
            return
        if not attempt.last.is_soft and (culprit := self._misconfiguration(attempt.job, hops)):
            attempt.emit(Warned(f"{culprit} configuration problem"))
            attempt.last = replace(attempt.last, dsn="4.3.5")
        attempt.conclude()

    def _misconfiguration(self, job: Job, hops: tuple[Nexthop, ...]) -> str:
        """The parameter whose hosts are all wrong, where that is for us to mend: such mail waits."""
        if hops and hops[-1].text != job.nexthop:
            return f"{self._rules.dialect.value}_fallback_relay"
        is_relayhost = self._rules.dialect is Dialect.SMTP and job.nexthop == self._rules.relayhost
        return "relayhost" if is_relayhost else ""

    async def _try_hop(self, attempt: Attempt, destination: Destination, hop: Nexthop) -> None:
        is_last = hop is destination.hops[-1]
        tried = await self._visitor.again(attempt, destination, hop, is_last=is_last)
        if not attempt.pending:
            return
        try:
            port = 0 if hop.path else port_number(hop.port or self._rules.port, self._rules.known_ports)
            hosts = await self._hosts(attempt, hop, port)
        except ValueError as error:
            attempt.postpone(misconfigured(error))
            return
        except Unreachable as unreachable:
            attempt.postpone(unreachable.outcome)
            if unreachable.is_us and self._rules.best_mx_transport:
                await self._pass_on(attempt, self._rules.best_mx_transport)
            return
        limit = self._rules.mx_session_limit
        for host in hosts:
            if not attempt.pending or (limit and attempt.sessions >= limit):
                return
            if host.address == tried:
                continue
            visit = Visit(
                destination,
                hop,
                Server(host.name, host.address, str(port or "")),
                is_best=host.preference == hosts[0].preference,
                is_lone=len(hosts) == 1,
                is_final=(is_last and host is hosts[-1]) or attempt.sessions + 1 == limit,
            )
            await self._visitor.visit(attempt, visit)

    async def _pass_on(self, attempt: Attempt, where: str) -> None:
        """Let another transport deliver what is open: the domain turned out to be ours."""
        transport, _, nexthop = where.partition(":")
        other = self._others.get(transport)
        if other is None:
            attempt.emit(Warned(f"connect to transport private/{transport}: No such file or directory"))
            attempt.postpone(Outcome("4.3.0", "mail transport unavailable"))
            return
        job = replace(attempt.job, recipients=tuple(attempt.pending), transport=transport, nexthop=nexthop)
        attempt.results += await other.transport.deliver(job)
        attempt.pending = []

    async def _hosts(self, attempt: Attempt, hop: Nexthop, port: int) -> list[Host]:
        if hop.path:
            return [Host(self._rules.name, hop.path)]
        return await find_hosts(hop, attempt.oracle, self._host_rules, attempt.emit, loops=str(port) == SMTP_PORT)


async def _native_lookup(host: str) -> list[str]:
    """Addresses by the system's own means."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return [str(place[0]) for *_, place in found]
