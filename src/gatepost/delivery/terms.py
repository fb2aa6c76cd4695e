"""The terms of a session: what the configuration and its tables say about speaking with one server.

Two sessions on equal terms are interchangeable, and only such a session may carry another message: see `pool`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gatepost.delivery.logins import LoginFinder
from gatepost.delivery.nexthop import Nexthop
from gatepost.delivery.rules import ClientRules, keywords, pix_workarounds
from gatepost.delivery.sts import StsPolicies
from gatepost.delivery.tlspolicy import PolicyFinder
from gatepost.mail.events import Emit
from gatepost.oracle import Oracle
from gatepost.smtp.client_values import Credentials, Server, SessionPlan, TlsLevel
from gatepost.tls.client import ClientTls
from gatepost.tls.policy import Level, TlsPolicy

SMTP_PORT = "25"
"""Only there can a server with our own name or address be ourselves."""


@dataclass(frozen=True, slots=True)
class SessionTerms:
    """How to speak with this server: the service's rules, and what was decided for this attempt.

    `rules` and `nexthop` do not count when terms are compared: the first are the same throughout a service, the other
    stands in one text.
    """

    rules: ClientRules = field(compare=False)
    server: Server
    nexthop: str = field(compare=False)
    tls: TlsPolicy
    credentials: Credentials | None
    detects_loops: bool
    discard: frozenset[str] = frozenset()
    pix: frozenset[str] = frozenset()

    def plan(self, queue_id: str, waited: float, *, tls_usable: bool) -> SessionPlan:
        """The machine's plan for a session that is opened for a message, which has `waited` for so many seconds."""
        rules = self.rules
        is_fresh = waited < rules.pix.threshold
        return SessionPlan(
            server=self.server,
            name=rules.name,
            queue_id=queue_id,
            nexthop=self.nexthop,
            dialect=rules.dialect,
            hello=rules.hello,
            discard=self.discard,
            tls=_machine_level(self.tls),
            tls_first=rules.tls.wrapped,
            tls_usable=tls_usable,
            credentials=self.credentials,
            soft_login=rules.login.soft_bounce,
            dummy_auth=rules.login.dummy_auth,
            skip_5xx_greeting=rules.skip_5xx_greeting,
            skip_quit_reply=rules.skip_quit_reply,
            detects_loops=self.detects_loops,
            line_limit=rules.line_limit,
            filters_replies=bool(rules.reply_filter),
            pix=self.pix - {"delay_dotcrlf"} if is_fresh else self.pix,
        )


class TermsFinder:
    """Works terms out. `are_fixed`: no table is asked, so that a server's terms never change."""

    def __init__(self, rules: ClientRules, tls: ClientTls | None, sts: StsPolicies | None = None) -> None:
        self._rules = rules
        self._logins = LoginFinder(rules.login)
        self._policies = PolicyFinder(rules.tls, tls, sts)
        has_tables = rules.discard_maps or rules.pix.maps or rules.login.enabled
        self.are_fixed = not has_tables and self._policies.are_fixed

    async def find(self, oracle: Oracle, hop: Nexthop, server: Server, sender: str, emit: Emit) -> SessionTerms:
        """The terms for a server of a next hop, for mail of a sender.

        Raises LookupFailed, and Unusable where no TLS policy can be made.
        """
        rules = self._rules
        hidden = await _first(oracle, rules.discard_maps, server.address)
        pix = await _first(oracle, rules.pix.maps, server.address)
        credentials = await self._logins.find(oracle, hop.text, server, sender)
        return SessionTerms(
            rules,
            server,
            hop.text,
            await self._policies.find(oracle, hop, server, emit),
            credentials,
            detects_loops=server.port == SMTP_PORT,
            discard=rules.discard_keywords if hidden is None else keywords(hidden),
            pix=rules.pix.workarounds if pix is None else pix_workarounds(pix),
        )


async def _first(oracle: Oracle, tables: tuple[str, ...], key: str) -> str | None:
    """What the first table that knows the key says. Raises LookupFailed."""
    for table in tables:
        found = await oracle.lookup(table, key)
        if found is not None:
            return found
    return None


def _machine_level(policy: TlsPolicy) -> TlsLevel:
    """What the dialogue has to know of a policy: whether TLS is used, and whether it goes on without."""
    if policy.required:
        return TlsLevel.ENCRYPT
    return TlsLevel.MAY if policy.level is Level.MAY else TlsLevel.NONE
