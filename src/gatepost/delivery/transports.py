"""The agents of a configuration: one for each unix entry of master.cf whose command delivers mail."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from gatepost.config.own import OwnAddresses
from gatepost.config.services import Service
from gatepost.delivery.deposit import Mailboxes
from gatepost.delivery.local import LocalAgent, LocalMeans
from gatepost.delivery.localrules import LocalRules
from gatepost.delivery.rules import ClientRules
from gatepost.delivery.simple import SimpleAgent, Verdict
from gatepost.delivery.smtp import SmtpAgent
from gatepost.delivery.surroundings import Surroundings
from gatepost.delivery.virtual import VirtualAgent, VirtualRules
from gatepost.mail.delivery import Agent, Transport
from gatepost.maillog import Logger
from gatepost.oracle import Oracle
from gatepost.routing.aliases import Aliases
from gatepost.routing.router import Router
from gatepost.smtp.client_values import Dialect
from gatepost.tls.chains import Read, read_file
from gatepost.tls.client import ClientTls
from gatepost.tls.context import TlsUnavailable

RETRY = "retry"
"""The service whose errors are temporary (master.cf has it as `retry unix … error`)."""


@dataclass(frozen=True, slots=True)
class World:
    """What the agents together need.

    `oracle` makes one consistent view of tables and DNS for each delivery; `read` gives certificates and keys.
    """

    oracle: Callable[[], Oracle]
    logger: Logger
    own: OwnAddresses
    router: Router
    mailboxes: Mailboxes
    read: Read = read_file


@dataclass(frozen=True, slots=True)
class _Workshop:
    """Where one service's agent is made; `agents` are all that there will be."""

    service: Service
    world: World
    agents: dict[str, Agent]

    @property
    def syslog_name(self) -> str | None:
        """What the service signs its log lines with."""
        return self.service.settings.text("syslog_name") or None

    def surroundings(self) -> Surroundings:
        """The world of this agent."""
        logger, process, syslog_name = self.world.logger, self.service.command, self.syslog_name
        return Surroundings(self.world.oracle, lambda number: logger.bind(process, number, syslog_name), self.world.own)


def build_transports(services: Iterable[Service], world: World) -> dict[str, Agent]:
    """The agents by transport name. Raises ConfigurationError for values that are none."""
    agents: dict[str, Agent] = {}
    for service in services:
        make = _MAKERS.get(service.command)
        if service.type == "unix" and make is not None:
            workshop = _Workshop(service, world, agents)
            transport = make(workshop)
            agent = Agent(transport, service.command, workshop.syslog_name)
            agents[service.name] = replace(agent, close=transport.close) if isinstance(transport, SmtpAgent) else agent
    return agents


def _client(workshop: _Workshop) -> Transport:
    settings, dialect = workshop.service.settings, Dialect(workshop.service.command)
    surroundings = workshop.surroundings()
    tls = None
    try:
        tls = ClientTls.build(settings, prefix=dialect.value, read=workshop.world.read)
    except TlsUnavailable as unavailable:
        emit = surroundings.emit(0)
        for event in unavailable.events:
            emit(event)
    return SmtpAgent(ClientRules.read(settings, dialect), surroundings, tls, workshop.agents)


def _local(workshop: _Workshop) -> Transport:
    settings, world = workshop.service.settings, workshop.world
    means = LocalMeans(Aliases(settings, world.router), world.mailboxes, workshop.agents)
    return LocalAgent(LocalRules.read(settings), workshop.surroundings(), means)


def _virtual(workshop: _Workshop) -> Transport:
    rules = VirtualRules.read(workshop.service.settings)
    return VirtualAgent(rules, workshop.surroundings(), workshop.world.router.search, workshop.world.mailboxes)


def _error(workshop: _Workshop) -> Transport:
    return SimpleAgent(Verdict.RETRY if workshop.service.name == RETRY else Verdict.ERROR)


def _discard(_: _Workshop) -> Transport:
    return SimpleAgent(Verdict.DISCARD)


_MAKERS: dict[str, Callable[[_Workshop], Transport]] = {
    "smtp": _client,
    "lmtp": _client,
    "local": _local,
    "virtual": _virtual,
    "error": _error,
    "discard": _discard,
}
