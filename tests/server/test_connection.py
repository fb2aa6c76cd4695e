"""A connection: what waits, for how long, and what is read when."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
from OpenSSL import SSL

from gatepost.mail.reply import Reply
from gatepost.server.connection import INPUT_LIMIT, OUTPUT_LIMIT, Connection, PeerLost, PeerSilent, Retired
from gatepost.smtp.commands import Verb
from gatepost.smtp.machine import CommandLine
from tests.fakes.clock import run, settle
from tests.fakes.tls import client, feed, server
from tests.fakes.tls import wire as from_client
from tests.fakes.wire import Wire

OK = Reply.of(250, "2.0.0", "Ok")


async def parrot(connection: Connection) -> None:
    """Say OK to everything."""
    verb = Verb.GREETING
    while True:
        connection.write(OK.render())
        connection.machine.replied(verb, OK)
        assert isinstance(await connection.event(), CommandLine)
        verb = Verb.NOOP


def ending(
    serve: Callable[[Connection], Awaitable[None]], seen: list[BaseException]
) -> Callable[[Connection], Awaitable[None]]:
    async def run_it(connection: Connection) -> None:
        try:
            await serve(connection)
        except (PeerLost, PeerSilent, Retired) as error:
            seen.append(error)

    return run_it


def test_replies_to_pipelined_commands_leave_together() -> None:
    async def scene() -> None:
        wire = Wire(Connection(ending(parrot, [])))
        await wire.heard()
        await wire.send(b"NOOP\r\n" * 3)
        assert OK.render() * 3 == await wire.heard()
        await wire.hang_up()

    run(scene())


@pytest.mark.parametrize("after", [0, 1])
def test_a_silent_peer_is_given_up(after: int) -> None:
    seen: list[BaseException] = []

    async def scene() -> None:
        connection = Connection(ending(parrot, seen))
        connection.timeout = 10
        wire = Wire(connection)
        await wire.send(b"NOOP\r\n" * after)
        await asyncio.sleep(9)
        assert not seen
        await asyncio.sleep(2)
        assert wire.transport.closed

    run(scene())
    assert [PeerSilent] == [type(error) for error in seen]


def test_a_peer_that_goes_is_missed_after_what_it_said() -> None:
    seen: list[BaseException] = []

    async def scene() -> None:
        wire = Wire(Connection(ending(parrot, seen)))
        await wire.heard()
        await wire.send(b"NOOP\r\n")
        assert wire.end()
        assert OK.render() == await wire.heard()
        assert wire.transport.closed

    run(scene())
    assert [PeerLost] == [type(error) for error in seen]


def test_a_peer_that_sends_too_much_is_not_read() -> None:
    async def scene() -> None:
        gate = asyncio.Event()

        async def slow(connection: Connection) -> None:
            await gate.wait()
            await parrot(connection)

        wire = Wire(Connection(ending(slow, [])))
        await wire.send(b"NOOP\r\n" * (INPUT_LIMIT // 6 + 1))
        assert not wire.transport.reading
        gate.set()
        await wire.rest()
        assert wire.transport.reading
        await wire.hang_up()

    run(scene())


def test_a_peer_that_does_not_read_is_waited_for_and_given_up() -> None:
    seen: list[BaseException] = []

    async def scene() -> None:
        connection = Connection(ending(parrot, seen))
        connection.timeout = 10
        wire = Wire(connection)
        connection.pause_writing()
        await wire.send(b"NOOP\r\n" * OUTPUT_LIMIT)
        assert len(wire.transport.output) < 2 * OUTPUT_LIMIT
        connection.resume_writing()
        await settle()
        assert len(OK.render()) * (OUTPUT_LIMIT + 1) == len(wire.transport.output)
        connection.pause_writing()
        await wire.send(b"NOOP\r\n")
        await asyncio.sleep(11)

    run(scene())
    assert [PeerSilent] == [type(error) for error in seen]


def test_a_session_ends_when_it_is_told_to() -> None:
    seen: list[BaseException] = []

    async def scene() -> None:
        connection = Connection(ending(parrot, seen))
        wire = Wire(connection)
        await settle()
        connection.retire()
        await settle()
        assert wire.transport.closed

    run(scene())
    assert [Retired] == [type(error) for error in seen]


def test_addresses() -> None:
    async def scene() -> None:
        connection = Connection(ending(parrot, []))
        assert ("", "") == connection.address("peername")
        wire = Wire(connection, ("192.0.2.7", 4711))
        assert ("192.0.2.7", "4711") == connection.address("peername")
        connection.abort()
        await wire.rest()

    run(scene())


def test_a_held_connection_is_not_read() -> None:
    async def scene() -> None:
        wire = Wire(Connection(ending(parrot, []), hold=True))
        assert not wire.transport.reading
        await wire.hang_up()

    run(scene())


def test_what_comes_before_tls_in_wrapper_mode_is_for_tls() -> None:
    """An event loop may begin to read although `connection_made` has paused it; uvloop does."""
    heard: list[str] = []

    async def scene() -> None:
        ready = asyncio.Event()

        async def serve(connection: Connection) -> None:
            await ready.wait()
            connection.secure(server().channel("a[192.0.2.1]"))
            assert await connection.handshake(10)
            assert connection.channel is not None
            heard.append(connection.channel.details.protocol)

        connection = Connection(serve, hold=True)
        wire = Wire(connection)
        other = client()
        with suppress(SSL.WantReadError):
            other.do_handshake()
        connection.data_received(from_client(other))
        ready.set()
        await settle()
        for _ in range(3):
            feed(other, await wire.heard())
            with suppress(SSL.WantReadError):
                other.do_handshake()
            await wire.send(from_client(other))

    run(scene())
    assert ["TLSv1.3"] == heard
