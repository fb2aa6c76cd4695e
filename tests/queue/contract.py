"""What every queue store does. A test module of a store subclasses `Contract` and says how it is opened."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gatepost.mail.delivery import Result, Status
from gatepost.mail.envelope import Envelope, Notify, Origin, Recipient, Ret
from gatepost.queue.record import (
    Change,
    Fate,
    MessageState,
    Row,
    RowState,
    Selection,
    Settlement,
    StoredMessage,
)
from gatepost.queue.store import QueueStore, StoreFailed

NOW = 1_700_000_000.25

ENVELOPE = Envelope(
    'o"d\\d\udcff name@b.example',
    (),
    Ret.HDRS,
    "env id",
    body_8bit=True,
    smtputf8=True,
    origin=Origin("c[192.0.2.1]", "c", "192.0.2.1", "12", "h", "ESMTP", "PLAIN", "joe", "", is_local=True),
)

RECIPIENTS = (
    Recipient("joe@Example.com", "joe@example.com"),
    Recipient(
        "ann@example.org",
        "list@example.com",
        Notify.SUCCESS | Notify.DELAY,
        "rfc822;\udce9@example.com",
        "v@example.com",
    ),
)


async def accept(
    store: QueueStore,
    content: bytes = b"body\r\n",
    *,
    recipients: tuple[Recipient, ...] = RECIPIENTS,
    due: float = NOW,
    state: MessageState = MessageState.ACTIVE,
) -> StoredMessage:
    """Commit a message as the intake does."""
    identity = store.identify(NOW)
    draft = store.draft(identity)
    draft.write(content)
    body = await draft.seal(b"Subject: x\r\n\r\n")
    rows = tuple(Row(number, recipient) for number, recipient in enumerate(recipients, 1))
    message = StoredMessage(identity, ENVELOPE, rows, body, NOW, NOW + 1, due, state)
    await store.commit(message)
    return message


async def read(message: StoredMessage) -> bytes:
    """A message's content."""
    return b"".join([piece async for piece in message.body.chunks()])


async def fetch(store: QueueStore, message: StoredMessage) -> StoredMessage:
    """The message as the store has it now."""
    (found,) = await store.load([message.identity.number])
    assert isinstance(found, StoredMessage)
    return found


