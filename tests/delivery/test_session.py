"""Sessions from greeting to verdict."""

from __future__ import annotations

import asyncio

import pytest

from gatepost.delivery.connect import Place, connect
from gatepost.delivery.rules import ClientRules
from gatepost.delivery.session import SessionReport, Sessions, SessionTerms
from gatepost.mail.envelope import Recipient
from gatepost.mail.events import Emit, Event, Noted
from gatepost.smtp.client_values import Mail, Server, TlsLevel
from tests.fakes.jobs import CONTENT, FakeBody
from tests.fakes.peer import FakePeer

MAIL = Mail("a@a.example", (Recipient("b@b.example", "b@b.example"),), len(CONTENT))


RULES = ClientRules(name="mx.ohio.net")


async def hold(peer: FakePeer, emit: Emit = lambda _: None, rules: ClientRules = RULES) -> SessionReport:
    connection = await connect(Place(peer.address, peer.port), 5)
    server = Server("peer", peer.address, str(peer.port))
    terms = SessionTerms(rules, server, "Q", "peer", TlsLevel.NONE, None, detects_loops=True)
    return await Sessions(None).hold(connection, terms, MAIL, lambda _: FakeBody().chunks(), emit)


def test_a_session_reports_outcomes() -> None:
    async def main() -> None:
        async with FakePeer() as peer:
            report = await hold(peer)
            assert [outcome.text for outcome in report.outcomes] == ["250 2.0.0 taken"]
            assert (report.failure, report.takes_dsn, report.tls_broke) == (None, True, False)
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


@pytest.mark.parametrize(("notes", "told"), [(True, ["Host offered STARTTLS: [peer]"]), (False, [])])
def test_an_offer_of_tls_that_is_not_taken_is_noted(notes: bool, told: list[str]) -> None:
    async def main() -> None:
        events: list[Event] = []
        async with FakePeer(replies={"EHLO": "250-peer\r\n250 STARTTLS"}) as peer:
            await hold(peer, events.append, ClientRules(name="mx.ohio.net", notes_tls_offers=notes))
        assert told == [event.text for event in events if isinstance(event, Noted)]

    asyncio.run(main())


def test_terms_become_a_plan() -> None:
    terms = SessionTerms(
        ClientRules(line_limit=5),
        Server("h", "a", "25"),
        "Q",
        "hop",
        TlsLevel.MAY,
        None,
        detects_loops=False,
        discard=frozenset({"DSN"}),
    )
    plan = terms.plan(tls_usable=False)
    assert plan.discard == {"DSN"}
    assert (plan.line_limit, plan.queue_id, plan.nexthop, plan.tls) == (5, "Q", "hop", TlsLevel.MAY)
    assert (plan.tls_usable, plan.detects_loops) == (False, False)
