"""The wiring: how the parts of the server are put together in a worker. Read here to see what talks to what.

The rules:

1. What lower rows may not import of one another is handed in here: transports and routes to the runner, the runner to
   the intake, the intake to sessions, reports and the drop.
2. A reload builds a whole new generation first. Only when nothing can fail any more it takes the place of the old one.
3. At most `SNAPSHOTS` generations are in use; sessions of an older one are asked to end (421).
"""

from __future__ import annotations

import asyncio
import itertools
import math
import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gatepost.config.load import Configuration
from gatepost.delivery.writers import UserRights
from gatepost.dns.lookups import confirmed_name
from gatepost.dns.resolver import Resolver
from gatepost.mail.events import Emit, Event, Warned
from gatepost.mail.peer import Peer
from gatepost.maillog import Logger
from gatepost.oracle import Oracle
from gatepost.queue.administration import Request as ControlRequest
from gatepost.queue.administration import Verb
from gatepost.queue.control import ask
from gatepost.queue.spool import Spool
from gatepost.queue.store import StoreError
from gatepost.server.drop import Incoming, Receipt, Request, open_drop, serve_drop
from gatepost.server.generation import Generation, Lasting, build
from gatepost.server.holding import Holding
from gatepost.server.instance import Instance
from gatepost.server.limits import ClientLimits
from gatepost.server.listen import Listener
from gatepost.server.logins import LoginBackends
from gatepost.server.logsink import LogSink
from gatepost.server.pickup import Desk, begin
from gatepost.server.reload import HandedFiles
from gatepost.server.snapshot import Resources
from gatepost.server.sockets import Endpoint, served

SNAPSHOTS = 3
"""Generations that may be in use at a time."""

SPACE_AGE = 0.25
"""Seconds for which a look at the free space of the queue is good at MAIL; a message that finds no room is refused all
the same."""

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
    rights: UserRights


def recent(look: Callable[[], int], clock: Callable[[], float], age: float = SPACE_AGE) -> Callable[[], int]:
    """The number that `look` gives, looked at again when it is older than `age` seconds."""
    seen, number = -math.inf, 0

    def found() -> int:
        nonlocal seen, number
        now = clock()
        if now - seen > age:
            seen, number = now, look()
        return number

    return found


class Live:
    """The running parts of one worker."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._logger = Logger(surroundings.sink)
        self._numbers = itertools.count(surroundings.slot * NUMBERS + os.getpid() % NUMBERS)
        number = next(self._numbers)
        self._emit: Emit = self._logger.bind("qmgr", number)
        self._lasting = Lasting(self._logger, Resolver(), LoginBackends(), number, surroundings.rights)
        self._listeners: dict[Endpoint, Listener] = {}
        self._generations: list[Generation] = []
        self._drop: asyncio.Server | None = None
        self._holdings: list[Holding] = []  # our own slot first
        self.failed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Done, with the reason, when the worker cannot go on and is to be replaced."""

    async def start(
        self, configuration: Configuration, listeners: Mapping[Endpoint, socket.socket], files: HandedFiles
    ) -> None:
        """Open the queue, then the doors. Raises ConfigurationError, StoreError, OSError."""
        generation = await build(configuration, files, self._lasting)
        settings = configuration.settings
        self._generations.append(generation)
        await self._hold(Spool(Path(settings.queue_directory)), generation)
        self._limits = ClientLimits(
            self._surroundings.limits,
            self._surroundings.workers,
            self._surroundings.slot,
            settings.anvil_rate_time_unit.total_seconds(),
        )
        self._resources = self._make_resources()
        await self._open(generation, listeners)
        if self._surroundings.slot == 0:
            await self._open_drop(Instance.of(settings))

    async def reload(
        self, configuration: Configuration, listeners: Mapping[Endpoint, socket.socket], files: HandedFiles
    ) -> None:
        """Go on with another configuration. Raises ConfigurationError, with nothing changed."""
        generation = await build(configuration, files, self._lasting)
        for holding in self._holdings:
            holding.adopt(generation)
        self._generations.append(generation)
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
        await asyncio.gather(*(holding.stop(grace) for holding in self._holdings))
        for generation in self._generations:
            generation.close()
        await self._lasting.logins.close()

    # Parts

    async def _hold(self, spool: Spool, generation: Generation) -> None:
        """Own our slot of the queue, and, as the first worker, those that have no worker any more."""
        ours = self._surroundings.slot
        surplus = [number for number in spool.slots() if number >= self._surroundings.workers]
        for number in [ours, *(surplus if ours == 0 else ())]:
            try:
                log = next(self._numbers)
                workers = self._surroundings.workers
                holding = Holding(spool.slot(number), generation, self._logger, log, self._give_up, workers)
            except StoreError as error:
                if number == ours:
                    raise
                self._emit(Warned(f"slot {number} of the queue is not drained: {error}"))
                continue
            self._holdings.append(holding)
            await holding.start()

    def _give_up(self, reason: str) -> None:
        if not self.failed.done():
            self.failed.set_result(reason)

    def _make_resources(self) -> Resources:
        return Resources(
            logger=self._logger,
            oracle=self._oracle,
            find_peer=self._find_peer,
            intake=self._holdings[0].intake,
            limits=self._limits,
            number=lambda: next(self._numbers),
            free_space=recent(self._holdings[0].store.free_space, asyncio.get_running_loop().time),
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
            return begin(request, uid, Desk(self._holdings[0].intake, log, settings, time.time))

        self._drop = await serve_drop(open_drop(instance.drop_socket), accept)

    def _retire_oldest(self) -> None:
        """Keep no more than `SNAPSHOTS` generations."""
        while len(self._generations) > SNAPSHOTS:
            oldest = self._generations.pop(0)
            for listener in self._listeners.values():
                for snapshot in oldest.snapshots.values():
                    listener.retire(snapshot)

    async def _find_peer(self, address: str, port: str) -> tuple[Peer, Event | None]:
        peer, events = await confirmed_name(self._lasting.resolver, address, port)
        return peer, events[0] if events else None

    async def _flush(self, domain: str) -> bool:
        """Have all workers deliver what waits for the domain; whether all could be asked."""
        for holding in self._holdings:
            await holding.runner.flush(domain)
        ours = {holding.store.slot.number for holding in self._holdings}
        spool = Spool(Path(self._generations[-1].configuration.settings.queue_directory))
        others = [spool.slot(number).control for number in spool.slots() if number not in ours]
        return all([await asyncio.to_thread(_asked_to_flush, control, domain) for control in others])


def _asked_to_flush(control: Path, domain: str) -> bool:
    """Ask another worker, who answers on its loop; blocks."""
    try:
        list(ask(control, ControlRequest(Verb.FLUSH, (domain,))))
    except (OSError, StoreError):
        return False
    return True
