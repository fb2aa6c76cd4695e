"""Virtual mailboxes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from gatepost.config.own import OwnAddresses
from gatepost.config.settings import Settings
from gatepost.delivery.deposit import Mailboxes
from gatepost.delivery.surroundings import Surroundings
from gatepost.delivery.virtual import VirtualAgent, VirtualRules
from gatepost.delivery.writers import DirectWriter
from gatepost.mail.delivery import Result, Status
from gatepost.mail.events import Event
from gatepost.maillog import text
from gatepost.oracle import Oracle
from gatepost.routing.search import SearchRules
from tests.fakes.jobs import job
from tests.fakes.oracle import FakeOracle

TABLES: dict[str, Mapping[str, str] | str] = {
    "hash:/boxes": {"v@v.example": "v/", "w@v.example": "w", "@all.example": "all/"},
    "hash:/uids": {"v@v.example": "1000", "w@v.example": "5", "@all.example": "x"},
    "static:1000": "1000",
}
RULES = VirtualRules("virtual", "", ("hash:/boxes",), ("static:1000",), ("static:1000",))


async def nowhere(_: str, __: Oracle) -> bool:
    return False


def deliver(address: str, rules: VirtualRules) -> tuple[Result, list[str]]:
    events: list[Event] = []
    world = Surroundings(lambda: FakeOracle(TABLES), lambda _: events.append, OwnAddresses())
    search = SearchRules(nowhere, delimiters="+")
    agent = VirtualAgent(rules, world, search, Mailboxes(DirectWriter(), lambda: 1_000_000.0))
    (result,) = asyncio.run(agent.deliver(job(address)))
    return result, [text(event) for event in events]


@pytest.mark.parametrize(
    ("address", "words", "where"),
    [
        ("v@v.example", "delivered to maildir", "v/new"),
        ("v+ext@v.example", "delivered to maildir", "v/new"),
        ("any@all.example", "delivered to maildir", "all/new"),
        ("w@v.example", "delivered to mailbox", "w"),
    ],
)
def test_mail_arrives(tmp_path: Path, address: str, words: str, where: str) -> None:
    result, _ = deliver(address, replace(RULES, base=str(tmp_path)))
    assert (result.status, result.text, result.relay) == (Status.SENT, words, "virtual")
    found = tmp_path / where
    (message,) = [path.read_bytes() for path in (found.iterdir() if found.is_dir() else [found])]
    assert f"Delivered-To: {address}\n".encode() in message


def test_an_address_without_entry_does_not_exist() -> None:
    result, _ = deliver("nobody@v.example", RULES)
    assert (result.status, result.dsn, result.text) == (
        Status.BOUNCED,
        "5.1.1",
        'unknown user: "nobody@v.example"',
    )


@pytest.mark.parametrize(
    ("address", "rules", "line"),
    [
        (
            "w@v.example",
            replace(RULES, uid_maps=("hash:/uids",)),
            "warning: recipient w@v.example: bad uid 5 in virtual_uid_maps",
        ),
        (
            "any@all.example",
            replace(RULES, uid_maps=("hash:/uids",)),
            "warning: recipient any@all.example: bad uid x in virtual_uid_maps",
        ),
        ("v@v.example", replace(RULES, gid_maps=()), "warning: recipient v@v.example: not found in virtual_gid_maps"),
        (
            "v@v.example",
            replace(RULES, mailbox_maps=("hash:/gone",)),
            'warning: hash:/gone lookup error for "v@v.example": made to fail',
        ),
    ],
)
def test_mail_waits_while_tables_are_wrong(address: str, rules: VirtualRules, line: str) -> None:
    result, lines = deliver(address, rules)
    assert (result.status, result.dsn, result.text) == (Status.DEFERRED, "4.3.5", "mail system configuration error")
    assert lines == [line]


def test_rules_come_from_settings() -> None:
    rules = VirtualRules.read(Settings.parse("virtual_mailbox_base = /v\nvirtual_minimum_uid = 5"), "virtual")
    assert (rules.base, rules.minimum_uid, rules.locks, rules.lock_delay) == ("/v", 5, ("fcntl", "dotlock"), 1.0)


def test_a_delivery_that_was_not_recorded_is_found_again(tmp_path: Path) -> None:
    """The worker died between the two; the message and the recipient's row are the same."""
    for _ in range(2):
        result, _ = deliver("v@v.example", replace(RULES, base=str(tmp_path)))
        assert result.status is Status.SENT
    assert len(list((tmp_path / "v" / "new").iterdir())) == 1
