"""The wiring: how the parts of the server are put together in a worker. Read here to see what talks to what.

The rules:

1. What lower rows may not import of one another is handed in here: transports and routes to the runner, the runner to
   the intake, the intake to sessions, reports and the drop.
2. A reload builds a whole new generation first. Only when nothing can fail any more it takes the place of the old one.
3. At most `SNAPSHOTS` generations are in use; sessions of an older one are asked to end (421).
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from gatepost.config.load import Configuration
from gatepost.delivery.writers import MailboxWriter
from gatepost.dns.lookups import confirmed_name
from gatepost.dns.resolver import Resolver
from gatepost.mail.envelope import Envelope, Recipient
from gatepost.mail.events import Emit, Event, Failed
from gatepost.mail.peer import Peer
from gatepost.maillog import Logger
from gatepost.oracle import Oracle
from gatepost.queue.administration import Administration
from gatepost.queue.cleanup import Cleanup
from gatepost.queue.control import ControlServer
from gatepost.queue.embedded import open_store
from gatepost.queue.intake import Intake
from gatepost.queue.plan import Plan
from gatepost.queue.record import ReportOrder, StoredMessage
from gatepost.queue.rules import QueueRules
from gatepost.queue.runner import Runner
from gatepost.queue.spool import Spool
from gatepost.queue.store import OwnerLost
from gatepost.routing.router import Route
from gatepost.server.drop import Incoming, Receipt, Request, open_drop, serve_drop
from gatepost.server.generation import Generation, Lasting, build
from gatepost.server.instance import Instance
from gatepost.server.limits import ClientLimits
from gatepost.server.listen import Listener
from gatepost.server.logins import LoginBackends
from gatepost.server.logsink import LogSink
from gatepost.server.pickup import Desk, begin
from gatepost.server.reload import HandedFiles
from gatepost.server.reporting import ReportOffice
from gatepost.server.snapshot import Resources
from gatepost.server.sockets import Endpoint, served

SNAPSHOTS = 3
"""Generations that may be in use at a time."""

NUMBERS = 1_000_000
"""Log numbers of a worker before those of the next one begin: the number in brackets identifies a session or delivery
among all of them."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a worker gets from its supervisor besides configuration and sockets."""

    sink: LogSink
    slot: int
    workers: int
    limits: int  # descriptor of the shared table of client limits
    mailboxes: MailboxWriter


