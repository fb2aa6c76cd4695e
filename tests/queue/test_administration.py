"""What an administrator asks, over a store in memory."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace
from pathlib import Path

import pytest

from gatepost.mail.envelope import Envelope, Recipient
from gatepost.mail.events import Event
from gatepost.maillog import text
from gatepost.queue.administration import Administration, Answer, Request, StoreActor, Verb, entry
from gatepost.queue.record import MessageState, Row
from tests.fakes.store import FakeStore
from tests.queue.contract import NOW, accept
from tests.queue.test_conclusion import DEFERRED


class Desk:
    """An administration with everything around it."""

    def __init__(self, folder: Path = Path("/nowhere")) -> None:
        self.store = FakeStore()
        self.lines: list[str] = []
        self.administration = Administration(self.store, StoreActor(self.store, lambda: NOW + 10), self.log, folder)

    def log(self, event: Event) -> None:
        self.lines.append(text(event))

    def fill(self, *states: MessageState) -> list[str]:
        async def session() -> list[str]:
            return [(await accept(self.store, state=state, due=NOW + 100)).queue_id for state in states]

        return asyncio.run(session())

    def ask(self, verb: Verb, *names: str) -> list[Answer]:
        async def session() -> list[Answer]:
            return [answer async for answer in self.administration.answer(Request(verb, names))]

        return asyncio.run(session())

    def states(self) -> list[MessageState]:
        return [message.state for _, message in sorted(self.store.messages.items())]


ACTIVE, DEFERRED_STATE, HOLD, DAMAGED = MessageState


@pytest.mark.parametrize(
    ("verb", "done", "line", "after"),
    [
        (Verb.HOLD, [0, 1], "placed on hold", [HOLD, HOLD, HOLD, DAMAGED]),
        (Verb.RELEASE, [2], "released from hold", [ACTIVE, DEFERRED_STATE, DEFERRED_STATE, DAMAGED]),
        (Verb.REQUEUE, [0, 1, 2], "requeued", [DEFERRED_STATE, DEFERRED_STATE, DEFERRED_STATE, DAMAGED]),
        (Verb.DELETE, [0, 1, 2, 3], "removed", []),
    ],
)
def test_a_change_applies_to_messages_in_a_fit_state(
    verb: Verb, done: list[int], line: str, after: list[MessageState]
) -> None:
    for names in ((), ("ALL",)):
        desk = Desk()
        ids = desk.fill(*MessageState)
        answers = desk.ask(verb, *(names or ids))
        assert answers == [{"queue_id": ids[n], "done": verb.value} for n in done]
        assert desk.lines == [f"{ids[n]}: {line}" for n in done]
        assert desk.states() == after


def test_what_is_not_there_is_left_out() -> None:
    desk = Desk()
    (queue_id,) = desk.fill(ACTIVE)
    assert desk.ask(Verb.DELETE, "NOSUCH") == []
    assert [answer["queue_id"] for answer in desk.ask(Verb.LIST, queue_id, "NOSUCH")] == [queue_id]
    assert len(desk.ask(Verb.LIST)) == 1


def test_flush() -> None:
    desk = Desk()
    desk.fill(DEFERRED_STATE, DEFERRED_STATE, HOLD)
    assert desk.ask(Verb.FLUSH, "nowhere.example") == [{"count": 0}]
    assert desk.ask(Verb.FLUSH, "Example.ORG") == [{"count": 2}]
    assert desk.ask(Verb.FLUSH) == [{"count": 2}]
    assert [m.due for m in desk.store.messages.values()] == [NOW + 10, NOW + 10, NOW + 100]


def test_show_has_the_content() -> None:
    desk = Desk()
    (queue_id,) = desk.fill(ACTIVE)
    first, *pieces = desk.ask(Verb.SHOW, queue_id)
    assert first["queue_id"] == queue_id
    content = b"".join(base64.b64decode(str(piece["content"])) for piece in pieces)
    assert content == b"Subject: x\r\n\r\nbody\r\n"


def test_an_entry_has_postqueues_names() -> None:
    desk = Desk()
    desk.fill(DEFERRED_STATE)
    (message,) = desk.store.messages.values()
    recipient = Recipient("a b\udcff@x.example", "a b@x.example")
    given = replace(
        message,
        rows=(Row(1, recipient, result=replace(DEFERRED, text="no \udcff")), Row(2, Recipient("c@x", "c@x"))),
        envelope=Envelope("", ()),
        reason="why",
        attempts=3,
    )
    assert entry(given) == {
        "queue_name": "deferred",
        "queue_id": message.queue_id,
        "arrival_time": int(NOW),
        "message_size": 20,
        "forced_expire": False,
        "sender": "MAILER-DAEMON",
        "next_attempt": int(NOW) + 100,
        "attempts": 3,
        "reason": "why",
        "recipients": [{"address": r'"a b\udcff"@x.example', "delay_reason": r"no \udcff"}, {"address": "c@x"}],
    }


def test_a_long_queue_is_listed_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatepost.queue.administration.PAGE", 2)
    desk = Desk()
    ids = desk.fill(*[ACTIVE] * 5)
    assert [answer["queue_id"] for answer in desk.ask(Verb.LIST)] == ids
    assert len(desk.ask(Verb.DELETE, "ALL")) == 5


@pytest.mark.parametrize(
    "given", [[], {}, {"do": "dance"}, {"do": "list", "names": "A1"}, {"do": "list", "names": [1]}]
)
def test_a_request_that_makes_no_sense(given: object) -> None:
    with pytest.raises(ValueError, match=r"must be|is not a valid"):
        Request.read(given)


def test_a_request_comes_back() -> None:
    request = Request(Verb.HOLD, ("A1", "A2"))
    assert Request.read(request.as_json()) == request
