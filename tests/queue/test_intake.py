"""The intake: what is taken, what is refused, and that nothing is left of what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from gatepost.config.own import OwnAddresses
from gatepost.config.settings import Settings
from gatepost.mail.delivery import Forwarding
from gatepost.mail.envelope import Envelope, Notify, Recipient
from gatepost.mail.events import Event
from gatepost.maillog import text
from gatepost.queue import intake as module
from gatepost.queue.cleanup import Cleanup
from gatepost.queue.intake import Accepted, Handling, Intake, Refused, Submission
from gatepost.queue.record import MessageState, Report, ReportKind, ReportOrder, RowState, StoredMessage
from gatepost.queue.store import QueueStore, StoreFailed, StoreFull
from gatepost.routing.router import Router
from tests.fakes.oracle import FakeOracle
from tests.fakes.store import FakeStore

NOW = 1_700_000_000.0
ENVELOPE = Envelope("a@b.example", (Recipient("x@example.com", "x@example.com"),))
TABLES: dict[str, dict[str, str]] = {"hash:/virtual": {"loop@example.com": "loop2@example.com"}}
RECEIVED = "Received: from c (c [192.0.2.1])\r\n\tby mx.example.com (Postfix) with SMTP id A1\r\n"


@dataclass
class House:
    """An intake with everything around it."""

    store: QueueStore = field(default_factory=FakeStore)
    lines: list[str] = field(default_factory=list)
    submitted: list[StoredMessage] = field(default_factory=list)
    tables: dict[str, dict[str, str]] = field(default_factory=lambda: TABLES)

    def __post_init__(self) -> None:
        settings = Settings.parse(
            "myhostname = mx.example.com\nmydomain = example.com\nvirtual_alias_maps = hash:/virtual\n"
            "virtual_alias_expansion_limit = 3\nmail_name = Postfix\n"
        )
        router = Router(settings, OwnAddresses(frozenset(), frozenset(), ()))
        cleanup = Cleanup(settings, router, lambda: FakeOracle(self.tables), self.log)
        self.intake = Intake(self.store, cleanup, self.log, self.submitted.append, lambda: NOW)

    def log(self, event: Event) -> None:
        self.lines.append(text(event))

    async def take(self, content: bytes, submission: Submission, step: int = 0) -> Accepted | Refused:
        draft = self.intake.draft()
        for start in range(0, len(content), step or len(content) or 1):
            draft.write(content[start : start + (step or len(content))])
        return await draft.commit(submission)

    async def content(self) -> bytes:
        """Of the only message."""
        return b"".join([piece async for piece in self.submitted[0].body.chunks()])


def run(test: Callable[[House], Awaitable[None]], house: House | None = None) -> House:
    made = house or House()

    async def session() -> None:
        await test(made)

    asyncio.run(session())
    return made


def fake(house: House) -> FakeStore:
    assert isinstance(house.store, FakeStore)
    return house.store


def test_a_message_is_stored_then_handed_on() -> None:
    async def use(house: House) -> None:
        result = await house.take(b"Message-Id: <1@b>\r\n\r\nbody\r\n", Submission(ENVELOPE, ("X-A: b",), RECEIVED))
        (message,) = house.submitted
        assert result == Accepted(message.queue_id)
        assert fake(house).messages == {message.identity.number: message}
        assert await house.content() == (b"X-A: b\r\n" + RECEIVED.encode() + b"Message-Id: <1@b>\r\n\r\nbody\r\n")
        assert message.envelope == Envelope("a@b.example", ())
        assert [row.recipient for row in message.rows] == list(ENVELOPE.recipients)
        assert (message.state, message.arrived, message.due) == (MessageState.ACTIVE, NOW, NOW)
        assert house.lines == [f"{message.queue_id}: message-id=<1@b>"]

    run(use)


def test_content_that_is_declared_8bit_is_8bit() -> None:
    """The envelope may have left it out; the next server is told all the same."""

    async def use(house: House) -> None:
        content = b"Message-Id: <1@b>\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xc3\xbc\r\n"
        await house.take(content, Submission(ENVELOPE, (), RECEIVED))
        assert house.submitted[0].envelope.body_8bit

    run(use)


CONTENTS = [
    b"A: b\r\n\r\nbody\r\n",
    b"\r\nbody\r\n",
    b"no header\r\nbody\r\n",
    b"A: b\r\nno header\r\n\r\nbody\r\n",
    b"A: b\r\n\r\n\r\n\r\n",
]


@pytest.mark.parametrize("content", CONTENTS)
def test_cutting_does_not_matter(content: bytes) -> None:
    made: set[bytes] = set()

    async def use(house: House) -> None:
        for step in (1, 2, 3, 5, 0):
            house.submitted.clear()
            await house.take(content, Submission(ENVELOPE, received_header=RECEIVED), step)
            made.add(await house.content())

    run(use)
    assert len(made) == 1
    assert made.pop().endswith(content.partition(b"\r\n\r\n")[2] or b"\r\n")


def test_a_header_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEADER_LIMIT", 100)

    async def use(house: House) -> None:
        content = b"".join(b"X-%d: y\r\n" % n for n in range(100))
        await house.take(content, Submission(ENVELOPE, received_header=RECEIVED), 10)
        assert await house.content() == RECEIVED.encode() + content

    run(use)


def test_mail_of_our_own_is_stamped() -> None:
    async def use(house: House) -> None:
        await house.take(b"\r\nbody\r\n", Submission(ENVELOPE, local_rewrite=True, full_name="Joe"))
        content = (await house.content()).decode()
        assert content.startswith("Received: by mx.example.com (Postfix)\r\n\tid ")
        assert "From: Joe <a@b.example>\r\n" in content

    run(use)


def test_hold() -> None:
    async def use(house: House) -> None:
        await house.take(b"\r\n", Submission(ENVELOPE, handling=Handling(hold=True)))
        assert house.submitted[0].state is MessageState.HOLD

    run(use)


@pytest.mark.parametrize(
    ("content", "local", "lines"),
    [
        (b"Subject: x\r\n\r\nbody", True, ["A1: message-id=<20231114221320.A1@mx.example.com>"]),
        (b"Subject: x\r\n\r\nbody", False, ["A1: message-id=<>"]),
        (b"Message-Id: <1@x>\r\nSubject: x\r\n", True, ["A1: message-id=<1@x>"]),
        (b"Subject: x\r\n", True, []),
        (b"", True, []),
    ],
)
def test_what_is_abandoned_is_named_as_far_as_it_came(content: bytes, local: bool, lines: list[str]) -> None:
    async def use(house: House) -> None:
        draft = house.intake.draft()
        draft.write(content)
        draft.abandon(local_rewrite=local)
        assert [line.replace(draft.queue_id, "A1") for line in house.lines] == lines
        assert fake(house).drafts[0].discarded

    run(use)


def test_discard_claims_success() -> None:
    async def use(house: House) -> None:
        result = await house.take(b"\r\n", Submission(ENVELOPE, handling=Handling(discard=True)))
        assert isinstance(result, Accepted)
        assert (fake(house).messages, house.submitted, house.lines) == ({}, [], [])
        assert fake(house).drafts[0].discarded

    run(use)


def test_filter_redirect_and_copies() -> None:
    async def use(house: House) -> None:
        handling = Handling(route="smtp:[f]", redirect="r@example.com", bcc=("c@example.com", "c@example.com"))
        await house.take(b"\r\n", Submission(ENVELOPE, handling=handling))
        (message,) = house.submitted
        assert (message.route, message.redirect) == ("smtp:[f]", "r@example.com")
        assert [(row.recipient.address, row.recipient.notify) for row in message.rows] == [
            ("x@example.com", Notify.DEFAULT),
            ("c@example.com", Notify.DEFAULT),
            ("c@example.com", Notify.NEVER),
        ]

    run(use)


def test_who_asked_to_hear_of_success_hears_of_an_alias() -> None:
    async def use(house: House) -> None:
        house.tables = {"hash:/virtual": {"two@example.com": "a@e.com,b@e.com"}}
        asked = Recipient("two@example.com", "two@example.com", Notify.SUCCESS)
        await house.take(b"\r\n", Submission(Envelope("a@b.example", (asked,))))
        (message,) = house.submitted
        assert [(row.recipient.address, row.recipient.notify, row.state) for row in message.rows] == [
            ("a@e.com", Notify.NEVER, RowState.PENDING),
            ("b@e.com", Notify.NEVER, RowState.PENDING),
            ("two@example.com", Notify.SUCCESS, RowState.EXPANDED),
        ]

    run(use)


def test_headers_that_go_on_top_are_headers_like_all_others() -> None:
    async def use(house: House) -> None:
        prepend = ("X-A  : b", "from: joe", "Bcc: c")
        await house.take(b"\r\n", Submission(ENVELOPE, prepend, RECEIVED, local_rewrite=True))
        content = await house.content()
        assert content.startswith(f"X-A: b\r\nfrom: joe@mx.example.com\r\n{RECEIVED}".encode())
        assert b"From:" not in content

    run(use)


@pytest.mark.parametrize(
    ("content", "recipient", "reply", "line"),
    [
        (
            b"Received: x\r\n" * 50 + b"\r\n",
            "x@example.com",
            "554 5.4.0 Error: too many hops",
            "warning: {}: message rejected: hopcount exceeded",
        ),
        (
            b"\r\n",
            "many@example.com",
            "451 4.6.0 Alias expansion error",
            "warning: {}: unreasonable virtual_alias_maps map expansion size for many@example.com",
        ),
    ],
)
def test_what_is_refused_leaves_nothing(content: bytes, recipient: str, reply: str, line: str) -> None:
    async def use(house: House) -> None:
        house.tables = {"hash:/virtual": {"many@example.com": "a@e.com,b@e.com,c@e.com,d@e.com"}}
        envelope = Envelope("a@b.example", (Recipient(recipient, recipient),))
        result = await house.take(content, Submission(envelope))
        assert isinstance(result, Refused)
        assert result.reply.text == reply
        assert (fake(house).messages, house.submitted) == ({}, [])
        assert fake(house).drafts[0].discarded
        assert len(house.lines) == 1
        assert line.partition("{}")[2] in house.lines[0]

    run(use)


def test_a_table_that_fails_refuses_for_now() -> None:
    async def use(house: House) -> None:
        house.tables = {}
        result = await house.take(b"\r\n", Submission(ENVELOPE))
        assert isinstance(result, Refused)
        assert result.reply.text == "451 4.3.0 Error: queue file write error"
        assert "hash:/virtual lookup error" in house.lines[0]
        assert fake(house).messages == {}

    run(use)


@pytest.mark.parametrize(
    ("error", "reply"),
    [
        (StoreFull("no space left on device"), "452 4.3.1 Insufficient system storage"),
        (StoreFailed("oops"), "451 4.3.0 Error: queue file write error"),
    ],
)
def test_a_store_that_fails_refuses_for_now(error: StoreFailed | StoreFull, reply: str) -> None:
    async def use(house: House) -> None:
        fake(house).refuse = error
        result = await house.take(b"\r\n", Submission(ENVELOPE))
        assert isinstance(result, Refused)
        assert result.reply.text == reply
        assert house.submitted == []
        assert fake(house).drafts[0].discarded
        fake(house).refuse = None
        assert isinstance(await house.take(b"\r\n", Submission(ENVELOPE)), Accepted)

    run(use)


class SlowStore(FakeStore):
    """Commits, and does not say so."""

    def __init__(self) -> None:
        super().__init__()
        self.committed = asyncio.Event()

    async def commit(self, message: StoredMessage) -> None:
        await super().commit(message)
        self.committed.set()
        await asyncio.Event().wait()


def test_a_session_that_is_cancelled_while_it_commits_leaves_the_content() -> None:
    """Nobody can tell whether the commit happened. If it did, the message must be whole."""

    async def use(house: House) -> None:
        taking = asyncio.create_task(house.take(b"\r\n", Submission(ENVELOPE)))
        await slow.committed.wait()
        taking.cancel()
        await asyncio.gather(taking, return_exceptions=True)
        assert not fake(house).drafts[0].discarded

    slow = SlowStore()
    run(use, House(slow))


def test_a_session_that_is_cancelled_before_leaves_nothing() -> None:
    async def use(house: House) -> None:
        async def waits(*_: object) -> str:
            await asyncio.Event().wait()
            return ""

        house.intake.cleanup.envelope = waits  # type: ignore[method-assign,assignment]  # a table that does not answer
        taking = asyncio.create_task(house.take(b"\r\n", Submission(ENVELOPE)))
        await asyncio.sleep(0)
        taking.cancel()
        await asyncio.gather(taking, return_exceptions=True)
        assert fake(house).drafts[0].discarded

    run(use)


def test_a_report_is_made_ready_and_not_stored() -> None:
    async def use(house: House) -> None:
        async def write(order: ReportOrder) -> Report | None:
            return Report(Envelope("", ENVELOPE.recipients), b"Subject: x\r\n\r\nsorry\r\n") if order.rows else None

        report = house.intake.reporting(write)
        await house.take(b"\r\n", Submission(ENVELOPE))
        (about,) = house.submitted
        assert await report(ReportOrder(ReportKind.FAILURE, about, ())) is None
        made = await report(ReportOrder(ReportKind.FAILURE, about, about.rows))
        assert made is not None
        assert made.identity.number not in fake(house).messages
        content = b"".join([piece async for piece in made.body.chunks()]).decode()
        assert content.startswith("Received: by mx.example.com (Postfix)\r\n")
        assert "Message-Id: " in content
        assert house.lines[-1].startswith(f"{made.queue_id}: message-id=<")

    run(use)


def test_what_is_sent_on_is_the_same_content_with_a_mark() -> None:
    async def use(house: House) -> None:
        await house.take(b"Subject: x\r\n\r\nbody\r\n", Submission(ENVELOPE))
        (about,) = house.submitted
        forwarding = Forwarding("owner@b.example", ENVELOPE.recipients, "team@example.com")
        made = await house.intake.forward(about, forwarding)
        assert isinstance(made, StoredMessage)
        assert (made.envelope.sender, made.arrived) == ("owner@b.example", about.arrived)
        assert made.identity.number not in fake(house).messages
        lines = b"".join([piece async for piece in made.body.chunks()]).decode().split("\r\n")
        assert [line for line in lines if not line.startswith("\t")] == [
            "Received: by mx.example.com (Postfix)",
            "Delivered-To: team@example.com",
            "Received: by mx.example.com (Postfix)",
            "Subject: x",
            "",
            "body",
            "",
        ]

    run(use)


def test_what_has_come_too_far_is_not_sent_on() -> None:
    async def use(house: House) -> None:
        await house.take(b"Received: x\r\n" * 48 + b"\r\n", Submission(ENVELOPE))
        refused = await house.intake.forward(house.submitted[0], Forwarding("a@b.example", ENVELOPE.recipients))
        assert refused == module.TOO_MANY_HOPS
        assert fake(house).drafts[-1].discarded

    run(use)
