"""One slot of the queue at work: its store, who delivers from it, who takes messages into it, who administers it.

A worker holds its own slot. The first worker holds those besides for which there is no worker any more, because there
are fewer than before: their messages are delivered from where they are, and nothing new comes in.
"""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Callable
from contextlib import suppress

from gatepost.mail.delivery import Forwarding
from gatepost.mail.envelope import Envelope, Recipient
from gatepost.mail.events import Failed, Warned
from gatepost.mail.reply import Reply
from gatepost.maillog import Logger
from gatepost.queue.administration import Administration
from gatepost.queue.cleanup import Cleanup
from gatepost.queue.control import ControlServer
from gatepost.queue.embedded import open_store
from gatepost.queue.intake import Intake
from gatepost.queue.plan import Plan
from gatepost.queue.record import ReportOrder, StoredMessage
from gatepost.queue.rules import QueueRules
from gatepost.queue.runner import Runner
from gatepost.queue.salvage import Salvager
from gatepost.queue.spool import Slot
from gatepost.queue.store import OwnerLost
from gatepost.routing.router import Route
from gatepost.server.generation import Generation
from gatepost.server.reporting import ReportOffice

DELIVERIES = 500_000
"""Log numbers between those of sessions and those of deliveries."""


class Holding:
    """A slot that this process owns. Making one raises SlotBusy, StoreFull, StoreFailed or OSError.

    `number` is its log number; `lost` is told when somebody else owns the slot. The limits of deliveries are shared
    among `workers`.
    """

    def __init__(
        self,
        slot: Slot,
        generation: Generation,
        logger: Logger,
        number: int,
        lost: Callable[[str], None],
        workers: int = 1,
    ) -> None:
        settings = generation.configuration.settings
        slot.create()
        self._logger = logger
        self._number = number
        self._lost = lost
        self._workers = workers
        self.store = open_store(slot, long_ids=settings.enable_long_queue_ids)
        self.store.damaged = self._end_with_damage
        plan = self._plan(generation)
        self.runner = Runner(self.store, plan, logger, number=number + DELIVERIES)
        cleanup_log = logger.bind("cleanup", number)
        self.intake = Intake(self.store, self._cleanup(generation), cleanup_log, self.runner.submit, time.time)
        administration = Administration(self.store, self.runner, logger.bind("postsuper", number), slot.folder.parent)
        self._control = ControlServer(slot.control, administration)
        self._log = logger.bind("qmgr", number)
        self._salvager = Salvager(self.store, slot, self.runner.submit, self._log)
        self._loop = asyncio.get_running_loop()
        self._delivering: asyncio.Task[None] | None = None
        self._salvaging: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to deliver, and to answer `gatepost queue`. Raises OSError."""
        await self._control.start()
        if self.store.finding:
            where = self.store.slot.folder
            self._log(Warned(f"{where}: the database was damaged, and has been set aside: {self.store.finding}"))
        self._delivering = self._loop.create_task(self._deliver())
        self._salvaging = self._loop.create_task(self._salvager.run())

    def adopt(self, generation: Generation) -> None:
        """Go on with another configuration."""
        self.intake.adopt(self._cleanup(generation))
        self.runner.adopt(self._plan(generation))

    async def stop(self, grace: float) -> None:
        """Finish deliveries within `grace` seconds, and give the slot up."""
        await self.runner.stop(grace)
        self._salvager.stop()
        for task in (self._delivering, self._salvaging):
            if task is not None:
                with suppress(OwnerLost):
                    await task
        await self._control.close()
        await self.store.close()

    async def _deliver(self) -> None:
        try:
            await self.runner.run()
        except OwnerLost as error:
            self._log(Failed(str(error)))
            self._lost(str(error))
            raise

    def _end_with_damage(self, reason: str) -> None:
        """The database is damaged: end, and let the next owner begin anew. Called in any thread."""
        self._loop.call_soon_threadsafe(self._lost, reason)

    def _cleanup(self, generation: Generation) -> Cleanup:
        log = self._logger.bind("cleanup", self._number)
        service = generation.configuration.service("cleanup")
        settings = service.settings if service else generation.configuration.settings
        return Cleanup(settings, generation.router, functools.partial(generation.oracle, log), log)

    def _plan(self, generation: Generation) -> Plan:
        settings = generation.configuration.settings
        log = self._logger.bind("qmgr", self._number)
        router = generation.router
        processes = {
            service.name: settings.default_process_limit if service.entry.maxproc is None else service.entry.maxproc
            for service in generation.configuration.services
            if service.type == "unix"
        }

        async def resolve(address: str, sender: str) -> Route:
            return await router.resolve(address, generation.oracle(log), sender=sender)

        async def expand(envelope: Envelope) -> tuple[Recipient, ...]:
            return (await router.expand(envelope.recipients, generation.oracle(log))).recipients

        office = ReportOffice(settings)

        async def report(order: ReportOrder) -> StoredMessage | None:
            return await self.intake.reporting(office.write)(order)

        async def forward(message: StoredMessage, forwarding: Forwarding) -> StoredMessage | Reply:
            return await self.intake.forward(message, forwarding)

        return Plan(
            generation.agents, QueueRules.of(settings, processes, self._workers), resolve, expand, report, forward
        )
