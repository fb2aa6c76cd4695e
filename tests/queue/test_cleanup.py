"""What a configuration does to mail that comes in."""

from __future__ import annotations

import asyncio

import pytest

from gatepost.config.own import OwnAddresses
from gatepost.config.settings import Settings
from gatepost.mail.envelope import Recipient
from gatepost.mail.events import Event
from gatepost.mail.events.queue import MessageId
from gatepost.queue.cleanup import Cleanup
from gatepost.routing.expansion import ExpansionRefused
from gatepost.routing.router import Router
from tests.fakes.oracle import FakeOracle

NOW = 1_700_000_000.0
TABLES = {"hash:/virtual": {"list@example.com": "a@example.com, b@example.com"}}


def cleanup(text: str = "", log: list[Event] | None = None, oracle: FakeOracle | None = None) -> Cleanup:
    settings = Settings.parse(
        f"myhostname = mx.example.com\nmydomain = example.com\nvirtual_alias_maps = hash:/virtual\n{text}"
    )
    router = Router(settings, OwnAddresses(frozenset(), frozenset(), ()))
    events = [] if log is None else log
    return Cleanup(settings, router, lambda: oracle or FakeOracle(TABLES), events.append)


def test_the_envelope_is_completed_and_expanded() -> None:
    given = (Recipient("list@example.com", "list@example.com"), Recipient("b@example.com", "B"))
    sender, expansion = asyncio.run(cleanup().envelope("joe", given, None))
    assert sender == "joe@mx.example.com"
    assert [(r.address, r.original) for r in expansion.recipients] == [
        ("a@example.com", "list@example.com"),
        ("b@example.com", "list@example.com"),
        ("b@example.com", "B"),
    ]


def test_the_null_sender_stays_null() -> None:
    given = (Recipient("x@example.com", "x@example.com"),)
    assert asyncio.run(cleanup().envelope("", given, None))[0] == ""


def test_the_transaction_sees_its_own_version_of_the_tables() -> None:
    given = (Recipient("list@example.com", "list@example.com"),)
    older = FakeOracle({"hash:/virtual": {"list@example.com": "old@example.com"}})
    _, found = asyncio.run(cleanup().envelope("", given, older))
    assert [recipient.address for recipient in found.recipients] == ["old@example.com"]


def test_a_table_that_fails_is_not_passed_over() -> None:
    given = (Recipient("list@example.com", "list@example.com"),)
    with pytest.raises(ExpansionRefused):
        asyncio.run(cleanup(oracle=FakeOracle()).envelope("", given, None))


def test_headers_of_our_users_are_completed() -> None:
    log: list[Event] = []
    work = cleanup(log=log).headers("joe@example.com", "A1", NOW, "Joe Doe", local=True)
    made = (work.feed(b"To: ann\r\nBcc: x\r\n\r\nbody") + work.finish()).decode()
    assert made.startswith("To: ann@mx.example.com\r\n")
    assert "From: Joe Doe <joe@example.com>\r\n" in made
    assert "Message-Id: <20231114221320.A1@mx.example.com>\r\n" in made
    assert "Bcc" not in made
    assert made.endswith("\r\n\r\nbody")
    assert log == [MessageId("A1", "<20231114221320.A1@mx.example.com>")]


def test_headers_of_strangers_are_left_alone() -> None:
    work = cleanup().headers("joe@b.example", "A1", NOW, local=False)
    assert work.feed(b"To: ann\r\n\r\n") + work.finish() == b"To: ann\r\n\r\n"


def test_unless_they_get_a_domain_or_everything() -> None:
    work = cleanup("remote_header_rewrite_domain = domain.invalid").headers("", "A1", NOW, local=False)
    made = work.feed(b"To: ann\r\n\r\n") + work.finish()
    assert made.startswith(b"To: ann@domain.invalid\r\nMessage-Id: <")
    work = cleanup("always_add_missing_headers = yes").headers("j@b.example", "A1", NOW, local=False)
    assert b"From: j@b.example\r\n" in work.feed(b"To: ann\r\n\r\n") + work.finish()


def test_our_own_mail_is_stamped() -> None:
    made = cleanup("mail_name = Postfix").received("A1", NOW)
    assert made.startswith("Received: by mx.example.com (Postfix)\r\n\tid A1; ")
    assert made.endswith("\r\n")
    assert "2023" in made
