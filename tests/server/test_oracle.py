"""The live oracle: real tables, a real resolver, loopback."""

from __future__ import annotations

import asyncio

import pytest

from gatepost import maillog
from gatepost.oracle import DnsStatus, LookupFailed, Oracle
from gatepost.server.oracle import LiveOracle
from tests.fakes.dns import dns_server
from tests.fakes.tables import TableBench


def test_answers_come_from_tables_and_dns() -> None:
    async def scenario() -> None:
        async with dns_server({"bad.example": "MX 10 -bad.example"}) as server:
            bench = TableBench(access="a 1\n")
            said: list[str] = []
            oracle: Oracle = LiveOracle(
                bench.tables.view(), server.resolver(), lambda event: said.append(maillog.text(event))
            )
            assert "1" == await oracle.lookup("hash:/access", "A")
            assert oracle.takes_partial_keys("hash:/access")
            assert not oracle.takes_partial_keys("regexp:/x")
            with pytest.raises(LookupFailed):
                await oracle.lookup("hash:/none", "a")
            for _ in range(2):
                assert DnsStatus.INVALID is (await oracle.dns("bad.example", "MX")).status
            lines = [
                "warning: valid_hostname: misplaced hyphen: -bad.example",
                "warning: malformed domain name in resource data of MX record for bad.example: -bad.example",
            ]
            assert [*lines, *lines] == said
            found = oracle.known("bad.example", "MX")
            assert (DnsStatus.INVALID, [*lines, *lines, *lines]) == (found and found.status, said)
            assert oracle.known("other.example", "MX") is None
            assert {"a": "1"} == oracle.content("hash:/access")
            assert oracle.content("hash:/none") is None
            await oracle.sleep(0)

    asyncio.run(scenario())
