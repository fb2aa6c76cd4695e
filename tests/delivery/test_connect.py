"""Connections on loopback."""

from __future__ import annotations

import asyncio
import errno

import pytest

from gatepost.delivery.connect import READ_AHEAD, CannotBind, Connection, Place, connect, port_number, reason
from tests.fakes.peer import FakePeer


class Ear:
    """A listener that keeps what it hears, and can be waited for."""

    def __init__(self) -> None:
        self.heard = b""
        self.told: list[str] = []
        self._changed = asyncio.Event()

    def received(self, data: bytes) -> None:
        self.heard += data
        self._changed.set()

    def ended(self) -> None:
        self.told.append("ended")
        self._changed.set()

    def expired(self) -> None:
        self.told.append("expired")
        self._changed.set()

    async def change(self) -> None:
        await self._changed.wait()
        self._changed.clear()


def test_bytes_go_both_ways() -> None:
    async def main() -> None:
        async with FakePeer() as peer:
            connection = await connect(Place(peer.address, peer.port, source="127.0.0.3"), 5)
            ear = Ear()
            connection.listen(ear)
            while ear.heard != b"220 peer.example ESMTP\r\n":
                await ear.change()
            connection.write(b"QUIT\r\n")
            await connection.drained()
            while not ear.told:
                await ear.change()
            assert (ear.heard, ear.told) == (b"220 peer.example ESMTP\r\n221 bye\r\n", ["ended"])
            assert connection.is_over
            connection.write(b"into the void")
            connection.close()
            connection.abort()

    asyncio.run(main())


def test_what_came_before_somebody_listened_is_heard() -> None:
    async def main() -> None:
        connection, ear = Connection(), Ear()
        connection.data_received(b"220 ")
        connection.data_received(b"hi\r\n")
        connection.eof_received()
        connection.listen(ear)
        assert (ear.heard, ear.told) == (b"220 hi\r\n", ["ended"])

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
        ear = Ear()
        connection.listen(ear)
        assert 0 < len(ear.heard) < READ_AHEAD + 1_000_000
        connection.abort()
        server.close()

    asyncio.run(main())


def test_one_timer_serves_all_limits() -> None:
    """A limit that is moved on does not ring at its old time; one that comes nearer does."""

    async def main() -> None:
        connection, ear = Connection(), Ear()
        connection.listen(ear)
        connection.limit(0.0)
        connection.limit(60.0)
        connection._ring()  # as the first one's timer does
        assert not ear.told
        connection.limit(None)
        connection._ring()
        assert not ear.told
        connection.limit(60.0)
        connection.limit(0.0)
        await ear.change()
        assert ear.told == ["expired"]
        connection.connection_lost(None)

    asyncio.run(main())


def test_a_time_limit_reads_like_the_systems_own() -> None:
    async def main() -> None:
        with pytest.raises(TimeoutError) as caught:
            await connect(Place("127.0.0.1", 9), 0)
        assert reason(caught.value) == "Connection timed out"

    asyncio.run(main())


def test_an_address_that_is_not_ours_cannot_be_bound() -> None:
    async def main() -> None:
        with pytest.raises(CannotBind, match="Cannot assign requested address"):
            await connect(Place("127.0.0.1", 9, source="192.0.2.1"), 5)

    asyncio.run(main())


def test_reasons_are_the_systems_words() -> None:
    assert reason(OSError(errno.ECONNREFUSED, "[Errno 111] Connect call failed")) == "Connection refused"
    assert reason(OSError("odd")) == "odd"


@pytest.mark.parametrize(("port", "number"), [("25", 25), ("smtp", 25)])
def test_ports(port: str, number: int) -> None:
    assert number == port_number(port, {})


def test_known_ports_come_before_the_systems() -> None:
    assert port_number("smtp", {"smtp": 2525}) == 2525


@pytest.mark.parametrize("port", ["0", "65536", "-1", "nonsense", "9" * 5000])
def test_what_is_no_port(port: str) -> None:
    with pytest.raises(ValueError, match=r"port|service"):
        port_number(port, {})


def test_a_connection_without_transport_is_harmless() -> None:
    async def main() -> None:
        connection = Connection()
        connection.write(b"x")
        connection.close()
        connection.abort()
        connection.connection_lost(None)
        assert connection.is_over

    asyncio.run(main())
