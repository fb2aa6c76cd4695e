"""Sessions that are used again, against scripted servers on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest

from gatepost.config.matchlist import MatchList
from gatepost.config.own import OwnAddresses
from gatepost.config.settings import Settings
from gatepost.delivery.rules import ClientRules, LoginRules, PoolRules
from gatepost.delivery.smtp import SmtpAgent
from gatepost.delivery.surroundings import Surroundings
from gatepost.mail.delivery import Result, Status
from gatepost.mail.events import Event
from gatepost.maillog import text
from tests.fakes.jobs import CONTENT, job
from tests.fakes.oracle import FakeOracle
from tests.fakes.peer import FakePeer

RULES = ClientRules(name="mx.ohio.net", families=("A",), pool=PoolRules(time_limit=60.0))
LOGINS = LoginRules(enabled=True, password_maps=("hash:/logins",))


class Client:
    """One agent, which lives as long as the test."""

    def __init__(
        self,
        rules: ClientRules = RULES,
        zone: Mapping[str, str] | None = None,
        tables: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self.oracle = FakeOracle(tables, zone)
        self.events: list[Event] = []
        surroundings = Surroundings(lambda: self.oracle, lambda _: self.events.append, OwnAddresses())
        self.agent = SmtpAgent(rules, surroundings, None)

    async def deliver(self, nexthop: str, *addresses: str) -> Result:
        results = await self.agent.deliver(job(*(addresses or ("b@b.example",)), nexthop=nexthop))
        return results[0]

    async def uses(self, nexthop: str, count: int) -> list[int]:
        """How often the session of each of so many deliveries, one after the other, was used."""
        found = [await self.deliver(nexthop) for _ in range(count)]
        assert [result.status for result in found] == [Status.SENT] * count
        self.agent.close()
        return [result.connection_uses for result in found]

    @property
    def lines(self) -> list[str]:
        return [text(event) for event in self.events]


def at(peer: FakePeer) -> str:
    return f"[{peer.address}]:{peer.port}"


def matching(words: str) -> MatchList:
    settings = Settings.parse(f"smtp_connection_cache_destinations = {words}")
    return MatchList.of(settings, "smtp_connection_cache_destinations")


@pytest.mark.parametrize(
    ("uses", "more"),
    [
        ([1, 1, 2, 3], {}),
        ([1, 1, 1, 1], {"cache_on_demand": False}),
        ([1, 1, 2, 1], {"pool": PoolRules(60.0, reuse_count_limit=1)}),
        ([1, 1, 1, 1], {"pool": PoolRules(60.0, reuse_time_limit=0.0)}),
        ([1, 1, 1, 1], {"pool": PoolRules(0.0)}),
        ([1, 2, 3, 4], {"cache_on_demand": False, "cache_destinations": matching("127.0.0.1")}),
        ([1, 1, 1, 1], {"cache_on_demand": False, "cache_destinations": matching("127.0.0.2")}),
    ],
)
def test_sessions_are_used_again_as_configured(uses: list[int], more: dict[str, object]) -> None:
    """The first delivery does not know yet that there is traffic, so its session is not kept."""

    async def main() -> None:
        async with FakePeer() as peer:
            rules = replace(RULES, **more)  # type: ignore[arg-type]  # a table of keywords
            assert uses == await Client(rules).uses(at(peer), 4)
            assert peer.mails == [CONTENT] * 4
            assert uses.count(1) == peer.connections

    asyncio.run(main())


def test_a_session_that_is_not_wanted_any_more_gets_a_quit() -> None:
    async def main() -> None:
        async with FakePeer() as peer:
            client = Client(replace(RULES, cache_destinations=matching("127.0.0.1")))
            await client.deliver(at(peer))
            assert peer.commands[-1] != "QUIT"
            client.agent.close()
        assert peer.commands[-1] == "QUIT"

    asyncio.run(main())


@pytest.mark.parametrize("how", [{}, {"says": "421 4.3.2 bye"}])
def test_a_session_that_went_stale_counts_for_nothing(how: dict[str, str]) -> None:
    async def main() -> None:
        async with FakePeer() as peer:
            client = Client(replace(RULES, cache_destinations=matching("127.0.0.1")))
            await client.deliver(at(peer))
            peer.farewell(**how)
            result = await client.deliver(at(peer))
            assert (result.status, result.connection_uses, peer.connections) == (Status.SENT, 1, 2)
            assert client.lines == []
            client.agent.close()

    asyncio.run(main())


def test_a_refusal_over_a_kept_session_is_the_hosts_word() -> None:
    async def main() -> None:
        async with FakePeer() as peer:
            client = Client(replace(RULES, cache_destinations=matching("127.0.0.1")))
            await client.deliver(at(peer))
            peer.replies["RCPT"] = "450 4.7.1 later"
            result = await client.deliver(at(peer))
            assert (result.status, result.dsn, result.connection_uses) == (Status.DEFERRED, "4.7.1", 2)
            assert peer.connections == 1
            client.agent.close()

    asyncio.run(main())


def test_names_are_not_looked_up_for_a_session_that_stands() -> None:
    async def main() -> None:
        async with FakePeer() as peer:
            zone = {"b.example": "MX 10 mx.b.example", "mx.b.example": "A 127.0.0.1"}
            client = Client(replace(RULES, port=str(peer.port)), zone)
            assert await client.uses("b.example", 4) == [1, 1, 2, 3]
            assert client.oracle.asked == ["b.example MX", "mx.b.example A"] * 2

    asyncio.run(main())


def test_domains_of_one_host_share_its_sessions() -> None:
    async def main() -> None:
        async with FakePeer() as peer:
            zone = dict.fromkeys(("b.example", "c.example"), "MX 10 mx.example") | {"mx.example": "A 127.0.0.1"}
            rules = replace(RULES, port=str(peer.port), cache_destinations=matching("b.example, c.example"))
            client = Client(rules, zone)
            assert (await client.deliver("b.example")).connection_uses == 1
            assert await client.uses("c.example", 2) == [2, 3]

    asyncio.run(main())


def test_logins_are_never_mixed_up() -> None:
    """The password changes, and the session with the old one is not used again; nor is it for another login."""

    async def main() -> None:
        async with FakePeer(offers=("AUTH PLAIN",), replies={"AUTH": "235 ok"}) as peer:
            rules = replace(RULES, login=LOGINS, cache_destinations=matching("127.0.0.1"))
            logins = {at(peer): "u:p"}
            client = Client(rules, tables={"hash:/logins": logins})
            for uses, login in ((1, "u:p"), (2, "u:p"), (1, "u:q"), (1, "v:q"), (2, "v:q")):
                logins[at(peer)] = login
                assert (await client.deliver(at(peer))).connection_uses == uses
            client.agent.close()

    asyncio.run(main())


def test_a_table_that_fails_is_told_of_once() -> None:
    async def main() -> None:
        async with FakePeer(offers=("AUTH PLAIN",), replies={"AUTH": "235 ok"}) as peer:
            rules = replace(RULES, login=LOGINS, cache_destinations=matching("127.0.0.1"))
            client = Client(rules, tables={"hash:/logins": {at(peer): "u:p"}})
            await client.deliver(at(peer))
            client.oracle.failing = frozenset({"hash:/logins"})
            result = await client.deliver(at(peer))
            assert (result.status, result.text) == (Status.DEFERRED, "hash:/logins lookup error")
            assert len(client.lines) == 1
            client.agent.close()

    asyncio.run(main())


def test_a_list_of_destinations_that_fails_keeps_nothing() -> None:
    async def main() -> None:
        async with FakePeer() as peer:
            rules = replace(RULES, cache_on_demand=False, cache_destinations=matching("hash:/gone"))
            client = Client(rules)
            assert await client.uses(at(peer), 2) == [1, 1]
            line = "warning: smtp_connection_cache_destinations: hash:/gone: table lookup problem"
            assert client.lines == [line] * 2

    asyncio.run(main())


def test_deliveries_at_the_same_time_have_sessions_of_their_own() -> None:
    async def main() -> None:
        async with FakePeer() as peer:
            client = Client()
            for connections in (5, 5):
                results = await asyncio.gather(*(client.deliver(at(peer)) for _ in range(5)))
                assert [result.status for result in results] == [Status.SENT] * 5
                assert connections == peer.connections
            client.agent.close()

    asyncio.run(main())


def test_the_other_host_is_tried_after_a_kept_session() -> None:
    """The better host's kept session defers: its word is not final, and the look-up leads to the other one."""

    async def main() -> None:
        async with FakePeer() as first, FakePeer(address="127.0.0.2", port=first.port):
            zone = {"b.example": "MX 10 one.example; MX 20 two.example"}
            zone |= {"one.example": "A 127.0.0.1", "two.example": "A 127.0.0.2"}
            rules = replace(RULES, port=str(first.port), cache_destinations=matching("b.example"))
            client = Client(rules, zone)
            await client.deliver("b.example")
            first.replies["MAIL"] = "451 4.3.0 later"
            result = await client.deliver("b.example")
            assert (result.status, result.relay) == (Status.SENT, f"two.example[127.0.0.2]:{first.port}")
            assert client.lines[0].startswith("4Xyz: host one.example[127.0.0.1] said: 451 4.3.0 later")
            client.agent.close()

    asyncio.run(main())


@pytest.mark.parametrize(("enforced", "status"), [(False, Status.SENT), (True, Status.DEFERRED)])
def test_an_own_address_that_cannot_be_had(enforced: bool, status: Status) -> None:
    async def main() -> None:
        async with FakePeer() as peer:
            client = Client(replace(RULES, bind_address="192.0.2.1", bind_enforce=enforced))
            result = await client.deliver(at(peer))
            assert status is result.status
            assert client.lines == ["warning: smtp_connect_addr: bind 192.0.2.1: Cannot assign requested address"]
            if enforced:
                assert (result.dsn, result.text) == ("4.4.0", "server configuration error")

    asyncio.run(main())
