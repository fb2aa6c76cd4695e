"""Connections on loopback."""

from __future__ import annotations

import asyncio
import errno

import pytest

from gatepost.delivery.connect import READ_AHEAD, Connection, Place, connect, port_number, reason
from tests.fakes.peer import FakePeer


def test_bytes_go_both_ways() -> None:
    async def main() -> None:
        async with FakePeer() as peer:
            connection = await connect(Place(peer.address, peer.port, source="127.0.0.3"), 5)
            assert await connection.read() == b"220 peer.example ESMTP\r\n"
            connection.write(b"QUIT\r\n")
            await connection.drained()
            assert await connection.read() == b"221 bye\r\n"
            assert await connection.read() == b""
            assert connection.is_over
            connection.write(b"into the void")
            connection.close()
            connection.abort()

    asyncio.run(main())


def test_a_fast_peer_is_made_to_wait() -> None:
    async def main() -> None:
        sent = 0

        async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal sent
            try:
                while True:
                    writer.write(b"x" * 65_536)
                    sent += 65_536
                    await writer.drain()
            except ConnectionError:
                writer.transport.abort()

        server = await asyncio.start_server(flood, "127.0.0.1", 0)
        connection = await connect(Place("127.0.0.1", server.sockets[0].getsockname()[1]), 5)
        before = -1
        while before != sent:  # until the peer is stopped
            before = sent
            for _ in range(50):
                await asyncio.sleep(0)
        assert len(connection._received) < READ_AHEAD + 1_000_000
        assert await connection.read()
        connection.abort()
        server.close()

    asyncio.run(main())


def test_a_time_limit_reads_like_the_systems_own() -> None:
    async def main() -> None:
        with pytest.raises(TimeoutError) as caught:
            await connect(Place("127.0.0.1", 9), 0)
        assert reason(caught.value) == "Connection timed out"

    asyncio.run(main())


def test_reasons_are_the_systems_words() -> None:
    assert reason(OSError(errno.ECONNREFUSED, "[Errno 111] Connect call failed")) == "Connection refused"
    assert reason(OSError("odd")) == "odd"


@pytest.mark.parametrize(("port", "number"), [("25", 25), ("smtp", 25)])
def test_ports(port: str, number: int) -> None:
    assert number == port_number(port)


@pytest.mark.parametrize("port", ["0", "65536", "-1", "nonsense", "9" * 5000])
def test_what_is_no_port(port: str) -> None:
    with pytest.raises(ValueError, match=r"port|service"):
        port_number(port)


def test_a_connection_without_transport_is_harmless() -> None:
    connection = Connection()
    connection.write(b"x")
    connection.close()
    connection.abort()
    connection.connection_lost(None)
    assert connection.is_over
