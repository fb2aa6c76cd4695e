"""The shell around the machine; the agent's tests drive it against a server that stalls everywhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from gatepost.delivery.connect import Place, connect
from gatepost.delivery.dialogue import Dialogue
from gatepost.mail.envelope import Recipient
from gatepost.mail.events import Event
from gatepost.maillog import text
from gatepost.smtp.client import ClientMachine
from gatepost.smtp.client_values import Mail, Server, SessionPlan, Stage, TlsLevel
from tests.fakes.jobs import CONTENT, FakeBody
from tests.fakes.peer import FakePeer

MAIL = Mail("a@a.example", (Recipient("b@b.example", "b@b.example"),), len(CONTENT))


async def begin(peer: FakePeer, seen: list[Event] | None = None, tls: TlsLevel = TlsLevel.NONE) -> Dialogue:
    connection = await connect(Place(peer.address, peer.port), 5)
    plan = SessionPlan(Server("peer", peer.address, str(peer.port)), "mx.ohio.net", queue_id="Q", tls=tls)
    noted: list[Event] = [] if seen is None else seen
    return Dialogue(ClientMachine(plan), connection, dict.fromkeys(Stage, 5.0), noted.append)


def content(_: frozenset[str]) -> AsyncIterator[bytes]:
    return FakeBody().chunks()


def test_one_session_takes_several_mails() -> None:
    async def main() -> None:
        async with FakePeer() as peer:
            dialogue = await begin(peer)
            assert await dialogue.open()
            for _ in range(2):
                await dialogue.send(MAIL, content)
                assert [outcome.is_sent for outcome in dialogue.machine.outcomes] == [True]
            await dialogue.close()
        assert peer.mails == [CONTENT, CONTENT]
        assert peer.commands[-1] == "QUIT"

    asyncio.run(main())


def test_what_the_machine_notes_is_logged() -> None:
    async def main() -> None:
        seen: list[Event] = []
        async with FakePeer(replies={"CONNECT": "noise\r\n220 hi"}) as peer:
            dialogue = await begin(peer, seen)
            await dialogue.open()
            await dialogue.close()
        assert [text(event).partition(" from ")[0] for event in seen] == ["warning: Q: non-ESMTP response"]

    asyncio.run(main())


def test_tls_without_our_side_is_a_failure() -> None:
    async def main() -> None:
        async with FakePeer(offers=("STARTTLS",), replies={"STARTTLS": "220 go"}) as peer:
            dialogue = await begin(peer, tls=TlsLevel.MAY)
            assert not await dialogue.open()
            assert dialogue.machine.failure is not None
            assert dialogue.machine.failure.dsn == "4.7.5"
            await dialogue.close()

    asyncio.run(main())
