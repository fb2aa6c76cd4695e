"""MTA-STS policies of domains, as time goes by."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
from pathlib import Path

import pytest

from gatepost.delivery import sts
from gatepost.delivery.sts import LOOK_AGAIN, StsPolicies
from gatepost.delivery.webfetch import WebError
from gatepost.mail.events import Event
from gatepost.maillog import text
from gatepost.oracle import DnsAnswer, DnsStatus
from gatepost.tls.mta_sts import MAX_AGE, Mode, StsPolicy
from tests.fakes.oracle import FakeOracle

AGE = 100_000
POLICY = StsPolicy("b.example", "1", Mode.ENFORCE, ("mx.b.example",), AGE)


def policy_text(mode: str = "enforce", age: int = AGE) -> str:
    return f"version: STSv1\nmode: {mode}\nmx: mx.b.example\nmax_age: {age}\n"


class World(FakeOracle):
    """The web, the DNS and the clock; each may change. `fetched` counts; `told` are faults for reports."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.now = 1_000_000.0
        self.web: str | Exception = policy_text()
        self.records: tuple[str, ...] = ("v=STSv1; id=1",)
        self.fetched = 0
        self.events: list[Event] = []
        self.told: list[tuple[str, str]] = []
        self.policies = self.fresh()

    def fresh(self) -> StsPolicies:
        return StsPolicies(self.folder, self._fetch, lambda: self.now, lambda *told: self.told.append(told))

    async def _fetch(self, domain: str) -> str:
        assert domain == "b.example"
        self.fetched += 1
        await asyncio.sleep(0)
        if isinstance(self.web, Exception):
            raise self.web
        return self.web

    async def dns(self, name: str, rtype: str) -> DnsAnswer:
        assert (name, rtype) == ("_mta-sts.b.example", "TXT")
        return DnsAnswer(DnsStatus.FOUND if self.records else DnsStatus.TEMPFAIL, self.records)

    async def find(self, domain: str = "b.example", *, after: float = 0.0) -> StsPolicy | None:
        self.now += after
        return await self.policies.find(domain, self, self.events.append)


def test_a_policy_is_fetched_once_and_kept(tmp_path: Path) -> None:
    async def main() -> None:
        world = World(tmp_path)
        assert POLICY == await world.find()
        assert POLICY == await world.find("B.Example.")
        world.policies = world.fresh()
        assert POLICY == await world.find(after=1)
        assert (1, []) == (world.fetched, world.events)

    asyncio.run(main())


def test_those_who_ask_together_share_one_fetch(tmp_path: Path) -> None:
    async def main() -> None:
        world = World(tmp_path)
        assert [POLICY] * 3 == await asyncio.gather(*(world.find() for _ in range(3)))
        assert world.fetched == 1

    asyncio.run(main())


def test_a_new_identity_brings_a_new_policy(tmp_path: Path) -> None:
    async def main() -> None:
        world = World(tmp_path)
        await world.find()
        world.records, world.web = ("v=STSv1; id=2",), policy_text("testing")
        assert POLICY == await world.find(after=LOOK_AGAIN - 1)
        found = await world.find(after=2)
        assert found is not None
        assert ("2", Mode.TESTING) == (found.identity, found.mode)

    asyncio.run(main())


@pytest.mark.parametrize("records", [(), ("v=STSv1; id=2",)])
def test_a_policy_stays_in_force_whatever_dns_and_web_say(tmp_path: Path, records: tuple[str, ...]) -> None:
    async def main() -> None:
        world = World(tmp_path)
        await world.find()
        world.records, world.web = records, WebError("the web server of mta-sts.b.example says 404")
        assert POLICY == await world.find(after=AGE - 1)
        assert await world.find(after=LOOK_AGAIN + 2) is None
        if records:
            told = "warning: MTA-STS policy of b.example: the web server of mta-sts.b.example says 404; "
            said = [text(event) for event in world.events]
            assert [f"{told}the one that is kept stays in force", f"{told}there is none"] == said

    asyncio.run(main())


