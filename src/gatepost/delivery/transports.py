"""The agents of a configuration: one for each unix entry of master.cf whose command delivers mail."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gatepost.config.own import OwnAddresses
from gatepost.config.services import Service
from gatepost.delivery.rules import ClientRules
from gatepost.delivery.simple import SimpleAgent, Verdict
from gatepost.delivery.smtp import SmtpAgent
from gatepost.delivery.surroundings import Surroundings
from gatepost.mail.delivery import Agent, Transport
from gatepost.maillog import Logger
from gatepost.oracle import Oracle
from gatepost.smtp.client_values import Dialect
from gatepost.tls.context import ClientTls, TlsUnavailable

RETRY = "retry"
"""The service whose errors are temporary (master.cf has it as `retry unix … error`)."""


@dataclass(frozen=True, slots=True)
class World:
    """What the agents together need. `oracle` makes one consistent view of tables and DNS for each delivery."""

    oracle: Callable[[], Oracle]
    logger: Logger
    own: OwnAddresses


def build_transports(services: Iterable[Service], world: World) -> dict[str, Agent]:
    """The agents by transport name. Raises ConfigurationError for values that are none."""
    agents: dict[str, Agent] = {}
    for service in services:
        make = _MAKERS.get(service.command)
        if service.type == "unix" and make is not None:
            syslog_name = service.settings.text("syslog_name") or None
            agents[service.name] = Agent(make(service, world), service.command, syslog_name)
    return agents


def _surroundings(service: Service, world: World) -> Surroundings:
    syslog_name = service.settings.text("syslog_name") or None
    return Surroundings(world.oracle, lambda number: world.logger.bind(service.command, number, syslog_name), world.own)


def _client(service: Service, world: World) -> Transport:
    dialect = Dialect(service.command)
    surroundings = _surroundings(service, world)
    try:
        tls = ClientTls.build(service.settings, prefix=dialect.value)
    except TlsUnavailable as unavailable:
        emit = surroundings.emit(0)
        for event in unavailable.events:
            emit(event)
        tls = None
    return SmtpAgent(ClientRules.read(service.settings, dialect), surroundings, tls)


def _error(service: Service, _: World) -> Transport:
    return SimpleAgent(Verdict.RETRY if service.name == RETRY else Verdict.ERROR)


def _discard(_: Service, __: World) -> Transport:
    return SimpleAgent(Verdict.DISCARD)


_MAKERS: dict[str, Callable[[Service, World], Transport]] = {
    "smtp": _client,
    "lmtp": _client,
    "error": _error,
    "discard": _discard,
}
