"""One question over the network: UDP, then TCP where the reply was cut, through the servers in order.

Against forged replies (RFC 5452): every question has a random id and a socket of its own, so a random port; the socket
is connected, so only the server's address is heard; a reply must carry the id and the very question.
"""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
import socket
import struct

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype

from gatepost.dns.answers import PERMANENT, Resolution, failed, read
from gatepost.dns.system import NameServer, ResolverOptions

PAYLOAD = 1232
"""Octets that a UDP reply may have without being fragmented on the way (DNS flag day 2020)."""

DATAGRAM = 65535


async def ask(question: dns.message.Message, options: ResolverOptions) -> Resolution:
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


def question_for(name: dns.name.Name, rtype: str, *, extended: bool = True) -> dns.message.Message:
    """A query that asks for recursion, and whether the data is authentic (RFC 6840 section 5.7)."""
    query = dns.message.make_query(
        name, rtype, id=secrets.randbelow(1 << 16), use_edns=0 if extended else -1, payload=PAYLOAD
    )
    query.flags |= dns.flags.AD
    return query


async def _ask_server(
    question: dns.message.Message,
    server: NameServer,
    timeout: float,  # noqa: ASYNC109 - it is the resolver's option
) -> dns.message.Message | None:
    """The server's reply; None where it has none to give in time."""
    try:
        async with asyncio.timeout(timeout):
            reply = await _over_udp(question, server)
            if reply.rcode() == dns.rcode.FORMERR and question.edns >= 0:
                plain = question_for(question.question[0].name, _rtype(question), extended=False)
                return await _over_udp(plain, server)
            if reply.flags & dns.flags.TC:
                return await _over_tcp(question, server)
            return reply
    except (TimeoutError, OSError, asyncio.IncompleteReadError):
        return None


def _rtype(question: dns.message.Message) -> str:
    return dns.rdatatype.to_text(question.question[0].rdtype)


async def _over_udp(question: dns.message.Message, server: NameServer) -> dns.message.Message:
    loop = asyncio.get_running_loop()
    with socket.socket(_family(server), socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.connect((server.host, server.port))
        sock.send(question.to_wire())
        while True:
            reply = _parsed(await loop.sock_recv(sock, DATAGRAM), question)
            if reply is not None:
                return reply


async def _over_tcp(question: dns.message.Message, server: NameServer) -> dns.message.Message:
    reader, writer = await asyncio.open_connection(server.host, server.port)
    try:
        wire = question.to_wire()
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


def _parsed(wire: bytes, question: dns.message.Message) -> dns.message.Message | None:
    """The reply; None for what is none to this question."""
    try:
        reply = dns.message.from_wire(wire, ignore_trailing=True)
    except (dns.exception.DNSException, ValueError, struct.error):
        return None
    asked = question.question[0]
    if reply.id != question.id or not reply.flags & dns.flags.QR or reply.opcode() != question.opcode():
        return None
    if not reply.question:
        return reply if reply.rcode() not in PERMANENT else None  # some errors come without the question
    told = reply.question[0]
    same = len(reply.question) == 1 and (told.name, told.rdtype) == (asked.name, asked.rdtype)
    return reply if same and told.rdclass == dns.rdataclass.IN else None
