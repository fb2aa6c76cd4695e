"""One visit to one host: over a session that was kept, or a new one; and what becomes of the session afterwards.

The rules:

1. A kept session that its server left before it heard of the mail counts for nothing: the next one is taken, or a new
   one made.
2. A session is kept where its destination is in traffic (`smtp_connection_cache_on_demand`), or always
   (`smtp_connection_cache_destinations`).
3. Where the level is `may`, TLS that breaks is a temporary failure first. Once the mail has waited for
   `minimal_backoff_time`, and no password is at stake, the same host is tried in plaintext, as Postfix does.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from gatepost.delivery.attempt import Attempt
from gatepost.delivery.connect import CannotBind, Connection, Place, connect, reason
from gatepost.delivery.destination import Destination
from gatepost.delivery.nexthop import Nexthop
from gatepost.delivery.pool import Pool
from gatepost.delivery.rules import ClientRules
from gatepost.delivery.session import Session, SessionReport
from gatepost.delivery.sts import StsPolicies
from gatepost.delivery.terms import SessionTerms, TermsFinder
from gatepost.delivery.tlsreports import TlsReports
from gatepost.mail.events import Noted, Warned
from gatepost.mail.events.queue import AttemptFailed
from gatepost.oracle import LookupFailed
from gatepost.smtp.client_values import Outcome, Server
from gatepost.tls.client import ClientTls
from gatepost.tls.policy import TlsPolicy, Unusable


@dataclass(frozen=True, slots=True)
class Visit:
    """Whom we visit.

    `is_best`: no host of the next hop is better. `is_lone`: there is no other. `is_final`: its word counts, whatever it
    is.
    """

    destination: Destination
    hop: Nexthop
    server: Server
    is_best: bool
    is_lone: bool
    is_final: bool


class Visitor:
    """Visits hosts for one service, and keeps its sessions."""

    def __init__(
        self,
        rules: ClientRules,
        tls: ClientTls | None,
        sts: StsPolicies | None = None,
        reports: TlsReports | None = None,
    ) -> None:
        self._rules = rules
        self._tls = tls
        self._terms = TermsFinder(rules, tls, sts)
        self._reports = reports
        self._pool = Pool(rules.pool)

    def close(self) -> None:
        """Leave the sessions that are kept."""
        self._pool.close()

    async def again(self, attempt: Attempt, destination: Destination, hop: Nexthop, *, is_last: bool) -> str:
        """Use a session that was kept for the next hop; the address of its host, empty where there was none."""
        while (session := self._pool.for_hop(hop.text)) is not None:
            if not await self._is_on_its_terms(attempt, hop, session):
                session.leave()
                continue
            server = session.terms.server
            is_final = is_last and session.is_lone
            visit = Visit(destination, hop, server, is_best=True, is_lone=session.is_lone, is_final=is_final)
            report = await self._use(attempt, visit, session)
            if not report.was_stale:
                self._account(attempt, visit, report, report.opened)
                return server.address
        return ""

    async def visit(self, attempt: Attempt, visit: Visit) -> None:
        """Hold a session with one host, and another one without TLS where that may help."""
        started = asyncio.get_running_loop().time()
        try:
            terms = await self._find(attempt, visit.hop, visit.server)
        except LookupFailed as error:
            attempt.emit(Warned(str(error)))
            attempt.postpone(Outcome("4.3.0", f"{error.table} lookup error"))
            return
        except Unusable as unusable:
            for event in unusable.events:
                attempt.emit(event)
            attempt.postpone(Outcome(unusable.dsn, unusable.text))
            if self._reports is not None and unusable.source is not None:
                self._reports.fault(unusable.source, unusable.result, visit.server.host)
            return
        report = await self._session(attempt, visit, terms)
        if report is not None and report.optional_tls_broke and self._may_go_plain(attempt, terms):
            report = await self._session(attempt, visit, replace(terms, tls=TlsPolicy()))
        if report is not None:
            self._account(attempt, visit, report, started)

    async def _session(self, attempt: Attempt, visit: Visit, terms: SessionTerms) -> SessionReport | None:
        """The mail over a session on these terms; None where there was no connection."""
        while (session := self._pool.on_terms(terms)) is not None:
            report = await self._use(attempt, visit, session)
            if not report.was_stale:
                return report
        try:
            connection = await self._connect(attempt, self._place(visit.hop, visit.server))
        except CannotBind:
            attempt.postpone(Outcome("4.4.0", "server configuration error"))
            return None
        except OSError as error:
            text = f"connect to {visit.server.relay}: {reason(error)}"
            attempt.emit(Noted(text))
            attempt.postpone(Outcome("4.4.1", text))
            return None
        session = Session(connection, terms, self._tls)
        failed = await session.open(attempt.job.queue_id, attempt.waited, attempt.emit, attempt.filtered)
        if self._reports is not None and visit.hop.by_mx and session.tls_result is not None:
            self._reports.session(terms.tls, visit.hop.host, visit.server, session.tls_result)
        return failed or await self._use(attempt, visit, session)

    async def _connect(self, attempt: Attempt, place: Place) -> Connection:
        """Raises OSError, and CannotBind where our address may not be another one than is configured."""
        limit = self._rules.connect_timeout
        try:
            return await connect(place, limit)
        except CannotBind as error:
            attempt.emit(Warned(f"smtp_connect_addr: bind {place.source}: {error}"))
            if self._rules.bind_enforce:
                raise
            return await connect(replace(place, source=""), limit)

    async def _use(self, attempt: Attempt, visit: Visit, session: Session) -> SessionReport:
        """The mail over a session that is open."""
        report = await session.send(attempt.mail(), attempt.content, attempt.emit, attempt.filtered)
        is_wanted = False
        try:
            is_wanted = session.is_idle and (self._in_traffic(visit) or await self._is_listed(attempt, visit))
        finally:
            if is_wanted:
                session.is_lone = visit.is_lone
                self._pool.keep(session, visit.hop.text if visit.is_best else "")
            else:
                session.leave()
        return report

    async def _is_on_its_terms(self, attempt: Attempt, hop: Nexthop, session: Session) -> bool:
        """Whether tables still say of a session's server what they said when it began."""
        if self._terms.are_fixed:
            return True
        try:
            found = await self._find(attempt, hop, session.terms.server)
        except (LookupFailed, Unusable):
            return False  # it is told of where a new session is tried
        return session.terms == found

    async def _find(self, attempt: Attempt, hop: Nexthop, server: Server) -> SessionTerms:
        """The terms for this mail. Raises LookupFailed and Unusable."""
        sender = attempt.job.envelope.sender
        return await self._terms.find(attempt.oracle, hop, server, sender, attempt.emit)

    def _in_traffic(self, visit: Visit) -> bool:
        """Whether the session is to be kept for the traffic there is (rule 2)."""
        return self._rules.cache_on_demand and visit.destination.in_traffic

    async def _is_listed(self, attempt: Attempt, visit: Visit) -> bool:
        """Whether it is to be kept in any case (rule 2)."""
        rules = self._rules
        if not rules.cache_destinations.patterns:
            return False
        try:
            names = dict.fromkeys((visit.hop.text, visit.hop.host or visit.hop.path))
            return any([await rules.cache_destinations.matches(attempt.oracle, name=name) for name in names])
        except LookupFailed as error:
            attempt.emit(Warned(rules.cache_destinations.complaint(error)))
            return False

    def _account(self, attempt: Attempt, visit: Visit, report: SessionReport, started: float) -> None:
        attempt.sessions += 1
        setup = report.opened - started
        failure = report.failure
        if failure is None:
            attempt.account(visit.server, report, setup=setup, is_final=visit.is_final)
        elif failure.is_soft and not visit.is_final:
            attempt.emit(AttemptFailed(attempt.job.queue_id, failure.text))
            attempt.postpone(failure)
        else:
            throttles = not report.optional_tls_broke  # or what waits for it could never be sent
            attempt.fail_all(failure, relay=visit.server.relay, setup=setup, destination_failed=throttles)

    def _place(self, hop: Nexthop, server: Server) -> Place:
        if hop.path:
            path = hop.path if hop.path.startswith("/") else f"{self._rules.queue_directory}/{hop.path}"
            return Place(path=path)
        source = self._rules.bind_address6 if ":" in server.address else self._rules.bind_address
        return Place(server.address, int(server.port), source=source)

    def _may_go_plain(self, attempt: Attempt, terms: SessionTerms) -> bool:
        """Whether mail may go unencrypted because the server's TLS is broken."""
        is_old = attempt.waited >= self._rules.fallback_delay
        return is_old and terms.credentials is None
