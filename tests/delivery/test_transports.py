"""Agents from a configuration."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from gatepost.config.master import parse_master
from gatepost.config.own import OwnAddresses
from gatepost.config.services import Service
from gatepost.config.settings import Settings
from gatepost.delivery.deposit import Mailboxes
from gatepost.delivery.transports import World, build_transports
from gatepost.delivery.writers import DirectWriter
from gatepost.mail.delivery import Agent, Status
from gatepost.mail.events import Event
from gatepost.maillog import Logger, text
from gatepost.routing.router import Router
from tests.fakes.jobs import job
from tests.fakes.oracle import FakeOracle
from tests.fakes.peer import FakePeer

MASTER = """\
smtp    inet n - n - - smtpd
smtp    unix - - n - - smtp
relay   unix - - n - - smtp -o syslog_name=postfix/relay
lmtp    unix - - n - - lmtp
local   unix - n n - - local
virtual unix - n n - - virtual
error   unix - - n - - error
retry   unix - - n - - error
discard unix - - n - - discard
filter  unix - n n - 10 pipe flags=R user=joe argv=cat
broken  unix - n n - - pipe argv=cat
cleanup unix n - n - 0 cleanup
"""


class Agents:
    """The agents of `MASTER`; `logged` has tags and events."""

    def __init__(self, main: str = "", oracle: FakeOracle | None = None) -> None:
        self.logged: list[tuple[str, int, Event]] = []
        settings = Settings.parse(f"inet_protocols = ipv4\nmyhostname = mx.ohio.net\nalias_maps =\n{main}")
        entries, _ = parse_master(MASTER)
        services = [
            Service(entry.name, entry.type, entry.command, entry.args, settings.with_overrides(entry.overrides), entry)
            for entry in entries
        ]
        world = World(
            lambda: oracle or FakeOracle(),
            Logger(lambda *record: self.logged.append(record)),
            OwnAddresses(),
            Router(settings, OwnAddresses()),
            Mailboxes(DirectWriter(), lambda: 1_000_000.0),
            DirectWriter(),
        )
        self.found: dict[str, Agent] = build_transports(services, world)


def test_every_delivering_entry_is_an_agent() -> None:
    agents = Agents().found
    assert {name: agent.process for name, agent in agents.items()} == {
        "smtp": "smtp",
        "relay": "smtp",
        "lmtp": "lmtp",
        "local": "local",
        "virtual": "virtual",
        "error": "error",
        "retry": "error",
        "discard": "discard",
        "filter": "pipe",
        "broken": "pipe",
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


def test_kept_sessions_are_left_when_the_server_stops() -> None:
    async def main() -> None:
        async with FakePeer() as peer:
            agents = Agents(f"smtp_connection_cache_destinations = {peer.address}").found
            await agents["relay"].transport.deliver(job("a@b.example", nexthop=f"[{peer.address}]:{peer.port}"))
            assert "QUIT" not in peer.commands
            for agent in agents.values():
                agent.close()
        assert peer.commands[-1] == "QUIT"

    asyncio.run(main())


def test_mailboxes_of_both_kinds_of_users(tmp_path: Path) -> None:
    async def main() -> None:
        ids = f"{max(os.getuid(), 1000)}:{max(os.getgid(), 1000)}"
        oracle = FakeOracle(
            {
                "unix:passwd.byname": {"joe": f"joe:x:{ids}:Joe:{tmp_path}/home:/bin/sh"},
                "hash:/boxes": {"v@v.example": "virt/"},
                "static:1000": "1000",
            }
        )
        agents = Agents(
            f"home_mailbox = Maildir/\nvirtual_mailbox_base = {tmp_path}\nvirtual_mailbox_maps = hash:/boxes\n"
            "virtual_uid_maps = static:1000\nvirtual_gid_maps = static:1000",
            oracle,
        )
        for name, address in (("local", "joe@mx.ohio.net"), ("virtual", "v@v.example")):
            (result,) = await agents.found[name].transport.deliver(job(address))
            assert (result.status, result.text) == (Status.SENT, "delivered to maildir")

    asyncio.run(main())
    for name in ("home/Maildir", "virt"):
        assert len(list((tmp_path / name / "new").iterdir())) == 1


def test_a_pipe_with_wrong_attributes_defers_and_says_why() -> None:
    agents = Agents()
    (result,) = asyncio.run(agents.found["broken"].transport.deliver(job("a@b.example")))
    assert (result.status, result.dsn) == (Status.DEFERRED, "4.3.5")
    words = "warning: broken: user= is missing, which says with whose rights the command runs"
    assert [text(event) for _, _, event in agents.logged] == [words]


def test_results_go_through_the_status_filter() -> None:
    oracle = FakeOracle({"inline:f": {"5.0.0 gone": "4.7.1 not yet"}})
    agents = Agents("default_delivery_status_filter = inline:f", oracle).found
    (result,) = asyncio.run(agents["error"].transport.deliver(job("a@b.example", nexthop="gone")))
    assert (result.status, result.dsn, result.text) == (Status.DEFERRED, "4.7.1", "not yet")
