"""The agent that hands mail to other servers by SMTP or LMTP.

The rules:

1. Next hops from left to right, then the fallback; in each, hosts in order of preference. A host that fails for now
   leaves its recipients to the next one; the last one's word counts. A permanent refusal counts at once.
2. No more than `smtp_mx_session_limit` sessions a delivery; a host that did not even accept the connection is not
   counted.
3. Where the level is `may`, TLS that breaks is a temporary failure first. Once the mail has waited for
   `minimal_backoff_time`, and no password is at stake, the same host is tried in plaintext, as Postfix does.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace

from gatepost.delivery.connect import Place, connect, port_number, reason
from gatepost.delivery.hosts import Host, HostRules, Unreachable, find_hosts
from gatepost.delivery.logins import LoginFinder
from gatepost.delivery.nexthop import Nexthop, parse_nexthops
from gatepost.delivery.rules import ClientRules, keywords
from gatepost.delivery.session import SessionReport, Sessions, SessionTerms
from gatepost.delivery.surroundings import Surroundings
from gatepost.mail.delivery import Body, Job, Result, Status
from gatepost.mail.downgrade import Downgrade
from gatepost.mail.envelope import Recipient
from gatepost.mail.events import Emit, Noted, Warned
from gatepost.mail.events.queue import AttemptFailed
from gatepost.oracle import LookupFailed, Oracle
from gatepost.smtp.client_values import Dialect, Mail, Outcome, Server, TlsLevel
from gatepost.tls.context import ClientTls

SMTP_PORT = 25
"""Only on this port can a mail exchanger with our own address be ourselves."""

_HEADER_END = re.compile(rb"\r\n\r\n")


@dataclass(slots=True)
class _Attempt:
    """One job under way: what is still open, and what happened last."""

    job: Job
    emit: Emit
    oracle: Oracle
    pending: list[tuple[int, Recipient]]
    mail_needs_utf8: bool
    results: list[Result] = field(default_factory=list)
    sessions: int = 0
    last: Outcome = field(default_factory=lambda: Outcome("4.3.0", "server unavailable or unable to receive mail"))

    def mail(self, *, converts_8bit: bool) -> Mail:
        """The message for the recipients that are still open."""
        envelope = self.job.envelope
        return Mail(
            sender=envelope.sender,
            recipients=tuple(recipient for _, recipient in self.pending),
            size=self.job.body.size,
            body_8bit=envelope.body_8bit,
            smtputf8=envelope.smtputf8,
            needs_utf8=self.mail_needs_utf8,
            converts_8bit=converts_8bit,
            ret=envelope.ret,
            envid=envelope.envid,
        )

    def fail_all(self, outcome: Outcome, *, relay: str = "none", setup: float = 0.0) -> None:
        """The destination failed: the same for everybody."""
        self.results += (
            _result(row, outcome, relay=relay, setup=setup, destination_failed=True) for row, _ in self.pending
        )
        self.pending = []


class SmtpAgent:
    """Delivers by SMTP or LMTP, as its rules say. `tls` is None where our side cannot do TLS."""

    def __init__(self, rules: ClientRules, surroundings: Surroundings, tls: ClientTls | None) -> None:
        self._rules = rules
        self._world = surroundings
        self._logins = LoginFinder(rules.login)
        self._sessions = Sessions(tls)
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
        )

    async def deliver(self, job: Job) -> Sequence[Result]:
        """Try every recipient of the job once."""
        attempt = _Attempt(
            job,
            self._world.emit(job.number),
            self._world.oracle(),
            sorted(job.recipients, key=lambda pair: _sorting_key(pair[1].address)),
            mail_needs_utf8=job.envelope.smtputf8 and await _needs_utf8(job),
        )
        hops: tuple[Nexthop, ...] = ()
        try:
            hops = parse_nexthops(f"{job.nexthop} {self._rules.fallback}", by_mx=self._rules.dialect is Dialect.SMTP)
        except ValueError as error:
            attempt.last = _misconfigured(error)
        for left, hop in zip(range(len(hops) - 1, -1, -1), hops, strict=True):
            if attempt.pending:
                await self._try_hop(attempt, hop, is_last=not left)
        if attempt.pending and not attempt.last.is_soft and (culprit := self._misconfiguration(job, hops)):
            attempt.emit(Warned(f"{culprit} configuration problem"))
            attempt.last = replace(attempt.last, dsn="4.3.5")
        attempt.fail_all(attempt.last)
        return attempt.results

    def _misconfiguration(self, job: Job, hops: tuple[Nexthop, ...]) -> str:
        """The parameter whose hosts are all wrong, where that is for us to mend: such mail waits."""
        if hops and hops[-1].text != job.nexthop:
            return f"{self._rules.dialect.value}_fallback_relay"
        is_relayhost = self._rules.dialect is Dialect.SMTP and job.nexthop == self._rules.relayhost
        return "relayhost" if is_relayhost else ""

    async def _try_hop(self, attempt: _Attempt, hop: Nexthop, *, is_last: bool) -> None:
        try:
            port = 0 if hop.path else port_number(hop.port or self._rules.port)
            hosts = await self._hosts(attempt, hop, port)
        except ValueError as error:
            attempt.last = _misconfigured(error)
            return
        except Unreachable as unreachable:
            attempt.last = unreachable.outcome
            return
        limit = self._rules.mx_session_limit
        for host in hosts:
            if not attempt.pending or (limit and attempt.sessions >= limit):
                return
            final = (is_last and host is hosts[-1]) or attempt.sessions + 1 == limit
            await self._try_host(attempt, hop, Server(host.name, host.address, str(port or "")), is_final=final)

    async def _hosts(self, attempt: _Attempt, hop: Nexthop, port: int) -> list[Host]:
        if hop.path:
            return [Host(self._rules.name, hop.path)]
        return await find_hosts(hop, attempt.oracle, self._host_rules, attempt.emit, loops=port == SMTP_PORT)

    async def _try_host(self, attempt: _Attempt, hop: Nexthop, server: Server, *, is_final: bool) -> None:
        """Hold a session with one host, and another one without TLS where that may help."""
        started = asyncio.get_running_loop().time()
        try:
            terms = await self._terms(attempt, hop, server)
        except LookupFailed as error:
            attempt.emit(Warned(str(error)))
            attempt.last = Outcome("4.3.0", f"{error.table} lookup error")
            return
        report = await self._session(attempt, hop, terms)
        if report is not None and report.tls_broke and self._may_go_plain(attempt.job, terms):
            report = await self._session(attempt, hop, replace(terms, tls=TlsLevel.NONE))
        if report is None:
            return
        attempt.sessions += 1
        if report.failure is None:
            self._account(attempt, server, report, setup=report.opened - started, is_final=is_final)
        elif report.failure.is_soft and not is_final:
            attempt.emit(AttemptFailed(attempt.job.queue_id, report.failure.text))
            attempt.last = report.failure
        else:
            attempt.fail_all(report.failure, relay=server.relay, setup=report.opened - started)

    async def _terms(self, attempt: _Attempt, hop: Nexthop, server: Server) -> SessionTerms:
        """What tables say about speaking with this server. Raises LookupFailed."""
        discard = self._rules.discard_keywords
        for table in self._rules.discard_maps:
            found = await attempt.oracle.lookup(table, server.address)
            if found is not None:
                discard = keywords(found)
                break
        credentials = await self._logins.find(attempt.oracle, hop.text, server.host)
        return SessionTerms(
            self._rules,
            server,
            attempt.job.queue_id,
            hop.text,
            self._rules.tls,
            credentials,
            detects_loops=not hop.path,
            discard=discard,
        )

    async def _session(self, attempt: _Attempt, hop: Nexthop, terms: SessionTerms) -> SessionReport | None:
        """One session; None where there was no connection."""
        server = terms.server
        try:
            connection = await connect(self._place(hop, server), self._rules.connect_timeout)
        except OSError as error:
            text = f"connect to {server.relay}: {reason(error)}"
            attempt.emit(Noted(text))
            attempt.last = Outcome("4.4.1", text)
            return None
        mail = attempt.mail(converts_8bit=self._rules.converts_8bit)
        return await self._sessions.hold(connection, terms, mail, self._content(attempt.job), attempt.emit)

    def _account(
        self, attempt: _Attempt, server: Server, report: SessionReport, *, setup: float, is_final: bool
    ) -> None:
        """Note what is decided; a temporary failure is left to the next host, if there is one."""
        left: list[tuple[int, Recipient]] = []
        told: set[str] = set()
        for index in report.order:
            (row, recipient), outcome = attempt.pending[index], report.outcomes[index]
            if outcome.is_soft and not is_final:
                left.append((row, recipient))
                attempt.last = outcome
                if outcome.text not in told:
                    attempt.emit(AttemptFailed(attempt.job.queue_id, outcome.text))
                    told.add(outcome.text)
            else:
                attempt.results.append(_result(row, outcome, relay=server.relay, setup=setup, report=report))
        attempt.pending = left

    def _place(self, hop: Nexthop, server: Server) -> Place:
        if hop.path:
            path = hop.path if hop.path.startswith("/") else f"{self._rules.queue_directory}/{hop.path}"
            return Place(path=path)
        source = self._rules.bind_address6 if ":" in server.address else self._rules.bind_address
        return Place(server.address, int(server.port), source=source)

    def _may_go_plain(self, job: Job, terms: SessionTerms) -> bool:
        """Whether mail may go unencrypted because the server's TLS is broken."""
        waited = job.activated - job.arrived
        return terms.tls is TlsLevel.MAY and terms.credentials is None and waited >= self._rules.fallback_delay

    def _content(self, job: Job) -> Callable[[frozenset[str]], AsyncIterator[bytes]]:
        def content(offered: frozenset[str]) -> AsyncIterator[bytes]:
            if "8BITMIME" in offered or not job.envelope.body_8bit or not self._rules.converts_8bit:
                return job.body.chunks()
            return _downgraded(job.body)

        return content


