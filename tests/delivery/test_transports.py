"""Agents from a configuration."""

from __future__ import annotations

import asyncio

from gatepost.config.master import parse_master
from gatepost.config.own import OwnAddresses
from gatepost.config.services import Service
from gatepost.config.settings import Settings
from gatepost.delivery.transports import World, build_transports
from gatepost.mail.delivery import Agent, Status
from gatepost.mail.events import Event
from gatepost.maillog import Logger
from tests.fakes.jobs import job
from tests.fakes.oracle import FakeOracle
from tests.fakes.peer import FakePeer

MASTER = """\
smtp    inet n - n - - smtpd
smtp    unix - - n - - smtp
relay   unix - - n - - smtp -o syslog_name=postfix/relay
lmtp    unix - - n - - lmtp
error   unix - - n - - error
retry   unix - - n - - error
discard unix - - n - - discard
cleanup unix n - n - 0 cleanup
"""


class Agents:
    """The agents of `MASTER`; `logged` has tags and events."""

    def __init__(self, main: str = "") -> None:
        self.logged: list[tuple[str, int, Event]] = []
        settings = Settings.parse(f"inet_protocols = ipv4\nmyhostname = mx.ohio.net\n{main}")
        entries, _ = parse_master(MASTER)
        services = [
            Service(entry.name, entry.type, entry.command, entry.args, settings.with_overrides(entry.overrides), entry)
            for entry in entries
        ]
        logger = Logger(lambda *record: self.logged.append(record))
        self.found: dict[str, Agent] = build_transports(services, World(FakeOracle, logger, OwnAddresses()))


def test_every_delivering_entry_is_an_agent() -> None:
    agents = Agents().found
    assert {name: agent.process for name, agent in agents.items()} == {
        "smtp": "smtp",
        "relay": "smtp",
        "lmtp": "lmtp",
        "error": "error",
        "retry": "error",
        "discard": "discard",
    }
    assert agents["relay"].syslog_name == "postfix/relay"


def test_errors_of_the_retry_service_are_temporary() -> None:
    async def main() -> None:
        agents = Agents().found
        for name, status in (("error", Status.BOUNCED), ("retry", Status.DEFERRED), ("discard", Status.SENT)):
            (result,) = await agents[name].transport.deliver(job("a@b.example", nexthop="words"))
            assert result.status is status

    asyncio.run(main())


def test_agents_speak_as_their_service_says() -> None:
    async def main() -> None:
        async with FakePeer() as peer:
            agents = Agents("smtp_helo_name = hello.ohio.net")
            nexthop = f"[127.0.0.1]:{peer.port}"
            for name in ("relay", "lmtp"):
                (result,) = await agents.found[name].transport.deliver(job("a@b.example", nexthop=nexthop))
                assert result.status is Status.SENT
            assert [line for line in peer.commands if "HLO " in line or line.startswith("LHLO")] == [
                "EHLO hello.ohio.net",
                "LHLO mx.ohio.net",
            ]

    asyncio.run(main())


def test_lines_are_signed_with_the_entry_and_the_number_of_the_attempt() -> None:
    async def main() -> None:
        async with FakePeer() as peer:
            port = peer.port
        agents = Agents()
        await agents.found["relay"].transport.deliver(job("a@b.example", nexthop=f"[127.0.0.1]:{port}", number=7))
        assert [(tag, number) for tag, number, _ in agents.logged] == [("postfix/relay/smtp", 7)]

    asyncio.run(main())
