"""One question over the network: UDP, then TCP where the reply was cut, through the servers in order.

Against forged replies (RFC 5452): every question has a random id and a socket of its own, so a random port; the socket
is connected, so only the server's address is heard; a reply must carry the id and the very question. Who sends many
others is not waited for: somebody is guessing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
import socket
import struct
from dataclasses import dataclass, replace

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype

from gatepost.dns.answers import PERMANENT, Resolution, failed, read
from gatepost.dns.system import NameServer, ResolverOptions

PAYLOAD = 1232
"""Octets that a UDP reply may have without being fragmented on the way (DNS flag day 2020)."""

DATAGRAM = 65535

STRAYS = 30
"""Datagrams that are no reply to the question, after which the server is given up for this time."""


_HEADER = struct.Struct("!6H")
_TRAILER = struct.Struct("!HH")
_RECURSION_DESIRED, _AUTHENTIC_DATA = 0x0100, 0x0020

_EXTENSIONS = b"\0" + struct.pack("!HHIH", dns.rdatatype.OPT, PAYLOAD, 0, 0)
"""The record that announces `PAYLOAD` (RFC 6891 section 6.1.2)."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, under which id."""

    name: dns.name.Name
    rtype: dns.rdatatype.RdataType
    number: int
    extended: bool = True

    @classmethod
    def of(cls, name: str, rtype: str) -> Question:
        """With a random id. Raises dns.exception.DNSException and ValueError for what is no name or type."""
        return cls(dns.name.from_text(name), dns.rdatatype.from_text(rtype), secrets.randbelow(1 << 16))

    @property
    def wire(self) -> bytes:
        """The query: asks for recursion, and whether the data is authentic (RFC 6840 section 5.7).

        Written here because the library takes 50 microseconds to build and encode one, a fifth of the whole lookup.
        """
        header = _HEADER.pack(self.number, _RECURSION_DESIRED | _AUTHENTIC_DATA, 1, 0, 0, int(self.extended))
        asked = self.name.to_digestable() + _TRAILER.pack(self.rtype, dns.rdataclass.IN)
        return header + asked + (_EXTENSIONS if self.extended else b"")


async def ask(question: Question, options: ResolverOptions) -> Resolution:
    """The answer of the first server that has one; a failure where none has."""
    outcome = failed()
    for _ in range(options.attempts):
        for server in options.servers:
            reply = await _ask_server(question, server, options.timeout)
            if reply is None:
                continue
            outcome = read(reply, vouched=server.vouches)
            if reply.rcode() in PERMANENT:
                return outcome
    return outcome


async def _ask_server(
    question: Question,
    server: NameServer,
    timeout: float,  # noqa: ASYNC109 - it is the resolver's option
) -> dns.message.Message | None:
    """The server's reply; None where it has none to give in time."""
    try:
        async with asyncio.timeout(timeout):
            reply = await _over_udp(question, server)
            if reply.rcode() == dns.rcode.FORMERR and question.extended:
                return await _over_udp(replace(question, extended=False), server)
            if reply.flags & dns.flags.TC:
                return await _over_tcp(question, server)
            return reply
    except (TimeoutError, OSError, asyncio.IncompleteReadError):
        return None


async def _over_udp(question: Question, server: NameServer) -> dns.message.Message:
    loop = asyncio.get_running_loop()
    with socket.socket(_family(server), socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.connect((server.host, server.port))
        sock.send(question.wire)
        for _ in range(STRAYS):
            reply = _parsed(await loop.sock_recv(sock, DATAGRAM), question)
            if reply is not None:
                return reply
    raise ConnectionError("too many datagrams that are no reply")


async def _over_tcp(question: Question, server: NameServer) -> dns.message.Message:
    reader, writer = await asyncio.open_connection(server.host, server.port)
    try:
        wire = question.wire
        writer.write(struct.pack("!H", len(wire)) + wire)
        (size,) = struct.unpack("!H", await reader.readexactly(2))
        reply = _parsed(await reader.readexactly(size), question)
    finally:
        writer.close()
    if reply is None:
        raise ConnectionError("not a reply to the question")
    return reply


def _family(server: NameServer) -> socket.AddressFamily:
    return socket.AF_INET6 if ipaddress.ip_address(server.host).version == 6 else socket.AF_INET  # noqa: PLR2004


def _parsed(wire: bytes, question: Question) -> dns.message.Message | None:
    """The reply; None for what is none to this question."""
    if wire[:2] != question.number.to_bytes(2, "big"):  # before it is looked into
        return None
    try:
        reply = dns.message.from_wire(wire, ignore_trailing=True)
    except (dns.exception.DNSException, ValueError, struct.error):
        return None
    if not reply.flags & dns.flags.QR or reply.opcode() != dns.opcode.QUERY:
        return None
    if not reply.question:
        return reply if reply.rcode() not in PERMANENT else None  # some errors come without the question
    told = reply.question[0]
    same = len(reply.question) == 1 and (told.name, told.rdtype) == (question.name, question.rtype)
    return reply if same and told.rdclass == dns.rdataclass.IN else None