async def _downgraded(body: Body) -> AsyncIterator[bytes]:
    """The content for a server without 8BITMIME (RFC 6152 section 3)."""
    downgrade = Downgrade()
    async for chunk in body.chunks():
        yield downgrade.feed(chunk)
    yield downgrade.end()


async def _needs_utf8(job: Job) -> bool:
    """Whether addresses or header have anything but ASCII in them (RFC 6531 section 3.2)."""
    addresses = (job.envelope.sender, *(recipient.address for _, recipient in job.recipients))
    if not all(address.isascii() for address in addresses):
        return True
    tail = b""
    async for chunk in job.body.chunks():
        end = _HEADER_END.search(tail + chunk)
        if not (tail + chunk)[: end.start() if end else None].isascii():
            return True
        if end:
            break
        tail = chunk[-3:]
    return False


async def _native_lookup(host: str) -> list[str]:
    """Addresses by the system's own means."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return [str(place[0]) for *_, place in found]


def _result(
    row: int,
    outcome: Outcome,
    *,
    relay: str,
    setup: float,
    report: SessionReport | None = None,
    destination_failed: bool = False,
) -> Result:
    refused = Status.DEFERRED if outcome.is_soft else Status.BOUNCED
    return Result(
        row,
        Status.SENT if outcome.is_sent else refused,
        outcome.dsn,
        outcome.text,
        relay=relay,
        connection_setup=setup,
        transmission=report.transmission if report else 0.0,
        remote_reply=outcome.reply.text if outcome.reply else "",
        remote_host=relay.partition("[")[0] if outcome.reply else "",
        relayed=outcome.is_sent,
        remote_takes_dsn=report.takes_dsn if report else False,
        destination_failed=destination_failed,
    )


def _misconfigured(error: ValueError) -> Outcome:
    return Outcome("4.3.5", f"Server configuration error: {error}")


def _sorting_key(address: str) -> tuple[str, str]:
    """By domain, then by local part: the order in which Postfix names recipients."""
    local, _, domain = address.rpartition("@")
    return domain.lower(), local.lower()
