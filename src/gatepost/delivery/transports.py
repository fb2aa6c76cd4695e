"""The agents of a configuration: one for each unix entry of master.cf whose command delivers mail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from gatepost.config.own import OwnAddresses
from gatepost.config.services import Service
from gatepost.config.settings import PARAMETERS, Settings
from gatepost.delivery.deposit import Mailboxes
from gatepost.delivery.environment import Exported
from gatepost.delivery.forward import Forwards
from gatepost.delivery.include import Includes
from gatepost.delivery.local import LocalAgent
from gatepost.delivery.localcommand import LocalCommands
from gatepost.delivery.localmeans import LocalMeans
from gatepost.delivery.localrules import LocalRules, command_rules, forward_rules
from gatepost.delivery.pipe import PipeAgent, PipeRules
from gatepost.delivery.pipeattributes import BadAttribute, PipeAttributes
from gatepost.delivery.rules import ClientRules
from gatepost.delivery.simple import SimpleAgent, Verdict
from gatepost.delivery.smtp import SmtpAgent
from gatepost.delivery.statusfilter import Filtered
from gatepost.delivery.sts import StsPolicies
from gatepost.delivery.surroundings import Surroundings
from gatepost.delivery.tlsreports import TlsReports
from gatepost.delivery.virtual import VirtualAgent, VirtualRules
from gatepost.delivery.writers import UserRights
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

    `oracle` makes one consistent view of tables and DNS for each delivery; `read` gives certificates and keys. `rights`
    does what needs a user's rights; `environment` is that of this process. `sts` and `reports` are what is known and
    told of other domains' TLS.
    """

    oracle: Callable[[], Oracle]
    logger: Logger
    own: OwnAddresses
    router: Router
    mailboxes: Mailboxes
    rights: UserRights
    environment: Mapping[str, str] = field(default_factory=dict)
    read: Read = read_file
    sts: StsPolicies | None = None
    reports: TlsReports | None = None


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
        return Surroundings(
            self.world.oracle,
            lambda number: logger.bind(process, number, syslog_name),
            self.world.own,
            self.world.sts,
            self.world.reports,
        )


def build_transports(services: Iterable[Service], world: World) -> dict[str, Agent]:
    """The agents by transport name. Raises ConfigurationError for values that are none."""
    agents: dict[str, Agent] = {}
    for service in services:
        make = _MAKERS.get(service.command)
        if service.type == "unix" and make is not None:
            workshop = _Workshop(service, world, agents)
            transport = make(workshop)
            agent = Agent(_filtered(workshop, transport), service.command, workshop.syslog_name)
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
    name, rights, mailboxes = workshop.service.name, world.rights, world.mailboxes
    aliases = Aliases(settings, world.router, name)
    limit = settings.command_time_limit.total_seconds()
    means = LocalMeans(
        aliases,
        Includes(aliases, rights),
        Forwards(forward_rules(settings), rights),
        LocalCommands(command_rules(settings, limit, world.environment), rights, mailboxes),
        mailboxes,
        workshop.agents,
    )
    return LocalAgent(LocalRules.read(settings, name), workshop.surroundings(), means)


def _pipe(workshop: _Workshop) -> Transport:
    service, world = workshop.service, workshop.world
    settings = service.settings
    rules = PipeRules(
        service.name,
        time_limit=settings.for_transport(Settings.command_time_limit, service.name).total_seconds(),
        owner=settings.mail_owner,
        delimiters=settings.recipient_delimiter,
        start=settings.queue_directory,
        exported=Exported.of(settings, world.environment),
    )
    try:
        rules = replace(rules, attributes=PipeAttributes.parse(service.args))
    except BadAttribute as error:
        rules = replace(rules, fault=f"{service.name}: {error}")
    return PipeAgent(rules, workshop.surroundings(), world.rights, world.mailboxes)


def _virtual(workshop: _Workshop) -> Transport:
    rules = VirtualRules.read(workshop.service.settings, workshop.service.name)
    return VirtualAgent(rules, workshop.surroundings(), workshop.world.router.search, workshop.world.mailboxes)


def _filtered(workshop: _Workshop, transport: Transport) -> Transport:
    """The agent with its delivery status filter, if it has one."""
    name = f"{workshop.service.command}_delivery_status_filter"
    tables = workshop.service.settings.words(name if name in PARAMETERS else "default_delivery_status_filter")
    names = tuple(word.text for word in tables)
    return Filtered(transport, names, workshop.surroundings()) if names else transport


def _error(workshop: _Workshop) -> Transport:
    return SimpleAgent(Verdict.RETRY if workshop.service.name == RETRY else Verdict.ERROR)


def _discard(_: _Workshop) -> Transport:
    return SimpleAgent(Verdict.DISCARD)


_MAKERS: dict[str, Callable[[_Workshop], Transport]] = {
    "smtp": _client,
    "lmtp": _client,
    "local": _local,
    "pipe": _pipe,
    "virtual": _virtual,
    "error": _error,
    "discard": _discard,
}
