"""Addresses of commands: which are taken, and how the others are refused."""

from __future__ import annotations

import pytest

from tests.fakes.clock import run
from tests.fakes.smtpd import service

SENDERS = [
    ("<>", True),
    ("<a@b.example>", True),
    ("a@b.example", True),
    ("<@hub.example,@two.example:a@b.example>", True),
    ('<"a b"@b.example>', True),
    ("<a@[192.0.2.1]>", True),
    ("<a@b.example.>", True),
    ("<@b.example>", True),
    ("<a@>", False),
    ("<a@b..example>", False),
    ("<a@192.0.2.1>", False),
    ("<-a@b.example>", False),
    ("<a@b.example", False),
    ("<a b@b.example>", False),
    ("<a@b.example,c@d.example>", False),
]


@pytest.mark.parametrize(("path", "taken"), SENDERS)
def test_senders(path: str, taken: bool) -> None:
    async def scene() -> str:
        wire = service().connect()
        await wire.heard()
        return (await wire.say(f"MAIL FROM:{path}"))[0]

    assert ("250 2.1.0 Ok" if taken else "501 5.1.7 Bad sender address syntax") == run(scene())


@pytest.mark.parametrize(("path", "taken"), [(path, taken) for path, taken in SENDERS if path != "<>"])
def test_recipients(path: str, taken: bool) -> None:
    async def scene() -> str:
        wire = service("smtpd_relay_restrictions = permit_mynetworks, reject\n").connect("127.0.0.1")
        await wire.heard()
        return (await wire.say("MAIL FROM:<>", f"RCPT TO:{path}"))[1]

    assert ("250 2.1.5 Ok" if taken else "501 5.1.3 Bad recipient address syntax") == run(scene())


def test_nobody_is_no_recipient() -> None:
    async def scene() -> None:
        played = service()
        wire = played.connect()
        await wire.heard()
        replies = await wire.say("MAIL FROM:<>", "RCPT TO:<>")
        assert "501 5.1.3 Bad recipient address syntax" == replies[1]
        assert "warning: Illegal address syntax from unknown[192.0.2.7] in RCPT command: <>" == played.log[-1]

    run(scene())


def test_what_the_configuration_allows() -> None:
    async def scene() -> None:
        wire = service("allow_min_user = yes\nresolve_numeric_domain = yes\n").connect()
        await wire.heard()
        assert ["250 2.1.0 Ok"] == await wire.say("MAIL FROM:<-a@192.0.2.1>")
        wire = service("strict_rfc821_envelopes = yes\n").connect()
        await wire.heard()
        assert ["501 5.1.7 Bad sender address syntax"] == await wire.say("MAIL FROM:a@b.example")

    run(scene())


def test_domains_beyond_ascii_need_smtputf8() -> None:
    async def scene() -> None:
        wire = service("relay_domains = b\u00fccher.example\n").connect()
        await wire.heard()
        assert [
            "501 5.1.7 Bad sender address syntax",
            "250 2.1.0 Ok",
            "250 2.1.5 Ok",
            "501 5.1.3 Bad recipient address syntax",
            "252 2.0.0 a@b\u00fccher.example",
            "250 2.0.0 Ok",
            "250 2.1.0 Ok",
            "501 5.1.3 Bad recipient address syntax",
        ] == await wire.say(
            "MAIL FROM:<a@b\u00fccher.example>",
            "MAIL FROM:<a@b\u00fccher.example> SMTPUTF8",
            "RCPT TO:<a@b\u00fccher.example>",
            "VRFY a@b\u00fccher.example",
            "VRFY a@b\u00fccher.example SMTPUTF8",
            "RSET",
            "MAIL FROM:<>",
            "RCPT TO:<a@b\u00fccher.example>",
        )

    run(scene())
