"""The resolver: cache, questions in flight, aliases."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import dns.message
import pytest

from gatepost.dns.answers import ALIASES, RECORDS
from gatepost.dns.resolver import Resolver
from gatepost.dns.system import Hosts
from gatepost.oracle import DnsAnswer, DnsStatus
from tests.fakes.dns import dns_server

ZONE = {
    "a.example": "A 192.0.2.7",
    "alias.example": "CNAME a.example",
    "broken.example": "SERVFAIL",
}


def test_an_answer_is_kept_for_its_time() -> None:
    async def scenario() -> None:
        async with dns_server(ZONE) as server:
            resolver = server.resolver()
            assert DnsAnswer(DnsStatus.FOUND, ("192.0.2.7",)) == await resolver.query("a.example", "A")
            assert ("192.0.2.7",) == (await resolver.query("A.Example.", "A")).records
            assert ["a.example A"] == server.asked

    asyncio.run(scenario())


def test_an_answer_without_time_is_asked_again() -> None:
    async def scenario() -> None:
        async with dns_server(ZONE, ttl=0) as server:
            resolver = server.resolver()
            await resolver.query("a.example", "A")
            await resolver.query("a.example", "A")
            assert ["a.example A"] * 2 == server.asked

    asyncio.run(scenario())


def test_one_question_is_asked_once_however_many_wait() -> None:
    async def scenario() -> None:
        async with dns_server(ZONE) as server:
            resolver = server.resolver()
            answers = await asyncio.gather(*(resolver.query("a.example", "A") for _ in range(50)))
            assert {("192.0.2.7",)} == {answer.records for answer in answers}
            assert ["a.example A"] == server.asked

    asyncio.run(scenario())


def test_one_who_gives_up_does_not_take_the_answer_from_the_others() -> None:
    async def scenario() -> None:
        async with dns_server(ZONE) as server:
            resolver = server.resolver()
            first = asyncio.create_task(resolver.query("a.example", "A"))
            second = asyncio.create_task(resolver.query("a.example", "A"))
            await asyncio.sleep(0)
            first.cancel()
            assert ("192.0.2.7",) == (await second).records

    asyncio.run(scenario())


def test_failures_are_kept_for_a_moment() -> None:
    async def scenario() -> None:
        async with dns_server(ZONE) as server:
            resolver = server.resolver()
            for _ in range(2):
                answer = await resolver.query("broken.example", "A")
                assert DnsAnswer(DnsStatus.TEMPFAIL, reason="Host not found, try again") == answer
            assert ["broken.example A"] == server.asked

    asyncio.run(scenario())


def test_an_alias_that_the_server_leaves_to_us_is_followed() -> None:
    async def scenario() -> None:
        async with dns_server(ZONE, authentic=True) as server:
            full = server.respond

            def only_the_alias(query: dns.message.Message) -> dns.message.Message | None:
                reply = full(query)
                if reply is not None and len(reply.answer) > 1:
                    del reply.answer[1:]
                return reply

            server.respond = only_the_alias  # type: ignore[method-assign]  # an authoritative server would do so
            answer = await server.resolver().query("alias.example", "A")
            assert DnsAnswer(DnsStatus.FOUND, ("192.0.2.7",), secure=True, canonical="a.example") == answer
            assert ["alias.example A", "a.example A"] == server.asked

    asyncio.run(scenario())


def test_a_chain_of_aliases_without_end_is_a_failure() -> None:
    async def scenario() -> None:
        async with dns_server({f"n{n}.example": f"CNAME n{n + 1}.example" for n in range(99)}) as server:
            assert DnsStatus.FOUND is not (await server.resolver().query("n0.example", "A")).status

    asyncio.run(scenario())


def test_a_name_that_cannot_be_asked_does_not_exist() -> None:
    async def scenario() -> None:
        async with dns_server({}) as server:
            for name in ("a..b", "x" * 64 + ".example", "a." * 200):
                assert DnsStatus.NXDOMAIN is (await server.resolver().query(name, "A")).status
            assert [] == server.asked

    asyncio.run(scenario())


def test_the_systems_files_are_the_default() -> None:
    async def scenario() -> None:
        assert Resolver().hosts is not None

    asyncio.run(scenario())


def test_aliases_that_come_slowly_take_no_longer_than_one_question_may() -> None:
    async def scenario() -> None:
        zone = {f"n{number}.example": f"CNAME n{number + 1}.example" for number in range(9)}
        async with dns_server({**zone, "n9.example": "A 192.0.2.7"}) as server:
            full = server.respond
            loop = asyncio.get_running_loop()

            def one_alias(query: dns.message.Message) -> dns.message.Message | None:
                reply = full(query)
                if reply is not None:
                    del reply.answer[1:]
                return reply

            server.respond = one_alias  # type: ignore[method-assign]  # a resolver that leaves all the work to us
            received = server.datagram_received

            def late(data: bytes, addr: tuple[str | int, int]) -> None:
                loop.call_later(0.05, received, data, addr)

            server.datagram_received = late  # type: ignore[method-assign]
            options = replace(server.options, timeout=0.1)
            resolver = Resolver(lambda: options, Hosts)
            assert DnsStatus.TEMPFAIL is (await resolver.query("n0.example", "A")).status
            assert len(server.asked) < len(zone)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gatepost.dns.resolver.MARGIN", 0.0)
        asyncio.run(scenario())


def test_a_loop_of_aliases_is_a_failure_after_as_many_questions_as_aliases_are_followed() -> None:
    async def scenario() -> None:
        async with dns_server({"a.example": "CNAME b.example", "b.example": "CNAME a.example"}) as server:
            assert DnsStatus.FOUND is not (await server.resolver().query("a.example", "A")).status
            assert len(server.asked) <= ALIASES

    asyncio.run(scenario())


def test_of_a_huge_answer_a_part_is_kept() -> None:
    async def scenario() -> None:
        zone = {"huge.example": "; ".join(f"A 10.0.{number >> 8}.{number & 255}" for number in range(3 * RECORDS))}
        async with dns_server(zone) as server:
            assert RECORDS == len((await server.resolver().query("huge.example", "A")).records)

    asyncio.run(scenario())
