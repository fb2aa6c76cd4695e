"""What every command line meets before and after its command; more of it is in tests/dialogs."""

from __future__ import annotations

import pytest

from gatepost.server.dialogue import COMMANDS
from gatepost.smtp.commands import Verb
from tests.fakes.clock import run
from tests.fakes.smtpd import service


def test_every_command_is_in_the_table() -> None:
    replies = {Verb.UNKNOWN, Verb.GREETING, Verb.RESPONSE, Verb.END_OF_CONTENT, Verb.LAST_CHUNK}
    assert set(Verb) - replies == set(COMMANDS)


def test_a_filter_changes_commands() -> None:
    async def scene() -> None:
        played = service("smtpd_command_filter = hash:/filter\n", tables={"hash:/filter": {"helo wrong": "HELO right"}})
        wire = played.connect()
        await wire.heard()
        assert ["250 mx.example", "250 2.0.0 Ok"] == await wire.say("  HELO wrong", "NOOP")
        assert 'unknown[192.0.2.7]: replacing command "  HELO wrong" with "HELO right"' in played.log
        await wire.hang_up()

    run(scene())


@pytest.mark.parametrize("parameter", ["smtpd_command_filter", "smtpd_noop_commands", "smtpd_forbidden_commands"])
def test_a_table_that_does_not_answer_ends_the_session(parameter: str) -> None:
    async def scene() -> None:
        wire = service(f"{parameter} = hash:/absent\n").connect()
        await wire.heard()
        assert ["421 4.3.0 mx.example Server local data error"] == await wire.say("FOO")
        assert wire.transport.closed

    run(scene())


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("Subject: x", "221 2.7.0 Error: I can break rules, too. Goodbye."),
        ("Subject : x", "500 5.5.2 Error: command not recognized"),
    ],
)
def test_what_looks_like_a_header_ends_the_session(line: str, reply: str) -> None:
    async def scene() -> None:
        wire = service().connect()
        await wire.heard()
        assert [reply] == await wire.say(line)
        if not wire.transport.closed:
            await wire.hang_up()

    run(scene())


def test_commands_that_are_not_looked_at_are_no_stage() -> None:
    async def scene() -> None:
        played = service("smtpd_delay_reject = no\nsmtpd_client_restrictions = reject\n")
        wire = played.connect()
        await wire.heard()
        await wire.say("NOOP")
        await wire.hang_up()
        assert "lost connection after CONNECT from unknown[192.0.2.7]" in played.log

    run(scene())


def test_a_fault_of_ours_ends_one_session_only(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        played = service()
        first, second = played.connect(), played.connect()
        for wire in (first, second):
            await wire.heard()
        session = played.sessions[0]
        monkeypatch.setattr(session, "facts", None)
        assert ["250 2.1.0 Ok", "421 4.3.0 mx.example Server local data error"] == await first.say(
            "MAIL FROM:<>", "RCPT TO:<x@mx.example>"
        )
        assert any("internal error: TypeError" in line for line in played.log)
        assert ["250 2.0.0 Ok"] == await second.say("NOOP")
        await second.hang_up()

    run(scene())


def test_a_client_is_cut_off_without_a_word_where_policy_says_so() -> None:
    async def scene() -> None:
        played = service(
            "smtpd_recipient_restrictions = check_recipient_access hash:/access\n",
            tables={"hash:/access": {"x@mx.example": "HANGUP"}},
        )
        wire = played.connect()
        await wire.heard()
        assert ["250 2.1.0 Ok", ""] == await wire.say("MAIL FROM:<>", "RCPT TO:<x@mx.example>")
        assert wire.transport.closed

    run(scene())


def test_mandatory_tls() -> None:
    async def scene() -> None:
        wire = service("smtpd_tls_security_level = encrypt\n").connect()
        await wire.heard()
        required = "530 5.7.0 Must issue a STARTTLS command first"
        replies = await wire.say("MAIL FROM:<>", "NOOP", "HELO c.example", "RSET", "VRFY x", "FOO", "QUIT")
        assert [
            required,
            "250 2.0.0 Ok",
            "250 mx.example",
            required,
            required,
            "500 5.5.2 Error: command not recognized",
            "221 2.0.0 Bye",
        ] == replies

    run(scene())
