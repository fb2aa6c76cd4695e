"""Sessions from greeting to goodbye."""

from __future__ import annotations

import asyncio

import pytest

from gatepost.delivery.connect import Place, connect
from gatepost.delivery.content import Content
from gatepost.delivery.rules import ClientRules
from gatepost.delivery.session import Session, SessionReport
from gatepost.delivery.terms import SessionTerms
from gatepost.mail.envelope import Recipient
from gatepost.mail.events import Emit, Event, Noted
from gatepost.smtp.client_values import Mail, Server
from gatepost.tls.policy import TlsPolicy
from tests.fakes.jobs import CONTENT, FakeBody
from tests.fakes.peer import FakePeer

MAIL = Mail("a@a.example", (Recipient("b@b.example", "b@b.example"),), len(CONTENT))
RULES = ClientRules(name="mx.ohio.net")


async def begin(peer: FakePeer, rules: ClientRules = RULES) -> Session:
    connection = await connect(Place(peer.address, peer.port), 5)
    server = Server("peer", peer.address, str(peer.port))
    return Session(connection, SessionTerms(rules, server, "peer", TlsPolicy(), None, detects_loops=True), None)


async def hold(peer: FakePeer, emit: Emit = lambda _: None, rules: ClientRules = RULES) -> SessionReport:
    session = await begin(peer, rules)
    failed = await session.open("Q", 0.0, emit)
    report = failed or await session.send(MAIL, Content(FakeBody()), emit)
    session.leave()
    return report


def test_a_session_reports_outcomes() -> None:
    async def main() -> None:
        async with FakePeer() as peer:
            report = await hold(peer)
            assert [outcome.text for outcome in report.outcomes] == ["250 2.0.0 taken"]
            assert (report.failure, report.takes_dsn, report.optional_tls_broke, report.uses) == (None, True, False, 1)
            assert report.transmission >= 0

    asyncio.run(main())


def test_a_session_that_never_stood_reports_why() -> None:
    async def main() -> None:
        async with FakePeer(replies={"CONNECT": "421 busy"}) as peer:
            report = await hold(peer)
            assert report.failure is not None
            assert report.failure.dsn == "4.0.0"
            assert report.outcomes == ()

    asyncio.run(main())


def test_a_session_that_is_cancelled_lets_go_of_its_connection() -> None:
    async def main() -> None:
        async with FakePeer(stalls_at="EHLO") as peer:
            task = asyncio.create_task(hold(peer))
            await peer.stalled.wait()
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()

    asyncio.run(main())


@pytest.mark.parametrize("said", ["421 4.3.2 enough", ""])
def test_a_server_that_left_before_it_heard_of_the_mail(said: str) -> None:
    """It hung up, or said 421, while the session was kept: nothing was said about the mail."""

    async def main() -> None:
        async with FakePeer() as peer:
            session = await begin(peer)
            assert await session.open("Q", 0.0, lambda _: None) is None
            first = await session.send(MAIL, Content(FakeBody()), lambda _: None)
            assert (first.was_stale, session.is_idle) == (False, True)
            peer.replies["MAIL"] = said
            peer.hangs_up_at = "RCPT" if said else "MAIL"
            second = await session.send(MAIL, Content(FakeBody()), lambda _: None)
            assert (second.was_stale, second.uses, session.is_idle) == (True, 2, False)
            session.leave()

    asyncio.run(main())


def test_a_refusal_in_a_kept_session_is_one() -> None:
    async def main() -> None:
        async with FakePeer() as peer:
            session = await begin(peer)
            await session.open("Q", 0.0, lambda _: None)
            await session.send(MAIL, Content(FakeBody()), lambda _: None)
            peer.replies["RCPT"] = "450 later"
            report = await session.send(MAIL, Content(FakeBody()), lambda _: None)
            assert (report.was_stale, [outcome.dsn for outcome in report.outcomes]) == (False, ["4.0.0"])
            session.leave()

    asyncio.run(main())


@pytest.mark.parametrize(("notes", "told"), [(True, ["Host offered STARTTLS: [peer]"]), (False, [])])
def test_an_offer_of_tls_that_is_not_taken_is_noted(notes: bool, told: list[str]) -> None:
    async def main() -> None:
        events: list[Event] = []
        async with FakePeer(replies={"EHLO": "250-peer\r\n250 STARTTLS"}) as peer:
            await hold(peer, events.append, ClientRules(name="mx.ohio.net", notes_tls_offers=notes))
        assert told == [event.text for event in events if isinstance(event, Noted)]

    asyncio.run(main())
