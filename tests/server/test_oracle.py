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
        async with dns_server({"ip.example": "MX 10 192.0.2.7"}) as server:
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
                assert DnsStatus.FOUND is (await oracle.dns("ip.example", "MX")).status
            line = "warning: numeric domain name in resource data of MX record for ip.example: 192.0.2.7"
            assert [line, line] == said
            await oracle.sleep(0)

    asyncio.run(scenario())
