"""One configuration at work: its tables, routes, services and agents, built whole before anything of it is in force.

The rules:

1. Building raises ConfigurationError and changes nothing; what runs goes on with the generation before.
2. Tables belong to a generation. A session that began with an older one asks the newest tables: what a table says
   is not configuration.
3. What must outlive a reload (resolver, login backends, store) is in `Lasting`.
"""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from gatepost.config.findings import ConfigurationError, errors
from gatepost.config.load import Configuration
from gatepost.config.services import Service
from gatepost.config.settings import Settings
from gatepost.delivery.deposit import Mailboxes
from gatepost.delivery.sts import StsPolicies
from gatepost.delivery.tlsreports import TlsReports
from gatepost.delivery.transports import World, build_transports
from gatepost.delivery.webfetch import WebFetcher
from gatepost.delivery.writers import UserRights
from gatepost.dns.resolver import Resolver
from gatepost.mail.delivery import Agent
from gatepost.mail.events import Emit
from gatepost.maillog import Logger
from gatepost.oracle import LookupFailed, Oracle
from gatepost.policy.compile import compile_program
from gatepost.policy.engine import decide
from gatepost.routing.router import Router
from gatepost.server.instance import Instance
from gatepost.server.logins import LoginBackends
from gatepost.server.oracle import LiveOracle
from gatepost.server.reload import HandedFiles
from gatepost.server.snapshot import ServiceSnapshot, SessionLists, limits_clients
from gatepost.tables.view import Tables, TableView
from gatepost.tls.context import ServerTls, TlsUnavailable
from gatepost.tls.modes import server_tls_mode
from gatepost.tls.policy import PolicySource
from gatepost.tls.sni import LookUp

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Lasting:
    """What outlives a reload."""

    logger: Logger
    resolver: Resolver
    logins: LoginBackends
    number: int
    rights: UserRights


@dataclass(frozen=True, slots=True)
class Generation:
    """A configuration, ready to serve. `snapshots` is by the name of the service in master.cf."""

    configuration: Configuration
    tables: Tables
    router: Router
    snapshots: dict[str, ServiceSnapshot]
    agents: dict[str, Agent]
    oracle: Callable[[Emit], Oracle]
    web: WebFetcher

    def close(self) -> None:
        """Let go of what agents keep between deliveries."""
        for agent in self.agents.values():
            agent.close()
        self.web.close()


async def build(configuration: Configuration, files: HandedFiles, lasting: Lasting) -> Generation:
    """Build everything. Raises ConfigurationError."""
    settings, own = configuration.settings, configuration.own
    emit = lasting.logger.bind("smtpd", lasting.number)
    tables = Tables(settings, emit, files)

    def oracle(log: Emit) -> Oracle:
        return LiveOracle(tables.view(log), lasting.resolver, log)

    router = Router(settings, own, lasting.logger.bind("trivial-rewrite", lasting.number))
    snapshots = {
        service.name: await _snapshot(service, configuration, tables, files, lasting)
        for service in configuration.services
        if service.type == "inet" and service.command == "smtpd"
    }
    delivery = functools.partial(oracle, lasting.logger.bind("qmgr", lasting.number))
    mailboxes = Mailboxes(lasting.rights, time.time, f"{settings.queue_directory}/gatepost")
    instance, web, log = Instance.of(settings), WebFetcher(), lasting.logger.bind("qmgr", lasting.number)
    reports = TlsReports(instance.tls_reports, log) if settings.gatepost_tls_reports else None
    sts = None
    if settings.gatepost_mta_sts:
        sts = StsPolicies(instance.sts_policies, web.fetch, tell=functools.partial(_tell_of_policy, reports))
    world = World(
        delivery, lasting.logger, own, router, mailboxes, lasting.rights, os.environ, files.content, sts, reports
    )
    agents = build_transports(configuration.services, world)
    return Generation(configuration, tables, router, snapshots, agents, oracle, web)


def _tell_of_policy(reports: TlsReports | None, domain: str, result: str) -> None:
    """Count an MTA-STS policy that could not be had."""
    if reports is not None:
        reports.fault(PolicySource("sts", domain), result)


async def _snapshot(
    service: Service, configuration: Configuration, tables: Tables, files: HandedFiles, lasting: Lasting
) -> ServiceSnapshot:
    settings, own = service.settings, configuration.own
    emit = lasting.logger.bind("smtpd", lasting.number, settings.syslog_name)
    program, findings = compile_program(settings, own)
    if errors(findings):
        raise ConfigurationError(findings)
    oracle = LiveOracle(tables.view(emit), lasting.resolver, emit)
    await _warm(settings.tls_server_sni_maps, oracle)
    return ServiceSnapshot(
        name=service.name,
        settings=settings,
        own=own,
        decide=functools.partial(decide, program),
        due=program.due,
        mode=server_tls_mode(settings),
        lists=SessionLists.of(settings),
        tls=_server_tls(settings, tables, files, emit),
        sasl=await lasting.logins.server(settings, oracle, files.content),
        limits_clients=limits_clients(settings),
    )


async def _warm(maps: Iterable[str], oracle: Oracle) -> None:
    """Have the tables read before the first handshake asks them, which cannot wait."""
    for table in maps:
        with suppress(LookupFailed):  # said again, and logged, when it matters
            await oracle.lookup(table, "localhost")


def _server_tls(settings: Settings, tables: Tables, files: HandedFiles, emit: Emit) -> ServerTls | None:
    """The service's TLS; None where it is not wanted, or cannot be had, which is logged."""
    if not server_tls_mode(settings).used:
        return None
    maps = settings.tls_server_sni_maps
    look_up: LookUp | None = functools.partial(_server_name, tuple(maps), tables, emit) if maps else None
    try:
        return ServerTls.build(settings, emit, read=files.content, look_up=look_up)
    except TlsUnavailable as unavailable:
        for event in unavailable.events:
            emit(event)
        return None


def _server_name(maps: tuple[str, ...], tables: Tables, emit: Emit, key: str) -> tuple[str, str] | None:
    """Ask the server name maps from inside a handshake, where nothing can be awaited.

    Tables in files answer without waiting; one that waits (a network table) cannot be used here, and fails.
    """
    view: TableView = tables.view(emit)
    for table in maps:
        value = _at_once(view.lookup(table, key), table, key)
        if value is not None:
            return value, table
    return None


def _at_once(asked: Coroutine[object, object, _T], table: str, key: str) -> _T:
    try:
        asked.send(None)
    except StopIteration as answer:
        value: _T = answer.value
        return value
    asked.close()
    raise LookupFailed(table, key, "the table cannot be asked during a handshake")
