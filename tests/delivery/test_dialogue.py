"""The shell around the machine; the agent's tests drive it against a server that stalls everywhere."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.delivery.connect import Connection, Place, connect
from gatepost.delivery.content import AT_ONCE, Content
from gatepost.delivery.dialogue import Dialogue
from gatepost.mail.envelope import Recipient
from gatepost.mail.events import Event
from gatepost.maillog import text
from gatepost.smtp.client import ClientMachine
from gatepost.smtp.client_values import Mail, Server, SessionPlan, Stage, TlsLevel
from tests.fakes.clock import run, settle
from tests.fakes.jobs import CONTENT, FakeBody
from tests.fakes.peer import FakePeer
from tests.fakes.wire import FakeTransport

MAIL = Mail("a@a.example", (Recipient("b@b.example", "b@b.example"),), len(CONTENT))
SEVERAL = CONTENT + b"x\r\n" * AT_ONCE


class Slow(Connection):
    """A connection to a server that takes a second for each piece."""

    async def drained(self) -> None:
        await asyncio.sleep(1.0)


async def begin(peer: FakePeer, seen: list[Event] | None = None, tls: TlsLevel = TlsLevel.NONE) -> Dialogue:
    connection = await connect(Place(peer.address, peer.port), 5)
    plan = SessionPlan(Server("peer", peer.address, str(peer.port)), "mx.ohio.net", queue_id="Q", tls=tls)
    noted: list[Event] = [] if seen is None else seen
    return Dialogue(ClientMachine(plan), connection, dict.fromkeys(Stage, 5.0), noted.append)


@pytest.mark.parametrize(
    "body", [FakeBody(), FakeBody(piece=5), FakeBody(SEVERAL, piece=10_000)], ids=["whole", "pieces", "many"]
)
def test_one_session_takes_several_mails(body: FakeBody) -> None:
    async def main() -> None:
        async with FakePeer() as peer:
            dialogue = await begin(peer)
            assert await dialogue.open()
            for _ in range(2):
                await dialogue.send(MAIL, Content(body))
                assert [outcome.is_sent for outcome in dialogue.machine.outcomes] == [True]
                assert dialogue.is_idle
            dialogue.leave()
        assert peer.mails == [body.content, body.content]
        assert peer.commands[-1] == "QUIT"

    asyncio.run(main())


def peer_at(peer: FakePeer) -> str:
    return f"peer[{peer.address}]:{peer.port}"


def test_the_dot_waits_for_a_server_behind_a_firewall() -> None:
    async def main() -> None:
        async with FakePeer(replies={"CONNECT": "220 ****"}) as peer:
            connection = await connect(Place(peer.address, peer.port), 5)
            plan = SessionPlan(Server("peer", peer.address, ""), "mx.ohio.net", pix=frozenset({"delay_dotcrlf"}))
            dialogue = Dialogue(ClientMachine(plan), connection, {}, lambda _: None, pause=0.001)
            await dialogue.open()
            await dialogue.send(MAIL, Content(FakeBody()))
            assert [outcome.is_sent for outcome in dialogue.machine.outcomes] == [True]
            dialogue.leave()

    asyncio.run(main())


@pytest.mark.parametrize(("sent", "rate"), [(True, 0), (False, 100), (True, 8)])
def test_content_as_a_whole_can_have_a_time_limit(sent: bool, rate: int) -> None:
    """Each piece is soon enough for a limit of its own; a rate that the server does not reach uses the time up."""

    async def main() -> None:
        connection = Slow()
        connection.connection_made(FakeTransport(connection, ("127.0.0.1", 1), ("127.0.0.1", 2)))
        machine = ClientMachine(SessionPlan(Server("peer", "127.0.0.1"), "mx.ohio.net"))
        dialogue = Dialogue(machine, connection, {Stage.BODY: 5.0}, lambda _: None, rate=rate)
        opening = asyncio.create_task(dialogue.open())
        await settle()
        dialogue.received(b"220 hi\r\n")
        dialogue.received(b"250 peer\r\n")
        assert await opening
        sending = asyncio.create_task(dialogue.send(MAIL, Content(FakeBody(b"x" * 200 + b"\r\n", piece=8))))
        await settle()
        for reply in (b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"):
            dialogue.received(reply)
        await asyncio.sleep(60.0)
        dialogue.received(b"250 taken\r\n")
        await sending
        assert [outcome.is_sent for outcome in machine.outcomes] == [sent]

    run(main())


def test_a_fault_of_ours_is_told_to_who_waits() -> None:
    """Otherwise the delivery would wait for ever for an answer that was swallowed."""

    class Faulty(ClientMachine):
        def receive(self, data: bytes) -> None:
            raise ZeroDivisionError(data)

    async def main() -> None:
        async with FakePeer() as peer:
            connection = await connect(Place(peer.address, peer.port), 5)
            machine = Faulty(SessionPlan(Server("peer", peer.address), "mx.ohio.net"))
            with pytest.raises(ZeroDivisionError):
                await Dialogue(machine, connection, {}, lambda _: None).open()

    asyncio.run(main())


def test_what_the_machine_notes_is_logged() -> None:
    async def main() -> None:
        seen: list[Event] = []
        async with FakePeer(replies={"CONNECT": f"220-{'x' * 3000}\r\n220 hi"}) as peer:
            dialogue = await begin(peer, seen)
            await dialogue.open()
            dialogue.leave()
        assert [text(event).partition(" longer ")[0] for event in seen] == [f"warning: {peer_at(peer)}: response"]

    asyncio.run(main())


def test_tls_without_our_side_is_a_failure() -> None:
    async def main() -> None:
        async with FakePeer(offers=("STARTTLS",), replies={"STARTTLS": "220 go"}) as peer:
            dialogue = await begin(peer, tls=TlsLevel.MAY)
            assert not await dialogue.open()
            assert dialogue.machine.failure is not None
            assert dialogue.machine.failure.dsn == "4.7.5"
            dialogue.leave()

    asyncio.run(main())


def test_a_server_that_says_something_unasked_is_not_idle() -> None:
    async def main() -> None:
        async with FakePeer(replies={".": "250 ok\r\n421 enough"}) as peer:
            dialogue = await begin(peer)
            await dialogue.open()
            await dialogue.send(MAIL, Content(FakeBody()))
            assert [outcome.is_sent for outcome in dialogue.machine.outcomes] == [True]
            assert not dialogue.is_idle
            dialogue.leave()

    asyncio.run(main())


def test_a_server_that_talks_while_it_should_listen_is_left() -> None:
    """What it says is bounded, also while nobody reads it."""

    async def main() -> None:
        async with FakePeer(replies={"DATA": "354 go\r\n" + "250-x\r\n" * 20_000}) as peer:
            dialogue = await begin(peer)
            await dialogue.open()
            await dialogue.send(MAIL, Content(FakeBody(SEVERAL, piece=10_000)))
            (outcome,) = dialogue.machine.outcomes
            assert outcome.dsn == "4.5.0"
            dialogue.leave()

    asyncio.run(main())


SAID = st.one_of(
    st.binary(min_size=1, max_size=30),
    st.sampled_from([b"220 hi\r\n", b"250-x\r\n250 PIPELINING\r\n", b"250 ok\r\n", b"354 go\r\n", b"421 bye\r\n"]),
)


@pytest.mark.parametrize("body", [FakeBody(), FakeBody(piece=5)], ids=["whole", "pieces"])
@given(st.lists(SAID, max_size=12), st.booleans(), st.booleans())
def test_whatever_a_server_says_the_delivery_ends(
    body: FakeBody, said: list[bytes], is_good: bool, hangs_up: bool
) -> None:
    """With an outcome for everybody and a connection that is let go of, in a time that has a bound."""

    async def main() -> None:
        connection = Connection()
        transport = FakeTransport(connection, ("127.0.0.1", 1), ("127.0.0.1", 2))
        connection.connection_made(transport)
        machine = ClientMachine(SessionPlan(Server("peer", "127.0.0.1"), "mx.ohio.net", skip_quit_reply=False))
        dialogue = Dialogue(machine, connection, dict.fromkeys(Stage, 10.0), lambda _: None)

        async def deliver() -> None:
            if await dialogue.open():
                await dialogue.send(MAIL, Content(body))
                assert len(machine.outcomes) == 1
            else:
                assert machine.failure is not None
            dialogue.leave()

        began = asyncio.get_running_loop().time()
        delivery = asyncio.create_task(deliver())
        await settle()
        for piece in [b"220 hi\r\n", b"250 x\r\n"] * is_good + said:
            if not transport.closed:
                connection.data_received(piece)
                await settle()
        if hangs_up:
            transport.close()
        await delivery
        await asyncio.sleep(11.0)
        assert transport.closed
        assert asyncio.get_running_loop().time() - began < 10.0 * len(Stage)

    run(main())
