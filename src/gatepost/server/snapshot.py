"""What a session is given: the configuration of its service at one moment, and the parts of the server it works with.

A session keeps the snapshot it began with; a reload makes new ones for new sessions. `server/live` makes both.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from gatepost.config.matchlist import MatchList
from gatepost.config.own import OwnAddresses
from gatepost.config.settings import Settings
from gatepost.mail.events import Emit, Event
from gatepost.mail.peer import Peer
from gatepost.maillog import Logger
from gatepost.oracle import Oracle
from gatepost.policy.facts import Facts, Stage
from gatepost.policy.outcome import Carry, Verdict
from gatepost.sasl.server import SaslServer
from gatepost.server.limits import ClientLimits
from gatepost.server.transaction import Intake
from gatepost.tls.context import ServerTls
from gatepost.tls.modes import ServerTlsMode

Decide = Callable[[Stage, Facts, Oracle, Carry], Awaitable[Verdict]]
"""The policy engine, bound to the service's program."""


@dataclass(frozen=True, slots=True)
class SessionLists:
    """The pattern lists that a session asks; None where one is empty."""

    authorized_xclient_hosts: MatchList | None = None
    bare_newline_exclusions: MatchList | None = None
    event_limit_exceptions: MatchList | None = None
    fast_flush_domains: MatchList | None = None
    forbidden_commands: MatchList | None = None
    mynetworks: MatchList | None = None
    noop_commands: MatchList | None = None
    sasl_exceptions_networks: MatchList | None = None

    @classmethod
    def of(cls, settings: Settings) -> SessionLists:
        """The lists of a service's settings. Raises ConfigurationError."""

        def listed(name: str) -> MatchList | None:
            return MatchList.of(settings, name) if settings.words(name) else None

        return cls(
            authorized_xclient_hosts=listed("smtpd_authorized_xclient_hosts"),
            bare_newline_exclusions=listed("smtpd_forbid_bare_newline_exclusions"),
            event_limit_exceptions=listed("smtpd_client_event_limit_exceptions"),
            fast_flush_domains=listed("fast_flush_domains"),
            forbidden_commands=listed("smtpd_forbidden_commands"),
            mynetworks=listed("mynetworks"),
            noop_commands=listed("smtpd_noop_commands"),
            sasl_exceptions_networks=listed("smtpd_sasl_exceptions_networks"),
        )


def limits_clients(settings: Settings) -> bool:
    """Whether a service limits what one client may do."""
    return any(
        (
            settings.smtpd_client_auth_rate_limit,
            settings.smtpd_client_connection_count_limit,
            settings.smtpd_client_connection_rate_limit,
            settings.smtpd_client_message_rate_limit,
            settings.smtpd_client_new_tls_session_rate_limit,
            settings.smtpd_client_recipient_rate_limit,
        )
    )


@dataclass(frozen=True, slots=True)
class ServiceSnapshot:
    """One smtpd service as it is configured.

    `name` is the service's in master.cf, for log lines and limits. `due` are the stages at which `decide` can come to
    anything. `tls` is None where TLS is not wanted, or where its
    certificates are of no use; `mode` tells which. `sasl` is None where AUTH is not enabled.
    """

    name: str
    settings: Settings
    own: OwnAddresses
    decide: Decide
    due: frozenset[Stage]
    mode: ServerTlsMode
    lists: SessionLists
    tls: ServerTls | None = None
    sasl: SaslServer | None = None
    limits_clients: bool = True
    """Whether a client may do something only so often (`smtpd_client_*_limit`)."""


class FindPeer(Protocol):
    """Looks up a client's names and confirms them; the event, if any, is for the log."""

    async def __call__(self, address: str, port: str) -> tuple[Peer, Event | None]:
        """Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Resources:
    """What the sessions of a worker share.

    `oracle` makes one for a mail transaction: one version of each table. `number` gives the number under which a
    session is logged. `free_space` is what the queue may still take, in bytes. `flush` starts delivery to a domain
    (ETRN) and tells whether that worked. `now` is the time in seconds since the epoch.
    """

    logger: Logger
    oracle: Callable[[Emit], Oracle]
    find_peer: FindPeer
    intake: Intake
    limits: ClientLimits
    number: Callable[[], int]
    free_space: Callable[[], int]
    flush: Callable[[str], Awaitable[bool]]
    now: Callable[[], float]
