"""DATA and BDAT: what becomes of a message at its end. The dialogs have the rest."""

from __future__ import annotations

import pytest

from gatepost.mail import replies
from gatepost.policy.outcome import Fault
from tests.fakes.clock import run
from tests.fakes.smtpd import service

BEFORE = ("EHLO c.example", "MAIL FROM:<a@b.example>", "RCPT TO:<x@mx.example>", "DATA")


def test_what_the_queue_refuses_is_refused() -> None:
    async def scene() -> None:
        played = service()
        played.intake.refusal = replies.STORAGE_FULL
        wire = played.connect()
        await wire.heard()
        assert "452 4.3.1 Insufficient system storage" == (await wire.say(*BEFORE, "."))[-1]
        (session,) = played.sessions
        assert session.transcript.fault & Fault.RESOURCE, "the postmaster hears of it"
        played.intake.refusal = None
        assert "250 2.0.0 Ok: queued as Q00002" == (await wire.say(*BEFORE, "."))[-1]
        assert 1 == len(played.intake.taken)
        await wire.hang_up()

    run(scene())


def test_errors_are_forgiven_with_a_message() -> None:
    async def scene() -> None:
        played = service("smtpd_hard_error_limit = 2\n")
        wire = played.connect()
        await wire.heard()
        assert "250 2.0.0 Ok: queued as Q00001" == (await wire.say("FOO", *BEFORE, "."))[-1]
        assert ["500 5.5.2 Error: command not recognized", "250 2.0.0 Ok"] == await wire.say("FOO", "NOOP")
        await wire.hang_up()

    run(scene())


def test_policy_sees_the_true_size_at_the_end() -> None:
    async def scene() -> None:
        played = service("smtpd_end_of_data_restrictions = reject_unauth_pipelining\n")
        wire = played.connect()
        await wire.heard()
        await wire.say(*BEFORE)
        (session,) = played.sessions
        transaction = session.transaction
        await wire.send(b"12345\r\n")
        assert transaction is not None
        assert 7 == transaction.size
        await wire.hang_up()

    run(scene())


@pytest.mark.parametrize("at_once", [0, 1000, 3])
def test_content_is_taken_byte_for_byte(at_once: int) -> None:
    body = b"".join(b"line %d\r\n" % number for number in range(2000)) + b"x" * 9000 + b"\r\n..\r\n"

    async def scene() -> None:
        played = service()
        wire = played.connect()
        await wire.heard()
        await wire.say(*BEFORE)
        await wire.send(b"Subject: x\r\n\r\n" + body.replace(b"\r\n.", b"\r\n..") + b".\r\n", at_once=at_once)
        assert b"250 2.0.0 Ok: queued as Q00001\r\n" == await wire.heard()
        assert b"Subject: x\r\n\r\n" + body == played.intake.taken[0][1]
        await wire.hang_up()

    run(scene())


def test_nothing_beyond_the_limit_reaches_the_queue() -> None:
    async def scene() -> None:
        played = service("message_size_limit = 10000\n")
        wire = played.connect()
        await wire.heard()
        await wire.say(*BEFORE)
        (session,) = played.sessions
        assert session.transaction is not None
        draft = session.transaction.draft
        await wire.send(b"x" * 1_000_000 + b"\r\n.\r\n")
        assert b"552 5.3.4 Error: message file too big\r\n" == await wire.heard()
        assert len(getattr(draft, "content", b"")) <= 10_000
        await wire.hang_up()

    run(scene())
