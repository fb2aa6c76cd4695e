"""Accepting, replacing the snapshot, and stopping, on real sockets of this machine."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace

import pytest
import uvloop

from tests.fakes.smtpd import service


def listening() -> socket.socket:
    made = socket.create_server(("127.0.0.1", 0))
    made.setblocking(False)
    return made


def test_a_session_over_tcp_and_a_kind_stop() -> None:
    async def scene() -> None:
        played = service()
        ear = listening()
        await played.listener.open(ear)
        reader, writer = await asyncio.open_connection(*ear.getsockname())
        assert b"220 mx.example ESMTP Postfix\r\n" == await reader.readline()
        writer.write(b"EHLO c.example\r\n")
        assert b"250-mx.example\r\n" == await reader.readline()
        assert 1 == len(played.listener)
        await played.listener.stop(5)
        assert (await reader.read()).endswith(b"421 4.3.2 mx.example Service shutting down, try again later\r\n")
        assert 0 == len(played.listener)
        writer.close()

    uvloop.run(scene())


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_our_address_is_the_one_the_client_connected_to(host: str) -> None:
    async def scene() -> None:
        played = service()
        ear = socket.create_server((host, 0))
        ear.setblocking(False)
        port = ear.getsockname()[1]
        await played.listener.open(ear)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await reader.readline()
        (session,) = played.sessions
        assert ("127.0.0.1", str(port)) == (session.server_address, session.server_port)
        writer.close()
        await played.listener.stop(5)

    uvloop.run(scene())


def test_a_session_keeps_its_snapshot() -> None:
    async def scene() -> None:
        played = service()
        old = played.listener.snapshot
        wire = played.connect()
        await wire.heard()
        played.listener.snapshot = replace(old, name="new")
        other = played.connect()
        await other.heard()
        assert {id(old), id(played.listener.snapshot)} == played.listener.snapshots
        played.listener.retire(old)
        assert b"421 4.3.2 mx.example Service shutting down, try again later\r\n" == await wire.heard()
        assert 1 == len(played.listener)
        await other.hang_up()

    asyncio.run(scene())


def test_a_mail_transaction_is_finished_first() -> None:
    async def scene() -> None:
        played = service()
        wire = played.connect()
        await wire.heard()
        await wire.say("HELO c.example", "MAIL FROM:<a@b.example>")
        played.listener.retire()
        *_, last = await wire.say("RCPT TO:<x@mx.example>", "DATA", ".")
        assert last.startswith("250 2.0.0 Ok")
        assert last.endswith("\r\n421 4.3.2 mx.example Service shutting down, try again later")
        assert 1 == len(played.intake.taken)

    asyncio.run(scene())


def test_a_session_inside_a_message_is_given_its_time_and_no_more() -> None:
    async def scene() -> None:
        played = service()
        wire = played.connect()
        await wire.heard()
        await wire.say("HELO c.example", "MAIL FROM:<a@b.example>", "RCPT TO:<x@mx.example>", "DATA")
        stopping = asyncio.create_task(played.listener.stop(0.2))
        assert b"" == await wire.heard()
        await stopping
        assert wire.transport.closed
        assert not played.intake.taken
        assert not played.intake.open

    asyncio.run(scene())
