"""The client's side of TLS for one transport: OpenSSL contexts by policy, and sessions that are taken up again.

The rules:

1. Policies with the same protocols, ciphers and authorities share a context. A policy whose words OpenSSL does not
   understand has none: the handshake fails, and the log says why.
2. A session is resumed only with the same policy, the same peer and the same name sent to it (`smtp_tls_session_cache_
   database` turns that on; sessions are kept in memory, whatever it names). What was wrong with the chain is kept
   beside it, and the policy is applied to the certificate anew.
3. SNI goes out only where the policy names a server; without one, servers of the world show their usual certificate.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, replace

from OpenSSL import SSL

from gatepost.config.settings import Settings
from gatepost.mail.events import Event, Noted, Warned
from gatepost.mail.events.tls import TlsCiphers
from gatepost.tls.anchors import load_anchors
from gatepost.tls.chains import ChainError, Read, read_file
from gatepost.tls.channel import VERBOSE, Handshake, TlsChannel
from gatepost.tls.ciphers import grade_lists, graded_list
from gatepost.tls.context import (
    TlsUnavailable,
    configured_authorities,
    configured_chains,
    fingerprint_digest,
)
from gatepost.tls.dane import DIGESTS
from gatepost.tls.details import Side, session_reused
from gatepost.tls.modes import log_level
from gatepost.tls.options import configured_options
from gatepost.tls.policy import Load, TlsPolicy
from gatepost.tls.protocols import Protocols, parse_protocols
from gatepost.tls.setup import Terms, make_context
from gatepost.tls.verdict import ChainFault, Verdict
from gatepost.tls.verify import Judge

CONTEXTS = 200
"""Contexts kept ready; each costs some tens of kilobytes (with authorities: more). Above that, the oldest goes."""

SESSIONS = 5_000
"""Sessions kept; each costs some kilobytes."""


@dataclass(frozen=True, slots=True)
class ClientTerms:
    """What all sessions of a transport have in common. `lifetime` is that of kept sessions, in seconds; 0: none are."""

    base: Terms
    digest: str
    digests: tuple[str, ...]
    grades: dict[str, str]
    lifetime: float = 0.0


@dataclass(frozen=True, slots=True)
class _Kept:
    session: SSL.Session
    fault: ChainFault | None
    until: float


class ClientTls:
    """The client side of one transport."""

    def __init__(self, terms: ClientTerms, load: Load) -> None:
        self._terms = terms
        self.load = load
        """Reads a file of trust anchors."""
        self.digests = terms.digests
        """The digests of TLSA records, the strongest first."""
        self._contexts: OrderedDict[tuple[str, str, bool], SSL.Context] = OrderedDict()
        self._sessions: OrderedDict[tuple[TlsPolicy, str], _Kept] = OrderedDict()

    @classmethod
    def build(cls, settings: Settings, *, prefix: str = "smtp", read: Read = read_file) -> ClientTls:
        """Make what deliveries need; `prefix` is smtp or lmtp. Raises TlsUnavailable."""
        kept = bool(settings.text(f"{prefix}_tls_session_cache_database"))
        try:
            base = Terms(
                protocols=Protocols(),
                ciphers="",
                chains=configured_chains(settings, prefix, read),
                authorities=configured_authorities(settings, prefix, read),
                authority_folder=settings.text(f"{prefix}_tls_CApath"),
                default_authorities=settings.tls_append_default_CA,
                depth=int(settings.text(f"{prefix}_tls_scert_verifydepth") or 9),
                verify=True,
                level=log_level(settings, prefix),
                options=configured_options(settings),
            )
            terms = ClientTerms(
                base,
                fingerprint_digest(settings, prefix),
                tuple(name for word in settings.tls_dane_digests if (name := word.partition("=")[0]) in DIGESTS),
                grade_lists(settings),
                getattr(settings, f"{prefix}_tls_session_cache_timeout").total_seconds() if kept else 0.0,
            )
            made = cls(terms, lambda name: load_anchors(name, read))
            made.check()
        except ChainError as error:
            raise TlsUnavailable(Warned(str(error))) from error
        except (SSL.Error, ValueError) as error:
            raise TlsUnavailable(Warned(f"TLS cannot be set up: {error}")) from error
        return made

    def check(self) -> None:
        """See whether certificates and authorities are of use. Raises ChainError, SSL.Error."""
        make_context(Side.CLIENT, replace(self._terms.base, ciphers="HIGH"))

    @property
    def log_level(self) -> int:
        """How much the log is told (`smtp_tls_loglevel`)."""
        return self._terms.base.level

    def channel(self, policy: TlsPolicy, peer_label: str) -> TlsChannel:
        """A channel to one server; write what `outgoing` gives at once. Raises TlsUnavailable.

        `peer_label` is `host[address]:port`, which also keeps apart the sessions that may be resumed.
        """
        context, ciphers = self._context(policy, peer_label)
        connection = SSL.Connection(context, None)
        connection.set_connect_state()
        terms = self._terms
        shake = Handshake(Side.CLIENT, peer_label, terms.digest, terms.base.level)
        shake.certificate_requested = bool(terms.base.chains)
        channel = TlsChannel(connection, shake, TlsCiphers(peer_label, ciphers))
        if policy.servername:
            connection.set_tlsext_host_name(policy.servername.encode("ascii"))
            if terms.base.level >= VERBOSE:
                shake.events.append(Noted(f"{peer_label}: SNI hostname: {policy.servername}"))
        kept = self._resume(policy, peer_label, connection)
        judge = Judge(policy, terms.digest, terms.digests, terms.base.depth)

        def verdict(connection: SSL.Connection, shake: Handshake) -> Verdict:
            if kept is not None and session_reused(connection):
                shake.fault = kept.fault
            return judge.verdict(connection.get_peer_cert_chain() or (), shake.fault, peer_label)

        shake.judge = verdict
        if terms.lifetime:
            shake.farewell = lambda connection, shake: self._keep(policy, peer_label, connection, shake.fault)
        channel.start()
        return channel

    def _context(self, policy: TlsPolicy, peer: str) -> tuple[SSL.Context, str]:
        try:
            ciphers = graded_list(policy.ciphers, policy.exclude, self._terms.grades)
        except ValueError as error:
            raise TlsUnavailable(Warned(f"{peer}: {error}")) from error
        key = policy.protocols, ciphers, policy.by_web
        known = self._contexts.get(key)
        if known is None:
            known = self._contexts[key] = self._make(policy, ciphers, peer)
            if len(self._contexts) > CONTEXTS:
                self._contexts.popitem(last=False)
        return known, ciphers

    def _make(self, policy: TlsPolicy, ciphers: str, peer: str) -> SSL.Context:
        problem: Event
        try:
            protocols = parse_protocols(policy.protocols)
        except ValueError as error:
            problem = Warned(f'{peer}: Invalid TLS protocol list "{policy.protocols}": aborting TLS session')
            raise TlsUnavailable(problem) from error
        try:
            base = self._terms.base
            web = base.default_authorities or policy.by_web
            terms = replace(base, protocols=protocols, ciphers=ciphers, default_authorities=web)
            return make_context(Side.CLIENT, terms)
        except (SSL.Error, ChainError) as error:
            problem = Warned(f'{peer}: error setting cipher grade: "{policy.ciphers}"')
            raise TlsUnavailable(problem) from error

    def _resume(self, policy: TlsPolicy, peer: str, connection: SSL.Connection) -> _Kept | None:
        kept = self._sessions.get((policy, peer))
        if kept is None or kept.until < time.monotonic():
            return None
        connection.set_session(kept.session)
        return kept

    def _keep(self, policy: TlsPolicy, peer: str, connection: SSL.Connection, fault: ChainFault | None) -> None:
        session = connection.get_session()
        if session is None:
            return
        self._sessions[policy, peer] = _Kept(session, fault, time.monotonic() + self._terms.lifetime)
        self._sessions.move_to_end((policy, peer))
        if len(self._sessions) > SESSIONS:
            self._sessions.popitem(last=False)
