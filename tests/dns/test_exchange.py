"""One question over loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rrset
import pytest

from gatepost.dns import exchange
from gatepost.dns.answers import Resolution
from gatepost.dns.exchange import Question, ask
from gatepost.dns.system import NameServer, ResolverOptions
from gatepost.oracle import DnsStatus
from tests.fakes.dns import HOST, DnsServer, dns_server

ZONE = {
    "a.example": "A 192.0.2.7",
    "big.example": "TXT " + "; TXT ".join(f"{number:03}" + "x" * 200 for number in range(20)),
    "broken.example": "SERVFAIL",
    "silent.example": "TIMEOUT",
}


def _ask(
    name: str, rtype: str = "A", prepare: Callable[[DnsServer], ResolverOptions] | None = None
) -> tuple[Resolution, list[str]]:
    async def scenario() -> tuple[Resolution, list[str]]:
        async with dns_server(ZONE) as server:
            options = prepare(server) if prepare else server.options
            return await ask(Question.of(name, rtype), options), server.asked

    return asyncio.run(scenario())


def test_an_answer() -> None:
    found, asked = _ask("a.example")
    assert ("192.0.2.7",) == found.answer.records
    assert ["a.example A"] == asked


def test_a_reply_that_was_cut_is_asked_for_over_tcp() -> None:
    found, asked = _ask("big.example", "TXT")
    assert 20 == len(found.answer.records)
    assert ["big.example TXT", "tcp big.example TXT"] == asked


def test_every_server_has_its_turn_in_every_round() -> None:
    def two_dead(server: DnsServer) -> ResolverOptions:
        return replace(server.options, servers=(NameServer("127.0.0.1", 1), server.options.servers[0]), attempts=2)

    assert ("192.0.2.7",) == _ask("a.example", prepare=two_dead)[0].answer.records
    found, asked = _ask("broken.example", prepare=two_dead)
    assert DnsStatus.TEMPFAIL is found.answer.status
    assert 2 == len(asked)


def test_silence_is_a_failure_after_the_timeout() -> None:
    found, asked = _ask("silent.example", prepare=lambda server: replace(server.options, timeout=0.05, attempts=2))
    assert DnsStatus.TEMPFAIL is found.answer.status
    assert 2 == len(asked)


FORGERIES: tuple[Callable[[dns.message.Message], bytes], ...] = (
    lambda _: b"",
    lambda _: b"nonsense",
    lambda reply: reply.to_wire()[:-3],
    lambda reply: bytes([reply.to_wire()[0] ^ 1]) + reply.to_wire()[1:],
    lambda reply: reply.to_wire()[:2] + b"\x00" + reply.to_wire()[3:],
    lambda reply: reply.to_wire().replace(b"\x01a\x07", b"\x01b\x07"),
)


@pytest.mark.parametrize("forge", FORGERIES)
def test_a_reply_that_is_not_to_the_question_is_not_heard(forge: Callable[[dns.message.Message], bytes]) -> None:
    class Forger(DnsServer):
        def datagram_received(self, data: bytes, addr: tuple[str | int, int]) -> None:
            reply = self.respond(dns.message.from_wire(data))
            assert reply is not None
            self._udp.sendto(forge(reply), addr)
            super().datagram_received(data, addr)

    async def scenario() -> None:
        server = Forger(ZONE)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: server, local_addr=(HOST, 0))
        server.port = transport.get_extra_info("sockname")[1]
        found = await ask(Question.of("a.example", "A"), server.options)
        assert ("192.0.2.7",) == found.answer.records
        transport.close()

    asyncio.run(scenario())


def test_a_server_that_does_not_know_extensions_is_asked_without() -> None:
    class Old(DnsServer):
        def respond(self, query: dns.message.Message) -> dns.message.Message | None:
            if query.edns >= 0:
                reply = dns.message.make_response(query)
                reply.set_rcode(dns.rcode.FORMERR)
                reply.question = []
                return reply
            return super().respond(query)

    async def scenario() -> None:
        server = Old(ZONE)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: server, local_addr=(HOST, 0))
        server.port = transport.get_extra_info("sockname")[1]
        found = await ask(Question.of("a.example", "A"), server.options)
        assert ("192.0.2.7",) == found.answer.records
        transport.close()

    asyncio.run(scenario())


def test_a_question_asks_for_recursion_and_authentic_data_under_a_random_id() -> None:
    questions = [Question.of("a.example", "A") for _ in range(20)]
    assert len({question.number for question in questions}) > 10
    query = dns.message.from_wire(questions[0].wire)
    assert query.id == questions[0].number
    assert query.flags == dns.flags.RD | dns.flags.AD
    assert "a.example. IN A" == query.question[0].to_text()
    assert query.payload == exchange.PAYLOAD
    assert dns.message.from_wire(replace(questions[0], extended=False).wire).edns == -1


def _scripted(replies: Callable[[dns.message.Message], list[bytes]], seconds: float = 5.0) -> tuple[Resolution, int]:
    """What comes of a question, in that time, where a datagram is answered with these; and how many came."""

    class Scripted(DnsServer):
        def datagram_received(self, data: bytes, addr: tuple[str | int, int]) -> None:
            query = dns.message.from_wire(data)
            self.asked.append("x")
            reply = self.respond(query)
            assert reply is not None
            for wire in replies(reply):
                self._udp.sendto(wire, addr)

    async def scenario() -> tuple[Resolution, int]:
        server = Scripted(ZONE)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: server, local_addr=(HOST, 0))
        server.port = transport.get_extra_info("sockname")[1]
        found = await ask(Question.of("a.example", "A"), replace(server.options, timeout=seconds))
        transport.close()
        return found, len(server.asked)

    return asyncio.run(scenario())


def _other_question(reply: dns.message.Message, question: str) -> bytes:
    lie = dns.message.from_text(f"id {reply.id}\nflags QR\n;QUESTION\n{question}\n;ANSWER\n{question} 192.0.2.66")
    return lie.to_wire()


LIES: tuple[Callable[[dns.message.Message], list[bytes]], ...] = (
    lambda reply: [_other_question(reply, "b.example. IN A")],
    lambda reply: [dns.message.make_query("a.example", "AAAA", id=reply.id).to_wire()],
    lambda reply: [reply.to_wire()[:4] + b"\0\2" + reply.to_wire()[6:]],
    lambda _: [b"\0" * 60_000],
    lambda reply: [reply.to_wire()[:2] + b"\x80\0\0\1\0\1\0\0\0\0" + b"\xc0\x0c" * 20],
)


@pytest.mark.parametrize("lie", LIES)
def test_a_server_that_says_nothing_else_but_lies_has_no_answer(
    lie: Callable[[dns.message.Message], list[bytes]],
) -> None:
    found, asked = _scripted(lie, 0.1)
    assert (DnsStatus.TEMPFAIL, 1) == (found.answer.status, asked)


def test_who_guesses_is_not_waited_for() -> None:
    def guesses(reply: dns.message.Message) -> list[bytes]:
        wire = reply.to_wire()
        wrong = [(reply.id + number & 0xFFFF).to_bytes(2, "big") + wire[2:] for number in range(1, exchange.STRAYS + 1)]
        return [*wrong, wire]

    assert DnsStatus.TEMPFAIL is _scripted(guesses)[0].answer.status
    assert ("192.0.2.7",) == _scripted(lambda reply: guesses(reply)[1:])[0].answer.records


def test_a_record_of_another_name_in_the_answer_counts_for_nothing() -> None:
    def poisoned(reply: dns.message.Message) -> list[bytes]:
        reply.answer.append(dns.rrset.from_text("victim.example.", 60, "IN", "A", "192.0.2.66"))
        return [reply.to_wire()]

    assert ("192.0.2.7",) == _scripted(poisoned)[0].answer.records


STREAMS = (b"", b"\0", b"\0\0", b"\0\x0c" + b"\0" * 12, b"\xff\xff" + b"x" * 100)


@pytest.mark.parametrize("stream", STREAMS)
def test_rubbish_over_tcp_is_a_failure(stream: bytes) -> None:
    class Cut(DnsServer):
        async def stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readexactly(2)
            writer.write(stream)
            writer.close()

        def respond(self, query: dns.message.Message) -> dns.message.Message | None:
            reply = dns.message.make_response(query)
            reply.flags |= dns.flags.TC
            return reply

    async def scenario() -> None:
        server = Cut(ZONE)
        streams = await asyncio.start_server(server.stream, HOST, 0)
        server.port = streams.sockets[0].getsockname()[1]
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: server, local_addr=(HOST, server.port))
        found = await ask(Question.of("a.example", "A"), server.options)
        assert DnsStatus.TEMPFAIL is found.answer.status
        transport.close()
        streams.close()
        await streams.wait_closed()

    asyncio.run(scenario())
