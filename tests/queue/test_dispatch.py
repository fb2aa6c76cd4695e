"""From recipients to deliveries; test_runner shows the whole, here is what it costs."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence

import pytest

from gatepost.mail.delivery import Agent, Job, Result
from gatepost.mail.envelope import Envelope, Recipient
from gatepost.mail.events import Event
from gatepost.maillog import Logger, text
from gatepost.queue.active import ActiveMessage
from gatepost.queue.body import MemoryBody
from gatepost.queue.dispatch import Dispatcher
from gatepost.queue.hands import Clocks, Hands
from gatepost.queue.record import Limits, Row, StoredMessage
from gatepost.queue.recording import Recorder
from gatepost.queue.rules import QueueRules
from tests.fakes.clock import run
from tests.fakes.plan import make_plan
from tests.fakes.store import FakeStore
from tests.fakes.transport import FakeTransport, sent


class Desk:
    """A dispatcher with everything around it; it counts the tasks that are made."""

    def __init__(self, rules: QueueRules) -> None:
        self.store, self.transport, self.lines = FakeStore(), FakeTransport(), list[str]()
        plan = make_plan({"smtp": Agent(self.transport, "smtp")}, rules)
        self.hands = Hands(self.store, plan, Logger(self.log), number=0, clocks=Clocks(lambda: 5.0, lambda: 5.0))
        self.dispatcher = Dispatcher(self.hands, Recorder(self.hands, 0, lambda _: None))
        self.tasks = 0
        spawn = self.hands.spawn

        def counted(work: Coroutine[None, None, None], active: ActiveMessage) -> None:
            self.tasks += 1
            spawn(work, active)

        self.hands.spawn = counted  # type: ignore[method-assign]  # the real one, counted

    def log(self, _tag: str, _number: int, event: Event) -> None:
        self.lines.append(text(event))

    async def deliver(self, messages: Sequence[Sequence[str]]) -> None:
        self.transport.gate = asyncio.Event()
        for addresses in messages:
            self.begin(await self.accept(addresses))
        for _ in range(20):
            await asyncio.sleep(0)
        self.transport.gate.set()
        while self.hands._tasks:
            await asyncio.wait(self.hands._tasks)

    async def accept(self, addresses: Sequence[str]) -> StoredMessage:
        rows = tuple(Row(number, Recipient(one, one)) for number, one in enumerate(addresses, 1))
        identity = self.store.identify(1.0)
        message = StoredMessage(identity, Envelope("s@b.example", ()), rows, MemoryBody(b""), 1.0, 1.0, 1.0)
        await self.store.commit(message)
        return message

    def begin(self, message: StoredMessage) -> None:
        active = self.hands.take(message)
        self.hands.spawn(self.dispatcher.begin(active), active)


@pytest.mark.parametrize(
    ("messages", "tasks"),
    [
        ([["a@smtp.example"]], 1),
        ([["a@smtp.example", "b@smtp.example"]], 1),
        ([["a@smtp.example", "b@smtp.test"]], 2),
        ([["a@smtp.example"]] * 10, 20 - 5),  # five begin at once, five wait for their turn
        ([["a@nowhere.example"]], 1),
    ],
)
def test_a_message_has_a_task_and_another_where_it_has_to_wait(messages: list[list[str]], tasks: int) -> None:
    desk = Desk(QueueRules())
    asyncio.run(desk.deliver(messages))
    assert desk.tasks == tasks


def test_many_recipients_do_not_cost_more_each() -> None:
    desk = Desk(QueueRules(limits={"smtp": Limits(recipients=50)}))
    asyncio.run(desk.deliver([[f"{number}@smtp.example" for number in range(5000)]]))
    assert len(desk.transport.jobs) == 100
    assert len(desk.transport.addresses) == 5000
    assert desk.lines[-1].endswith(": removed")
    assert sum(len(settlement.changed) for settlement in desk.store.settlements) == 0
    assert sum(len(settlement.removed) for settlement in desk.store.settlements) == 5000


def test_what_rests_goes_on_by_itself() -> None:
    """Three messages for a destination that gets one each ten seconds."""
    times: list[float] = []

    async def use() -> None:
        loop = asyncio.get_running_loop()
        desk = Desk(QueueRules(limits={"smtp": Limits(rate_delay=10.0)}))
        desk.hands.timer = loop.time
        begun = loop.time()

        def answer(job: Job) -> list[Result]:
            times.append(round(loop.time() - begun, 1))
            return sent(job)

        desk.transport.answer = answer
        for _ in range(3):
            message = await desk.accept(["a@smtp.example"])
            desk.begin(message)
        await asyncio.sleep(60)
        assert desk.store.messages == {}

    run(use())
    assert times == [0.0, 10.0, 20.0]
