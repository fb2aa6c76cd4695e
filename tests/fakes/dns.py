"""A DNS server on loopback that answers from a zone dictionary (see `zone.py`), over UDP and TCP.

    async with dns_server({"good.example": "A 192.0.2.7"}) as server:
        resolver = server.resolver()

1. `asked` lists the questions in order, as `name TYPE`, those over TCP as `tcp name TYPE`.
2. TIMEOUT in the zone is silence; `ResolverOptions` from `options` wait a quarter of a second for it.
3. Answers have a TTL of 60 seconds, unless `ttl` says otherwise; `authentic` sets the authenticated-data bit.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from gatepost.dns.resolver import Resolver
from gatepost.dns.system import Hosts, NameServer, ResolverOptions
from tests.fakes.zone import Zone

HOST = "127.0.0.1"


class DnsServer(asyncio.DatagramProtocol):
    """The server; make one with `dns_server`."""

    def __init__(self, zone: Mapping[str, str], *, ttl: int = 60, authentic: bool = False) -> None:
        self.zone = Zone(zone)
        self.ttl = ttl
        self.authentic = authentic
        self.port = 0
        self.asked: list[str] = []

    @property
    def options(self) -> ResolverOptions:
        return ResolverOptions((NameServer(HOST, self.port, vouches=True),), timeout=0.25, attempts=1)

    def resolver(self, hosts: str = "127.0.0.1 localhost\n") -> Resolver:
        known = Hosts.parse(hosts)
        return Resolver(lambda: self.options, lambda: known)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._udp = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str | int, int]) -> None:
        query = dns.message.from_wire(data)
        self.asked.append(_name(query))
        response = self.respond(query)
        if response is None:
            return
        wire = response.to_wire(max_size=65535)
        if len(wire) > max(512, query.payload):
            response.answer.clear()
            response.flags |= dns.flags.TC
            wire = response.to_wire()
        self._udp.sendto(wire, addr)

    async def stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            (size,) = struct.unpack("!H", await reader.readexactly(2))
            query = dns.message.from_wire(await reader.readexactly(size))
            self.asked.append(f"tcp {_name(query)}")
            response = self.respond(query)
            if response is not None:
                wire = response.to_wire(max_size=65535)
                writer.write(struct.pack("!H", len(wire)) + wire)
        writer.close()

    def respond(self, query: dns.message.Message) -> dns.message.Message | None:
        """The response; None for silence."""
        question = query.question[0]
        rtype = dns.rdatatype.to_text(question.rdtype)
        found = self.zone.ask(question.name.to_text(omit_final_dot=True), rtype)
        if found.failure == "TIMEOUT":
            return None
        response = dns.message.make_response(query, recursion_available=True)
        if self.authentic:
            response.flags |= dns.flags.AD
        for alias, target in found.aliases:
            response.answer.append(self._rrset(alias, "CNAME", (f"{target}.",)))
        if found.failure:
            response.set_rcode(dns.rcode.from_text(found.failure))
        elif found.data:
            response.answer.append(self._rrset(found.name, rtype, found.data))
        return response

    def _rrset(self, name: str, rtype: str, data: tuple[str, ...]) -> dns.rrset.RRset:
        texts = [f'"{item}"' if rtype == "TXT" else item for item in data]
        owner = dns.name.from_text(name)
        return dns.rrset.from_text_list(owner, self.ttl, "IN", rtype, texts, origin=dns.name.root, relativize=False)


def _name(query: dns.message.Message) -> str:
    question = query.question[0]
    return f"{question.name.to_text(omit_final_dot=True)} {dns.rdatatype.to_text(question.rdtype)}"


@asynccontextmanager
async def dns_server(zone: Mapping[str, str], *, ttl: int = 60, authentic: bool = False) -> AsyncIterator[DnsServer]:
    """A server on a free port, for the time of the block."""
    server = DnsServer(zone, ttl=ttl, authentic=authentic)
    loop = asyncio.get_running_loop()
    streams = await asyncio.start_server(server.stream, HOST, 0)
    server.port = streams.sockets[0].getsockname()[1]
    transport, _ = await loop.create_datagram_endpoint(lambda: server, local_addr=(HOST, server.port))
    try:
        yield server
    finally:
        transport.close()
        streams.close()
        await streams.wait_closed()