class Contract(ABC):
    """The tests. `open` gives a store; opening the same folder again gives the same ledger where `durable` is set."""

    durable = True

    @abstractmethod
    def open(self, folder: Path) -> QueueStore: ...

    def run(self, folder: Path, use: Callable[[QueueStore], Awaitable[None]]) -> None:
        async def session() -> None:
            store = self.open(folder)
            try:
                await use(store)
            finally:
                await store.close()

        asyncio.run(session())

    def test_what_was_committed_is_read_back(self, tmp_path: Path) -> None:
        async def use(store: QueueStore) -> None:
            sent = await accept(store)
            found = await fetch(store, sent)
            assert found == replace(sent, body=found.body)
            assert await read(found) == b"Subject: x\r\n\r\nbody\r\n"
            assert found.body.size == sent.body.size == len(b"Subject: x\r\n\r\nbody\r\n")

        self.run(tmp_path, use)

    @pytest.mark.parametrize("size", [0, 1, 1000, 70_000, 300_000])
    def test_content_of_any_size(self, tmp_path: Path, size: int) -> None:
        async def use(store: QueueStore) -> None:
            sent = await accept(store, b"x" * size)
            found = await fetch(store, sent)
            assert await read(found) == b"Subject: x\r\n\r\n" + b"x" * size
            assert await read(replace(sent, body=await store.content(sent.identity))) == await read(found)

        self.run(tmp_path, use)

    def test_many_at_a_time(self, tmp_path: Path) -> None:
        async def use(store: QueueStore) -> None:
            sent = await asyncio.gather(*(accept(store, b"%d" % n) for n in range(150)))
            numbers = {message.identity.number for message in sent}
            assert len(numbers) == len({message.queue_id for message in sent}) == 150
            assert set(await store.due(NOW, 1000)) == numbers
            for message in sent:
                assert await read(await fetch(store, message)) == await read(message)

        self.run(tmp_path, use)

    def test_a_message_from_elsewhere_is_taken_once(self, tmp_path: Path) -> None:
        """Also when the first of them is gone."""

        async def use(store: QueueStore) -> None:
            own = await accept(store)
            identity = store.identify(NOW)
            draft = store.draft(identity)
            draft.write(b"from elsewhere\r\n")
            adopted = replace(own, identity=identity, body=await draft.seal(b"\r\n"))
            assert await store.adopt(adopted, "A1/5")
            assert await store.origin(identity.number) == "A1/5"
            assert await store.origin(own.identity.number) == ""
            assert await read(await fetch(store, adopted)) == b"\r\nfrom elsewhere\r\n"
            await store.settle(Settlement(adopted, Fate.REMOVE))
            again = replace(own, identity=store.identify(NOW))
            assert not await store.adopt(again, "A1/5")
            assert await store.adopt(again, "A1/6")
            assert await store.counts() == {MessageState.ACTIVE: 2}

        self.run(tmp_path, use)

    def test_all_recipients_done_leaves_nothing(self, tmp_path: Path) -> None:
        async def use(store: QueueStore) -> None:
            sent = await accept(store)
            kept = await accept(store)
            await store.settle(Settlement(sent, Fate.REMOVE))
            assert await store.load([sent.identity.number]) == []
            assert await store.find([sent.queue_id, kept.queue_id]) == {kept.queue_id: kept.identity.number}
            assert await store.counts() == {MessageState.ACTIVE: 1}

        self.run(tmp_path, use)

    def test_a_row_that_is_done_goes_and_another_keeps_its_result(self, tmp_path: Path) -> None:
        async def use(store: QueueStore) -> None:
            sent = await accept(store)
            result = Result(2, Status.DEFERRED, "4.4.1", "no route", "none", remote_reply="450 \udcff", relayed=True)
            late = replace(sent.rows[1], result=result)
            await store.settle(Settlement(sent, Fate.KEEP, (late,), (1,)))
            found = await fetch(store, sent)
            assert found.rows == (late,)
            assert (found.state, found.due) == (MessageState.ACTIVE, NOW)

        self.run(tmp_path, use)

    def test_an_expansion_takes_the_place_of_its_recipient(self, tmp_path: Path) -> None:
        async def use(store: QueueStore) -> None:
            sent = await accept(store)
            new = Row(3, Recipient("new@example.net", "joe@example.com"), depth=1)
            failed = replace(sent.rows[1], state=RowState.FAILED)
            await store.settle(Settlement(sent, Fate.KEEP, (new, failed), (1,)))
            assert (await fetch(store, sent)).rows == (failed, new)

        self.run(tmp_path, use)

    def test_settlements_at_once_compose(self, tmp_path: Path) -> None:
        """A row that one settlement adds and the next one finishes does not come back."""

        async def use(store: QueueStore) -> None:
            sent = await accept(store)
            new = Row(3, Recipient("new@example.net", "joe@example.com"), depth=1)
            await asyncio.gather(
                store.settle(Settlement(sent, Fate.KEEP, (new,), (1,))),
                store.settle(Settlement(sent, Fate.KEEP, (), (3,))),
                store.settle(Settlement(replace(sent, due=NOW + 5, attempts=1), Fate.UPDATE)),
                store.settle(Settlement(replace(sent, due=NOW + 9, attempts=2), Fate.UPDATE)),
            )
            found = await fetch(store, sent)
            assert [row.number for row in found.rows] == [2]
            assert (found.attempts, found.due) == (2, NOW + 9)

        self.run(tmp_path, use)

    def test_a_report_comes_in_with_what_caused_it(self, tmp_path: Path) -> None:
        async def use(store: QueueStore) -> None:
            sent = await accept(store)
            identity = store.identify(NOW)
            draft = store.draft(identity)
            draft.write(b"sorry\r\n")
            report = replace(
                sent,
                identity=identity,
                envelope=Envelope("", ()),
                rows=(Row(1, Recipient("a@b.example", "a@b.example")),),
                body=await draft.seal(b"\r\n"),
            )
            await store.settle(Settlement(sent, Fate.REMOVE, reports=(report,)))
            assert await store.due(NOW, 10) == [identity.number]
            assert await read(await fetch(store, report)) == b"\r\nsorry\r\n"

        self.run(tmp_path, use)

    def test_deferral_is_remembered(self, tmp_path: Path) -> None:
        async def use(store: QueueStore) -> None:
            sent = await accept(store)
            later = replace(
                sent,
                state=MessageState.DEFERRED,
                due=NOW + 300,
                attempts=1,
                reason="no \udcff route",
                warned=True,
                renew=True,
            )
            await store.settle(Settlement(later, Fate.UPDATE))
            found = await fetch(store, sent)
            assert found == replace(later, body=found.body)
            assert await store.due(NOW + 299, 10) == []
            assert await store.due(NOW + 300, 10) == [sent.identity.number]

        self.run(tmp_path, use)

    def test_due_is_in_order_and_bounded(self, tmp_path: Path) -> None:
        async def use(store: QueueStore) -> None:
            late = await accept(store, due=NOW + 2)
            early = await accept(store, due=NOW, state=MessageState.DEFERRED)
            middle = await accept(store, due=NOW + 1)
            await accept(store, due=NOW - 1, state=MessageState.HOLD)
            numbers = [message.identity.number for message in (early, middle, late)]
            assert await store.due(NOW + 2, 10) == numbers
            assert await store.due(NOW + 2, 2) == numbers[:2]
            assert await store.due(NOW + 1, 10) == numbers[:2]

        self.run(tmp_path, use)

    def test_changes_apply_to_messages_in_a_fit_state(self, tmp_path: Path) -> None:
        async def use(store: QueueStore) -> None:
            sent = await accept(store)
            number = sent.identity.number
            await store.change([number, 999_999_999], Change.HOLD, NOW)
            assert (await fetch(store, sent)).state is MessageState.HOLD
            await store.change([number], Change.EXPEDITE, NOW - 50)
            assert (await fetch(store, sent)).due == NOW
            await store.change([number], Change.RELEASE, NOW + 5)
            released = await fetch(store, sent)
            assert (released.state, released.due) == (MessageState.DEFERRED, NOW + 5)
            await store.change([number], Change.EXPEDITE, NOW + 3)
            assert (await fetch(store, sent)).due == NOW + 3
            await store.change([number], Change.REQUEUE, NOW + 7)
            requeued = await fetch(store, sent)
            assert (requeued.renew, requeued.due) == (True, NOW + 7)
            await store.change([number], Change.SET_ASIDE, NOW, "bad checksum")
            damaged = await fetch(store, sent)
            assert (damaged.state, damaged.reason) == (MessageState.DAMAGED, "bad checksum")
            await store.change([number], Change.RELEASE, NOW)
            assert (await fetch(store, sent)).state is MessageState.DAMAGED

        self.run(tmp_path, use)

    def test_erase(self, tmp_path: Path) -> None:
        async def use(store: QueueStore) -> None:
            first, second = await accept(store), await accept(store, b"x" * 300_000)
            await store.erase([second.identity.number, 999_999_999])
            assert await store.due(NOW, 10) == [first.identity.number]
            with pytest.raises(StoreFailed):
                await store.content(second.identity)

        self.run(tmp_path, use)

    def test_browse_pages_and_selects(self, tmp_path: Path) -> None:
        async def use(store: QueueStore) -> None:
            first = await accept(store)
            second = await accept(store, recipients=(Recipient("x@Example.NET", "x@Example.NET"),))
            third = await accept(store, state=MessageState.HOLD)
            everything = await store.browse(Selection(), 0, 10)
            assert [message.queue_id for message in everything] == [first.queue_id, second.queue_id, third.queue_id]
            assert everything[0].rows == first.rows
            assert everything[0].body.size == first.body.size
            assert await read(everything[0]) == await read(first)
            page = await store.browse(Selection(), first.identity.number, 1)
            assert [message.queue_id for message in page] == [second.queue_id]
            held = await store.browse(Selection((MessageState.HOLD,)), 0, 10)
            assert [message.queue_id for message in held] == [third.queue_id]
            to_net = await store.browse(Selection(domain="example.net"), 0, 10)
            assert [message.queue_id for message in to_net] == [second.queue_id]

        self.run(tmp_path, use)

    def test_a_body_left_in_the_ledger_can_still_be_read(self, tmp_path: Path) -> None:
        async def use(store: QueueStore) -> None:
            sent = await accept(store)
            lean = replace(sent, body=store.leave_in_ledger(sent))
            assert lean.body.size == sent.body.size
            assert await read(lean) == await read(sent)

        self.run(tmp_path, use)

    def test_free_space_is_known(self, tmp_path: Path) -> None:
        async def use(store: QueueStore) -> None:
            assert store.free_space() > 0

        self.run(tmp_path, use)

    def test_a_closed_store_refuses(self, tmp_path: Path) -> None:
        async def use(store: QueueStore) -> None:
            sent = await accept(store)
            await store.close()
            with pytest.raises(StoreFailed):
                await store.settle(Settlement(sent, Fate.REMOVE))
            with pytest.raises(StoreFailed):
                await store.due(NOW, 1)

        self.run(tmp_path, use)

    def test_the_ledger_outlives_the_process(self, tmp_path: Path) -> None:
        if not self.durable:
            pytest.skip("a fake forgets")
        sent: list[StoredMessage] = []

        async def fill(store: QueueStore) -> None:
            sent.extend([await accept(store), await accept(store, b"y" * 300_000)])

        async def look(store: QueueStore) -> None:
            assert await store.due(NOW, 10) == [message.identity.number for message in sent]
            for message in sent:
                assert await read(await fetch(store, message)) == await read(message)
            again = store.identify(NOW)
            assert again.number > sent[-1].identity.number
            assert again.queue_id not in {message.queue_id for message in sent}

        self.run(tmp_path, fill)
        self.run(tmp_path, look)
