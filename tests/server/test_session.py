"""What a session knows and how it speaks."""

from __future__ import annotations

import pytest

from gatepost.mail.reply import Reply
from gatepost.server.session import Answer, BareNewlines, escaped
from tests.fakes.clock import run
from tests.fakes.smtpd import service


@pytest.mark.parametrize(
    ("answer", "error", "done"),
    [
        (Answer(Reply.of(250, "", "x")), False, True),
        (Answer(Reply.of(334, "", "x")), False, True),
        (Answer(Reply.of(450, "", "x")), True, False),
        (Answer(Reply.of(452, "", "x"), error=False), False, True),
        (Answer(Reply.of(220, "", "x"), error=False, done=False), False, False),
    ],
)
def test_answers(answer: Answer, error: bool, done: bool) -> None:
    assert (error, done) == (answer.is_error, answer.is_done)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("no", BareNewlines.ACCEPT), ("yes", BareNewlines.NORMALIZE), ("reject", BareNewlines.REJECT)],
)
def test_bare_newlines(value: str, expected: BareNewlines) -> None:
    assert expected is BareNewlines.of(value)


def test_input_is_escaped() -> None:
    assert r"a\r\n\\\000\377\t" == escaped(b"a\r\n\\\x00\xff\t")


def test_the_port_is_shown_where_it_is_wanted() -> None:
    async def scene() -> None:
        played = service("smtpd_client_port_logging = yes\n")
        wire = played.connect()
        await wire.say("QUIT")
        assert "connect from unknown[192.0.2.7]:40000" == played.log[0]

    run(scene())


def test_facts_are_those_of_the_session() -> None:
    async def scene() -> None:
        played = service()
        wire = played.connect()
        await wire.heard()
        await wire.say("EHLO c.example", "MAIL FROM:<a@b.example> SIZE=5")
        (session,) = played.sessions
        facts = session.facts("RCPT")
        assert ("RCPT", "c.example", "ESMTP", "a@b.example", 5, "192.0.2.1", "25") == (
            facts.protocol_state,
            facts.helo,
            facts.protocol,
            facts.sender,
            facts.size,
            facts.server_address,
            facts.server_port,
        )
        await wire.hang_up()

    run(scene())