class Live:
    """The running parts of one worker."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._logger = Logger(surroundings.sink)
        self._numbers = itertools.count(surroundings.slot * NUMBERS + os.getpid() % NUMBERS)
        number = next(self._numbers)
        self._emit: Emit = self._logger.bind("qmgr", number)
        self._lasting = Lasting(self._logger, Resolver(), LoginBackends(), number, surroundings.mailboxes)
        self._listeners: dict[Endpoint, Listener] = {}
        self._generations: list[Generation] = []
        self._drop: asyncio.Server | None = None
        self._delivering: asyncio.Task[None] | None = None
        self.failed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Done, with the reason, when the worker cannot go on and is to be replaced."""

    async def start(
        self, configuration: Configuration, listeners: Mapping[Endpoint, socket.socket], files: HandedFiles
    ) -> None:
        """Open the queue, then the doors. Raises ConfigurationError, StoreError, OSError."""
        generation = await build(configuration, files, self._lasting)
        settings = configuration.settings
        slot = Spool(Path(settings.queue_directory)).slot(self._surroundings.slot)
        slot.create()
        self._store = open_store(slot, long_ids=settings.enable_long_queue_ids)
        self._runner = Runner(
            self._store, self._plan(generation), self._logger, number=next(self._numbers) + NUMBERS // 2
        )
        cleanup_log = self._logger.bind("cleanup", self._lasting.number)
        self._intake = Intake(self._store, self._make_cleanup(generation), cleanup_log, self._runner.submit, time.time)
        self._generations.append(generation)
        self._runner.adopt(self._plan(generation))
        postsuper = self._logger.bind("postsuper", self._lasting.number)
        self._control = ControlServer(slot.control, Administration(self._store, self._runner, postsuper))
        await self._control.start()
        self._limits = ClientLimits(
            self._surroundings.limits,
            self._surroundings.workers,
            self._surroundings.slot,
            settings.anvil_rate_time_unit.total_seconds(),
        )
        self._resources = self._make_resources()
        self._delivering = asyncio.get_running_loop().create_task(self._deliver())
        await self._open(generation, listeners)
        if self._surroundings.slot == 0:
            await self._open_drop(Instance.of(settings))

    async def reload(
        self, configuration: Configuration, listeners: Mapping[Endpoint, socket.socket], files: HandedFiles
    ) -> None:
        """Go on with another configuration. Raises ConfigurationError, with nothing changed."""
        generation = await build(configuration, files, self._lasting)
        plan = self._plan(generation)
        self._generations.append(generation)
        self._intake.adopt(self._make_cleanup(generation))
        self._runner.adopt(plan)
        for endpoint in [endpoint for endpoint in self._listeners if endpoint not in listeners]:
            gone = self._listeners.pop(endpoint)
            gone.close()
            gone.retire()
        await self._open(generation, listeners)
        self._retire_oldest()

    async def stop(self, grace: float) -> None:
        """Close the doors, finish what has begun within `grace` seconds, and let the queue go."""
        if self._drop is not None:
            self._drop.close()
        await asyncio.gather(*(listener.stop(grace) for listener in self._listeners.values()))
        await self._runner.stop(grace)
        if self._delivering is not None:
            with suppress(asyncio.CancelledError, OwnerLost):
                await self._delivering
        await self._control.close()
        await self._lasting.logins.close()
        await self._store.close()

    # Parts

    def _plan(self, generation: Generation) -> Plan:
        settings = generation.configuration.settings
        log = self._logger.bind("qmgr", self._lasting.number)
        router = generation.router
        processes = {
            service.name: settings.default_process_limit if service.entry.maxproc is None else service.entry.maxproc
            for service in generation.configuration.services
            if service.type == "unix"
        }

        async def resolve(address: str, sender: str) -> Route:
            return await router.resolve(address, generation.oracle(log), sender=sender)

        async def expand(envelope: Envelope) -> tuple[Recipient, ...]:
            return await router.expand(envelope.recipients, generation.oracle(log))

        async def report(order: ReportOrder) -> StoredMessage | None:
            return await self._intake.reporting(ReportOffice(settings).write)(order)

        return Plan(generation.agents, QueueRules.of(settings, processes), resolve, expand, report)

    def _make_cleanup(self, generation: Generation) -> Cleanup:
        log = self._logger.bind("cleanup", self._lasting.number)
        service = generation.configuration.service("cleanup")
        settings = service.settings if service else generation.configuration.settings
        return Cleanup(settings, generation.router, functools.partial(generation.oracle, log), log)

    def _make_resources(self) -> Resources:
        return Resources(
            logger=self._logger,
            oracle=self._oracle,
            find_peer=self._find_peer,
            intake=self._intake,
            limits=self._limits,
            number=lambda: next(self._numbers),
            free_space=self._store.free_space,
            flush=self._flush,
            now=time.time,
        )

    def _oracle(self, emit: Emit) -> Oracle:
        """The newest tables, whichever generation a session began with."""
        return self._generations[-1].oracle(emit)

    async def _open(self, generation: Generation, listeners: Mapping[Endpoint, socket.socket]) -> None:
        """Give every listener its snapshot; open those that are new."""
        for service, endpoint in served(generation.configuration):
            snapshot = generation.snapshots.get(service.name)
            if snapshot is None:
                continue
            if endpoint in self._listeners:
                self._listeners[endpoint].snapshot = snapshot
                if endpoint in listeners and generation is not self._generations[0]:
                    listeners[endpoint].close()  # a second descriptor of the socket that is already served
                continue
            listener = self._listeners[endpoint] = Listener(snapshot, self._resources)
            await listener.open(listeners[endpoint])

    async def _open_drop(self, instance: Instance) -> None:
        log = self._logger.bind("pickup", self._lasting.number)

        def accept(request: Request, uid: int) -> Incoming | Receipt:
            settings = self._generations[-1].configuration.settings
            return begin(request, uid, Desk(self._intake, log, settings, time.time))

        self._drop = await serve_drop(open_drop(instance.drop_socket), accept)

    def _retire_oldest(self) -> None:
        """Keep no more than `SNAPSHOTS` generations."""
        while len(self._generations) > SNAPSHOTS:
            oldest = self._generations.pop(0)
            for listener in self._listeners.values():
                for snapshot in oldest.snapshots.values():
                    listener.retire(snapshot)

    async def _deliver(self) -> None:
        try:
            await self._runner.run()
        except OwnerLost as error:
            self._emit(Failed(str(error)))
            if not self.failed.done():
                self.failed.set_result(str(error))

    async def _find_peer(self, address: str, port: str) -> tuple[Peer, Event | None]:
        peer, events = await confirmed_name(self._lasting.resolver, address)
        return replace(peer, port=port), events[0] if events else None

    async def _flush(self, domain: str) -> bool:
        await self._runner.flush(domain)
        return True
