"""Our client against servers that behave in all kinds of ways, held against what Postfix's client made of each."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gatepost.config.own import OwnAddresses
from gatepost.delivery.rules import ClientRules
from gatepost.delivery.smtp import SmtpAgent
from gatepost.delivery.surroundings import Surroundings
from gatepost.mail.events import Event
from gatepost.maillog import text
from gatepost.smtp.client_values import Dialect, Stage
from tests.fakes.behaviours import BEHAVIOURS
from tests.fakes.jobs import job
from tests.fakes.oracle import FakeOracle

RECORD: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "behaviours.json").read_text("utf-8"))
RULES = ClientRules(name="mx.ohio.net", families=("A",))
IMPATIENT = replace(RULES, timeouts=dict.fromkeys(Stage, 0.05))


SIZE = 300
"""Bytes of the recorded mails, with what Postfix put before them."""

AHEAD = "host 127.0.0.1[127.0.0.1] sent a reply ahead of its command"
OURS: dict[str, dict[str, Any]] = {
    # One reply could pass for another (docs/differences.md).
    "greeting two replies": {
        "results": [["b@b.example", "127.0.0.1[127.0.0.1]:PORT", "4.5.0", "deferred", AHEAD]],
        "commands": [],
    },
    "MAIL two replies": {
        "results": [["b@b.example", "127.0.0.1[127.0.0.1]:PORT", "4.5.0", "deferred", AHEAD]],
        "commands": ["EHLO mx.ohio.net", "MAIL FROM:<a@a.example>"],
    },
    # We say goodbye also where we have nothing to send after all.
    "EHLO size too small": {"commands": ["EHLO mx.ohio.net", "QUIT"]},
    "EHLO equals sign": {"commands": ["EHLO mx.ohio.net", "QUIT"]},
}
"""Where we differ on purpose, and in what."""


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_our_client_makes_of_it_what_postfix_does(name: str) -> None:
    behaviour = BEHAVIOURS[name]
    events: list[Event] = []

    async def main() -> dict[str, object]:
        async with AsyncExitStack() as stack:
            peers = [await stack.enter_async_context(peer) for peer in behaviour.peers()]
            rules = IMPATIENT if "stall" in name else RULES
            agent = SmtpAgent(
                replace(rules, dialect=Dialect.LMTP) if behaviour.lmtp else rules,
                Surroundings(FakeOracle, lambda _: events.append, OwnAddresses()),
                None,
            )
            work = job(*behaviour.recipients, nexthop=behaviour.nexthop(peers))
            results = await agent.deliver(work)
        addresses = dict(enumerate(behaviour.recipients, 1))

        def shown(line: str) -> str:
            line = line.replace(f"message size {work.body.size} ", f"message size {SIZE} ")
            for word, peer in zip(("PORT", "PORT2"), peers, strict=False):
                line = line.replace(f":{peer.port}", f":{word}")
            return line.replace(work.queue_id, "QID")

        return {
            "results": sorted(
                [addresses[result.row], shown(result.relay), result.dsn, result.status.value, shown(result.text)[:200]]
                for result in results
            ),
            "lines": [shown(text(event)) for event in events],
            "commands": [command for peer in peers for command in peer.commands],
        }

    found = asyncio.run(main())
    assert found == {**RECORD[name], **OURS.get(name, {})}
