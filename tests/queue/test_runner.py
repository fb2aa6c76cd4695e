"""The runner, with a store in memory and agents that do as they are told. Time is a number that a test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import pytest

from gatepost.mail.delivery import Agent, Body, Forwarding, Job, Result, Status
from gatepost.mail.envelope import Envelope, Notify, Recipient
from gatepost.mail.events import Event
from gatepost.mail.reply import Reply
from gatepost.maillog import Logger, text
from gatepost.oracle import LookupFailed
from gatepost.queue.body import MemoryBody
from gatepost.queue.hands import Clocks
from gatepost.queue.plan import Plan
from gatepost.queue.record import (
    Change,
    Damaged,
    Limits,
    MessageState,
    ReportKind,
    ReportOrder,
    Row,
    RowState,
    StoredMessage,
)
from gatepost.queue.retry import RetryPolicy
from gatepost.queue.rules import QueueRules
from gatepost.queue.runner import Runner
from gatepost.queue.store import OwnerLost, StoreFull
from tests.fakes.store import FakeStore
from tests.fakes.transport import FakeTransport, bounced, deferred, sent, unreachable

RULES = QueueRules(RetryPolicy(lifetime=1000, bounce_lifetime=1000), run_delay=3600.0)


@dataclass
class Where:
    """A route: `local part @ transport.domain` goes to that transport."""

    transport: str
    nexthop: str
    recipient: str


@dataclass
class House:
    """A runner with everything around it."""

    rules: QueueRules = RULES
    smtp: FakeTransport = field(default_factory=FakeTransport)
    local: FakeTransport = field(default_factory=FakeTransport)
    store: FakeStore = field(default_factory=FakeStore)
    lines: list[str] = field(default_factory=list)
    orders: list[ReportOrder] = field(default_factory=list)
    now: float = 1000.0
    timer: float = 50.0
    fault: Exception | None = None  # of routing
    report_fault: Exception | None = None
    expanded: tuple[Recipient, ...] = ()
    pauses: list[float] = field(default_factory=list)
    on_pause: Callable[[], None] | None = None

    async def __aenter__(self) -> Self:
        self.runner = Runner(
            self.store,
            self.plan(),
            Logger(self.log, "postfix"),
            clocks=Clocks(lambda: self.now, lambda: self.timer, self.pause),
        )
        self.task = asyncio.create_task(self.runner.run())
        await self.idle()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.runner.stop(0.0)
        await asyncio.gather(self.task, return_exceptions=True)

    def plan(self) -> Plan:
        agents = {"smtp": Agent(self.smtp, "smtp"), "local": Agent(self.local, "local", "postfix/own")}
        return Plan(agents, self.rules, self.resolve, self.expand, self.report, self.forward)

    def log(self, tag: str, _number: int, event: Event) -> None:
        self.lines.append(f"{tag.removeprefix('postfix/')}: {text(event)}")

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        if self.on_pause:
            self.on_pause()
        await asyncio.sleep(0)

    async def resolve(self, address: str, _sender: str) -> Where:
        if self.fault:
            raise self.fault
        domain = address.rpartition("@")[2]
        return Where(domain.partition(".")[0], domain, address)

    async def expand(self, envelope: Envelope) -> Sequence[Recipient]:
        if self.fault:
            raise self.fault
        return self.expanded or envelope.recipients

    async def report(self, order: ReportOrder) -> StoredMessage | None:
        if self.report_fault:
            raise self.report_fault
        self.orders.append(order)
        return self.make(f"{order.message.envelope.sender}", sender="")

    async def forward(self, _message: StoredMessage, forwarding: Forwarding) -> StoredMessage | Reply:
        if forwarding.sender == "refused@smtp.example":
            return Reply.of(554, "5.4.0", "Error: too many hops")
        return self.make(*(one.address for one in forwarding.recipients), sender=forwarding.sender)

    def make(self, *recipients: str, sender: str = "a@smtp.example", notify: Notify = Notify.DEFAULT) -> StoredMessage:
        identity = self.store.identify(self.now)
        rows = tuple(Row(number, Recipient(address, address, notify)) for number, address in enumerate(recipients, 1))
        return StoredMessage(
            identity, Envelope(sender, ()), rows, MemoryBody(b"Subject: x\r\n\r\n"), self.now, self.now, self.now
        )

    async def accept(self, message: StoredMessage) -> StoredMessage:
        await self.store.commit(message)
        self.runner.submit(message)
        await self.idle()
        return message

    async def idle(self) -> None:
        """Let everything happen that can."""
        for _ in range(60):
            await asyncio.sleep(0)

    async def later(self, seconds: float) -> None:
        self.now += seconds
        self.timer += seconds
        self.runner._hands.wake.set()
        await self.idle()

    def only(self) -> StoredMessage:
        (message,) = self.store.messages.values()
        return message


def run(test: Callable[[House], Awaitable[None]], house: House | None = None) -> House:
    made = house or House()

    async def session() -> None:
        async with made:
            await test(made)

    asyncio.run(session())
    return made


def test_a_message_is_delivered_and_forgotten() -> None:
    async def use(house: House) -> None:
        house.now = 1000.5
        message = replace(house.make("x@smtp.example"), arrived=1000.0)
        await house.accept(message)
        assert house.store.messages == {}
        assert house.runner.active == 0
        assert house.smtp.contents == [b"Subject: x\r\n\r\n"]
        (job,) = house.smtp.jobs
        assert (job.queue_id, job.transport, job.nexthop) == (message.queue_id, "smtp", "smtp.example")
        assert job.envelope.recipients == (Recipient("x@smtp.example", "x@smtp.example"),)
        delivered = "relay=mx[192.0.2.9]:25, delay=0.5, delays=0.5/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok)"
        assert house.lines == [
            f"qmgr: {message.queue_id}: from=<a@smtp.example>, size=14, nrcpt=1 (queue active)",
            f"smtp: {message.queue_id}: to=<x@smtp.example>, {delivered}",
            f"qmgr: {message.queue_id}: removed",
        ]

    run(use)


def test_recipients_are_grouped_and_lines_bear_the_agents_name() -> None:
    async def use(house: House) -> None:
        await house.accept(house.make("x@smtp.example", "y@local.example", "z@smtp.example"))
        assert [[address.address for _, address in job.recipients] for job in house.smtp.jobs] == [
            ["x@smtp.example", "z@smtp.example"]
        ]
        assert house.local.addresses == ["y@local.example"]
        assert [line.split(":")[0] for line in house.lines if "status=" in line] == ["smtp", "smtp", "own/local"]

    run(use)


def test_deferred_mail_waits_and_is_tried_again() -> None:
    async def use(house: House) -> None:
        house.smtp.answer = deferred
        await house.accept(house.make("x@smtp.example"))
        waiting = house.only()
        assert (waiting.state, waiting.due, waiting.attempts) == (MessageState.DEFERRED, 1300.0, 1)
        assert waiting.reason == "later"
        assert house.runner.active == 0
        await house.later(299)
        assert len(house.smtp.jobs) == 1
        house.smtp.answer = sent
        await house.later(1)
        assert len(house.smtp.jobs) == 2
        assert house.smtp.jobs[1].attempts == 1
        assert house.store.messages == {}

    run(use)


def test_only_who_was_not_served_is_tried_again() -> None:
    async def use(house: House) -> None:
        house.smtp.answer = deferred
        await house.accept(house.make("x@smtp.example", "y@local.example"))
        assert [row.recipient.address for row in house.only().rows] == ["x@smtp.example"]
        await house.later(400)
        assert house.local.addresses == ["y@local.example"]
        assert house.smtp.addresses == ["x@smtp.example"] * 2

    run(use)


def test_a_failure_is_reported_in_the_same_write() -> None:
    async def use(house: House) -> None:
        house.local.answer = bounced
        message = await house.accept(house.make("x@local.example"))
        (order,) = house.orders
        assert (order.kind, order.message.queue_id) == (ReportKind.FAILURE, message.queue_id)
        with_report = next(s for s in house.store.settlements if s.reports)
        assert with_report.message.queue_id == message.queue_id
        report = with_report.reports[0].queue_id
        assert house.lines[2:5] == [
            f"bounce: {message.queue_id}: sender non-delivery notification: {report}",
            f"qmgr: {message.queue_id}: removed",
            f"qmgr: {report}: from=<>, size=14, nrcpt=1 (queue active)",
        ]
        assert house.smtp.addresses == ["a@smtp.example"]
        assert house.store.messages == {}

    run(use)


def test_an_undeliverable_report_is_dropped() -> None:
    async def use(house: House) -> None:
        house.local.answer = bounced
        await house.accept(house.make("x@local.example", sender=""))
        assert house.orders == []
        assert house.store.messages == {}

    run(use)


def test_a_report_that_cannot_be_made_stays_owed() -> None:
    async def use(house: House) -> None:
        house.local.answer = bounced
        house.report_fault = StoreFull("no space left on device")
        await house.accept(house.make("x@local.example"))
        waiting = house.only()
        assert (waiting.state, waiting.due) == (MessageState.DEFERRED, 1300.0)
        assert waiting.rows[0].state is RowState.FAILED
        house.report_fault = None
        await house.later(300)
        assert len(house.local.jobs) == 1
        assert [order.kind for order in house.orders] == [ReportKind.FAILURE]
        assert house.store.messages == {}

    run(use)


def test_mail_expires_with_a_report() -> None:
    async def use(house: House) -> None:
        house.smtp.answer = deferred
        message = await house.accept(house.make("x@smtp.example"))
        await house.later(1000)
        house.smtp.answer = sent
        (order,) = house.orders
        assert order.expired
        assert f"qmgr: {message.queue_id}: from=<a@smtp.example>, status=expired, returned to sender" in house.lines

    run(use)


def test_a_report_is_sent_on_success_where_it_was_asked_for() -> None:
    async def use(house: House) -> None:
        await house.accept(house.make("x@local.example", notify=Notify.SUCCESS))
        assert [order.kind for order in house.orders] == [ReportKind.SUCCESS]
        assert house.store.messages == {}

    run(use)


def test_soft_bounce() -> None:
    async def use(house: House) -> None:
        house.smtp.answer = bounced
        await house.accept(house.make("x@smtp.example"))
        assert house.only().state is MessageState.DEFERRED
        assert house.lines[1].endswith("dsn=4.1.1, status=SOFTBOUNCE (no such user)")

    run(use, House(replace(RULES, soft_bounce=True)))


@pytest.mark.parametrize(
    ("address", "rules", "dsn", "said"),
    [
        ("x@nosuch.example", RULES, "4.3.0", "mail transport unavailable"),
        ("x@smtp.example", replace(RULES, deferred_transports=frozenset({"smtp"})), "4.3.2", "deferred transport"),
    ],
)
def test_what_has_no_transport_waits(address: str, rules: QueueRules, dsn: str, said: str) -> None:
    async def use(house: House) -> None:
        message = await house.accept(house.make(address))
        assert house.only().reason == said
        assert (
            f"error: {message.queue_id}: to=<{address}>, relay=none, delay=0, delays=0/0/0/0, dsn={dsn}, "
            f"status=deferred ({said})"
        ) in house.lines
        assert house.smtp.jobs == []

    house = run(use, House(rules))
    warned = "qmgr: warning: connect to transport private/nosuch: No such file or directory"
    assert (warned in house.lines) is ("nosuch" in address)


def test_a_table_that_fails_defers() -> None:
    async def use(house: House) -> None:
        house.fault = LookupFailed("hash:/etc/transport", "x@smtp.example", "no such file")
        await house.accept(house.make("x@smtp.example"))
        assert house.only().reason == "address resolver failure"
        house.fault = None
        await house.later(300)
        assert house.store.messages == {}

    run(use)


def test_a_filter_overrides_the_route() -> None:
    async def use(house: House) -> None:
        await house.accept(replace(house.make("x@smtp.example"), route="local:[127.0.0.1]:10025"))
        await house.accept(replace(house.make("x@smtp.example"), route="local:"))
        assert [job.nexthop for job in house.local.jobs] == ["[127.0.0.1]:10025", "smtp.example"]
        assert house.smtp.jobs == []

    run(use)


def test_an_agent_that_breaks_defers_its_mail() -> None:
    def breaks(_job: Job) -> list[Result]:
        raise RuntimeError("oops")

    async def use(house: House) -> None:
        house.smtp.answer = breaks
        await house.accept(house.make("x@smtp.example"))
        assert house.only().reason == "unknown mail transport error"
        assert any("RuntimeError('oops')" in line for line in house.lines)

    run(use)


def test_an_agent_that_forgets_a_recipient_defers_it() -> None:
    async def use(house: House) -> None:
        house.smtp.answer = lambda job: sent(job)[:1]
        await house.accept(house.make("x@smtp.example", "y@smtp.example"))
        assert [row.recipient.address for row in house.only().rows] == ["y@smtp.example"]

    run(use)


def test_an_alias_is_written_before_it_is_delivered() -> None:
    new = (Recipient("p@smtp.example", "x@local.example"), Recipient("q@smtp.example", "x@local.example"))

    async def use(house: House) -> None:
        house.local.answer = lambda job: [replace(sent(job)[0], relay="local", new_recipients=new)]
        house.smtp.gate = asyncio.Event()
        await house.accept(house.make("x@local.example"))
        assert [(row.number, row.recipient, row.depth) for row in house.only().rows] == [(2, new[0], 1), (3, new[1], 1)]
        assert house.smtp.running == 1
        house.smtp.gate.set()
        await house.idle()
        assert house.store.messages == {}
        assert sum("orig_to=<x@local.example>" in line for line in house.lines) == 2

    run(use)


def _sends_on(*senders: str) -> Callable[[Job], list[Result]]:
    far = (Recipient("far@smtp.example", "far@smtp.example"),)
    forwards = tuple(Forwarding(sender, far) for sender in senders)
    return lambda job: [replace(sent(job)[0], relay="local", forwards=forwards)]


def test_what_is_sent_on_is_stored_with_the_result_and_delivered() -> None:
    async def use(house: House) -> None:
        house.local.answer = _sends_on("owner@smtp.example")
        house.smtp.gate = asyncio.Event()
        await house.accept(house.make("x@local.example"))
        (made,) = house.store.messages.values()
        assert made.envelope.sender == "owner@smtp.example"
        assert sum(f"status=sent (forwarded as {made.queue_id})" in line for line in house.lines) == 1
        house.smtp.gate.set()
        await house.idle()
        assert house.store.messages == {}
        assert house.smtp.addresses == ["far@smtp.example"]

    run(use)


def test_what_cannot_be_sent_on_fails_and_nothing_is_sent() -> None:
    async def use(house: House) -> None:
        house.local.answer = _sends_on("owner@smtp.example", "refused@smtp.example")
        await house.accept(house.make("x@local.example"))
        assert "far@smtp.example" not in house.smtp.addresses
        (order,) = house.orders
        assert order.rows[0].result is not None
        assert order.rows[0].result.text == "unable to forward: 554 5.4.0 Error: too many hops"

    run(use)


def test_the_log_tells_what_an_agent_wants_told() -> None:
    async def use(house: House) -> None:
        one = Result(1, Status.SENT, "2.0.0", "delivered to file: /f", "local", address="inner@local.example")
        house.local.answer = lambda job: [replace(sent(job)[0], told=(one,))]
        await house.accept(house.make("x@local.example"))
        told = [line for line in house.lines if "status=" in line]
        assert len(told) == 1
        assert "to=<inner@local.example>, orig_to=<x@local.example>, relay=local" in told[0]

    run(use)


def test_aliases_that_go_round_end() -> None:
    async def use(house: House) -> None:
        again = (Recipient("x@local.example", "x@local.example"),)
        house.local.answer = lambda job: [replace(sent(job)[0], new_recipients=again)]
        await house.accept(house.make("x@local.example"))
        assert [order.rows[0].depth for order in house.orders] == [5]
        assert len(house.local.jobs) == 6

    run(use, House(replace(RULES, expansions=5)))


def test_a_dead_destination_suspends_what_waits() -> None:
    async def use(house: House) -> None:
        house.smtp.answer = unreachable
        house.smtp.gate = asyncio.Event()
        for number in range(4):
            await house.accept(house.make(f"{number}@smtp.example"))
        house.smtp.gate.set()
        await house.idle()
        assert len(house.smtp.jobs) == 1
        refused = "connect to mx[192.0.2.9]:25: Connection refused"
        assert sorted(m.reason for m in house.store.messages.values()) == [
            refused,
            *[f"delivery temporarily suspended: {refused}"] * 3,
        ]
        await house.accept(house.make("late@smtp.example"))
        assert len(house.smtp.jobs) == 1
        house.smtp.answer = sent
        assert await house.runner.flush() == 5
        await house.idle()
        assert house.store.messages == {}

    run(use, House(replace(RULES, limits={"smtp": Limits(initial=1)})))


def test_a_redirected_message_goes_to_one_place() -> None:
    """Of all recipients one stands for the rest: the first in order of the addresses, as in Postfix."""

    async def use(house: House) -> None:
        message = replace(house.make("m@smtp.example", "z@smtp.example", "d@smtp.example"), redirect="x@local.example")
        await house.accept(message)
        assert house.local.addresses == ["x@local.example"]
        assert house.local.jobs[0].recipients[0][1].original == "d@smtp.example"
        assert "nrcpt=3" in house.lines[0]
        assert house.store.messages == {}

    run(use)


def test_flush_by_domain() -> None:
    async def use(house: House) -> None:
        house.smtp.answer = house.local.answer = deferred
        await house.accept(house.make("x@smtp.example"))
        await house.accept(house.make("x@local.example"))
        assert await house.runner.flush("Local.example") == 1
        await house.idle()
        assert (len(house.smtp.jobs), len(house.local.jobs)) == (1, 2)

    run(use)


def test_what_is_held_is_left_alone() -> None:
    async def use(house: House) -> None:
        message = await house.accept(replace(house.make("x@smtp.example"), state=MessageState.HOLD))
        await house.later(10_000)
        assert house.smtp.jobs == []
        await house.runner.change([message.identity.number], Change.RELEASE)
        await house.idle()
        assert house.smtp.addresses == ["x@smtp.example"]

    run(use)


def test_hold_takes_effect_between_recipients() -> None:
    async def use(house: House) -> None:
        house.smtp.gate = asyncio.Event()
        house.smtp.answer = sent
        message = await house.accept(house.make(*[f"{n}@smtp.example" for n in range(120)]))
        assert len(house.smtp.jobs) == 2  # of three batches of up to 50
        await house.runner.change([message.identity.number], Change.HOLD)
        house.smtp.gate.set()
        await house.idle()
        assert len(house.smtp.jobs) == 2
        held = house.only()
        assert (held.state, len(held.rows)) == (MessageState.HOLD, 20)
        assert house.runner.active == 0

    run(use, House(replace(RULES, limits={"smtp": Limits(initial=2)})))


def test_erasing_a_message_under_delivery() -> None:
    async def use(house: House) -> None:
        house.smtp.gate = asyncio.Event()
        house.smtp.answer = bounced
        message = await house.accept(house.make("x@smtp.example"))
        await house.runner.erase([message.identity.number])
        house.smtp.gate.set()
        await house.idle()
        assert (house.store.messages, house.orders, house.runner.active) == ({}, [], 0)

    run(use)


def test_requeue_works_the_recipients_out_anew() -> None:
    async def use(house: House) -> None:
        house.smtp.answer = deferred
        message = await house.accept(house.make("x@smtp.example"))
        house.expanded = (Recipient("new@local.example", "x@smtp.example"),)
        await house.runner.change([message.identity.number], Change.REQUEUE)
        await house.idle()
        assert house.local.addresses == ["new@local.example"]
        assert house.store.messages == {}

    run(use)


def test_requeue_waits_for_its_tables() -> None:
    async def use(house: House) -> None:
        house.smtp.answer = deferred
        message = await house.accept(house.make("x@smtp.example"))
        house.fault = LookupFailed("hash:/etc/virtual", "x@smtp.example", "no such file")
        await house.runner.change([message.identity.number], Change.REQUEUE)
        await house.idle()
        assert (house.only().renew, house.only().state) == (True, MessageState.DEFERRED)
        assert len(house.smtp.jobs) == 1

    run(use)


def test_requeue_while_it_is_under_delivery() -> None:
    async def use(house: House) -> None:
        house.smtp.gate = asyncio.Event()
        house.smtp.answer = lambda job: [*sent(job)[:1], *deferred(job)[1:]]
        message = await house.accept(house.make("x@smtp.example", "y@smtp.example"))
        await house.runner.change([message.identity.number], Change.REQUEUE)
        house.smtp.gate.set()
        await house.idle()
        assert house.smtp.addresses == ["x@smtp.example", "y@smtp.example", "y@smtp.example"]

    run(use)


def test_the_ledger_is_taken_up_at_the_start() -> None:
    house = House()
    for number in range(3):
        message = house.make(f"{number}@smtp.example")
        house.store.messages[message.identity.number] = message

    async def use(house: House) -> None:
        assert house.store.messages == {}
        assert len(house.smtp.jobs) == 3

    run(use, house)


def test_memory_has_room_for_so_many() -> None:
    async def use(house: House) -> None:
        house.smtp.gate = asyncio.Event()
        for number in range(10):
            await house.accept(house.make(f"{number}@smtp.example"))
        assert house.runner.active == 4
        house.smtp.gate.set()
        await house.idle()
        await house.idle()
        assert house.store.messages == {}
        assert sorted(house.smtp.addresses) == [f"{n}@smtp.example" for n in range(10)]

    run(use, House(replace(RULES, active_limit=4)))


def test_content_leaves_memory_where_there_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatepost.queue.hands.MEMORY", 20)
    left: list[str] = []

    async def use(house: House) -> None:
        house.smtp.gate = asyncio.Event()

        def leave(message: StoredMessage) -> Body:
            left.append(message.queue_id)
            return message.body

        house.store.leave_in_ledger = leave  # type: ignore[method-assign]  # a spy
        first = await house.accept(house.make("x@smtp.example"))
        second = await house.accept(house.make("y@smtp.example"))
        assert first.queue_id not in left
        assert left == [second.queue_id]

    run(use)


def test_a_damaged_message_is_set_aside() -> None:
    house = House()
    good, bad = house.make("x@smtp.example"), house.make("y@smtp.example")
    house.store.messages = {m.identity.number: m for m in (good, bad)}
    load = house.store.load

    async def damaged(numbers: Sequence[int]) -> list[StoredMessage | Damaged]:
        found = await load(numbers)
        return [Damaged(bad.identity, "checksum") if m is bad else m for m in found]

    house.store.load = damaged  # type: ignore[method-assign,assignment]  # a store that has seen better days

    async def use(house: House) -> None:
        assert (house.only().state, house.only().reason) == (MessageState.DAMAGED, "checksum")
        assert house.smtp.addresses == ["x@smtp.example"]
        assert f"qmgr: warning: {bad.queue_id}: damaged message set aside: checksum" in house.lines

    run(use, house)


def test_a_result_that_cannot_be_written_is_written_later_and_not_delivered_again() -> None:
    async def use(house: House) -> None:
        message = house.make("x@smtp.example")
        await house.store.commit(message)
        house.store.refuse = StoreFull("no space left on device")

        def recover() -> None:
            if len(house.pauses) == 3:
                house.store.refuse = None

        house.on_pause = recover
        house.runner.submit(message)
        await house.idle()
        assert house.pauses == [1.0, 2.0, 4.0]
        assert house.store.messages == {}
        assert len(house.smtp.jobs) == 1

    run(use)


def test_who_lost_the_ownership_stops() -> None:
    async def use(house: House) -> None:
        message = house.make("x@smtp.example")
        await house.store.commit(message)
        house.store.refuse = OwnerLost("slot 0 has another owner")
        house.runner.submit(message)
        await house.idle()
        with pytest.raises(OwnerLost):
            await house.task
        house.runner.submit(house.make("y@smtp.example"))
        assert house.smtp.addresses == ["x@smtp.example"]

    run(use)


def test_a_message_seen_in_the_ledger_before_it_was_submitted_is_delivered_once() -> None:
    """The ledger shows a message as soon as it is committed, which the session that committed it learns later."""

    async def use(house: House) -> None:
        message = house.make("x@smtp.example")
        load = house.store.load

        async def slow(numbers: Sequence[int]) -> list[StoredMessage | Damaged]:
            found = await load(numbers)
            house.runner.submit(message)
            await house.idle()
            assert house.store.messages == {}
            return found

        house.store.load = slow  # type: ignore[method-assign,assignment]  # the disk takes its time
        await house.store.commit(message)
        await house.later(0)
        assert house.smtp.addresses == ["x@smtp.example"]

    run(use)


def test_a_new_configuration_applies_to_what_comes() -> None:
    async def use(house: House) -> None:
        house.rules = replace(RULES, deferred_transports=frozenset({"smtp"}))
        house.runner.adopt(house.plan())
        await house.accept(house.make("x@smtp.example"))
        assert house.only().reason == "deferred transport"

    run(use)


def test_stopping_breaks_off_what_takes_too_long_and_keeps_it() -> None:
    async def use(house: House) -> None:
        house.smtp.gate = asyncio.Event()
        message = await house.accept(house.make("x@smtp.example"))
        await house.runner.stop(0.0)
        assert house.store.messages == {message.identity.number: message}
        await asyncio.wait_for(house.task, 5)

    run(use)


# Clocks that jump: what waits in memory goes by a clock that does not


def test_a_clock_set_forwards_tries_everything_once() -> None:
    async def use(house: House) -> None:
        house.smtp.answer = deferred
        await house.accept(house.make("x@smtp.example"))
        house.now += 86_400.0
        for _ in range(3):
            house.runner._hands.wake.set()
            await house.idle()
        assert len(house.smtp.jobs) == 2
        assert house.only().due > house.now

    run(use, House(replace(RULES, retry=RetryPolicy())))


def test_a_clock_set_backwards_loses_nothing_and_tries_nothing_in_a_loop() -> None:
    async def use(house: House) -> None:
        house.smtp.answer = deferred
        waiting = await house.accept(house.make("x@smtp.example"))
        house.now -= 3600.0
        for _ in range(3):
            house.runner._hands.wake.set()
            await house.idle()
        assert len(house.smtp.jobs) == 1
        house.smtp.answer = sent
        await house.accept(replace(house.make("y@smtp.example"), arrived=house.now + 3600.0))
        assert house.smtp.addresses[-1] == "y@smtp.example"
        assert any("delay=0, delays=0/0/0/0" in line for line in house.lines)
        await house.later(3600.0 + 301.0)
        assert house.store.messages == {}
        assert house.smtp.jobs[-1].queue_id == waiting.queue_id

    run(use, House(replace(RULES, retry=RetryPolicy())))


@pytest.mark.parametrize("jump", [86_400.0, -3600.0])
def test_a_dead_destination_is_left_alone_for_as_long_whatever_the_clock_says(jump: float) -> None:
    async def use(house: House) -> None:
        house.smtp.answer = unreachable
        await house.accept(house.make("x@smtp.example"))
        house.now += jump
        await house.accept(house.make("y@smtp.example"))
        assert len(house.smtp.jobs) == 1
        house.timer += 301.0
        await house.accept(house.make("z@smtp.example"))
        assert len(house.smtp.jobs) == 2

    run(use, House(replace(RULES, retry=RetryPolicy(), limits={"smtp": Limits(initial=1)})))


def test_memory_holds_so_many_recipients() -> None:
    async def use(house: House) -> None:
        house.smtp.gate = asyncio.Event()
        for number in range(4):
            await house.accept(house.make(*(f"{number}.{one}@smtp.example" for one in range(3))))
        assert house.runner.active == 2
        house.smtp.gate.set()
        await house.idle()
        assert house.store.messages == {}

    run(use, House(replace(RULES, recipient_limit=5)))