def test_a_policy_is_fetched_again_before_its_time_is_over(tmp_path: Path) -> None:
    async def main() -> None:
        world = World(tmp_path)
        await world.find()
        await world.find(after=AGE / 2 - 1)
        assert world.fetched == 1
        await world.find(after=LOOK_AGAIN)
        assert world.fetched == 2
        assert POLICY == await world.find(after=AGE - 1)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("web", "result"),
    [
        (WebError("no"), "sts-policy-fetch-error"),
        (ConnectionRefusedError(111, "Connection refused"), "sts-policy-fetch-error"),
        (TimeoutError("too long"), "sts-policy-fetch-error"),
        (ssl.SSLCertVerificationError(1, "certificate verify failed"), "sts-webpki-invalid"),
        ("version: STSv2", "sts-policy-invalid"),
    ],
)
def test_a_policy_that_cannot_be_had_is_none_for_a_while(tmp_path: Path, web: str | Exception, result: str) -> None:
    async def main() -> None:
        world = World(tmp_path)
        world.web = web
        assert await world.find() is None
        assert await world.find(after=LOOK_AGAIN - 1) is None
        assert (1, [("b.example", result)], 1) == (world.fetched, world.told, len(world.events))
        world.web = policy_text()
        assert POLICY == await world.find(after=2)

    asyncio.run(main())


@pytest.mark.parametrize("records", [(), ("v=spf1 -all",), ("v=STSv1; id=1", "v=STSv1; id=2")])
def test_without_a_record_nothing_is_fetched(tmp_path: Path, records: tuple[str, ...]) -> None:
    async def main() -> None:
        world = World(tmp_path)
        world.records = records
        assert await world.find() is None
        assert world.fetched == 0

    asyncio.run(main())


@pytest.mark.parametrize("domain", ["", "../b.example", "b_/example", "[192.0.2.1]", "192.0.2.1"])
def test_what_is_no_domain_has_no_policy(tmp_path: Path, domain: str) -> None:
    async def main() -> None:
        assert await World(tmp_path).find(domain) is None

    asyncio.run(main())


@pytest.mark.parametrize(
    "kept", ["", "rubbish", "[]", "{}", json.dumps({"id": "1", "mode": "x", "mx": [], "max_age": 1, "until": 2e6})]
)
def test_a_file_that_makes_no_sense_is_passed_over(tmp_path: Path, kept: str) -> None:
    async def main() -> None:
        (tmp_path / "b.example.json").write_text(kept, "utf-8")
        assert POLICY == await World(tmp_path).find()

    asyncio.run(main())


def test_a_disk_that_takes_nothing_costs_only_the_memory_of_it(tmp_path: Path) -> None:
    async def main() -> None:
        blocked = tmp_path / "file"
        blocked.write_text("in the way", "utf-8")
        world = World(blocked)
        assert POLICY == await world.find()
        assert POLICY == await world.find(after=1)
        assert "there is none" not in text(world.events[0])

    asyncio.run(main())


def test_no_more_domains_are_remembered_than_there_is_room_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        world = World(tmp_path)
        monkeypatch.setattr(sts, "REMEMBERED", 0)
        await world.find()
        assert len(world.policies._known) == 0

    asyncio.run(main())


def test_files_of_policies_that_are_long_over_go(tmp_path: Path) -> None:
    async def main() -> None:
        world = World(tmp_path)
        for name, age in (("old.example", MAX_AGE + 1), ("new.example", MAX_AGE - 1)):
            file = tmp_path / f"{name}.json"
            file.write_text("{}", "utf-8")
            os.utime(file, (world.now - age, world.now - age))
        await world.find()

    asyncio.run(main())
    assert ["b.example.json", "new.example.json"] == sorted(path.name for path in tmp_path.iterdir())
