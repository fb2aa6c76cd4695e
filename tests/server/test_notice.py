"""When the postmaster is told of a session, and what."""

from __future__ import annotations

import pytest

from gatepost.sasl.server import Challenge
from tests.fakes.clock import run
from tests.fakes.sasl import FakeSasl
from tests.fakes.smtpd import service

BROKEN = "smtpd_recipient_restrictions = check_recipient_access hash:/access\n"
TABLES = {"hash:/access": {"x@mx.example": "no such restriction"}}


@pytest.mark.parametrize(("classes", "told"), [("resource, software", True), ("policy", False), ("", False)])
def test_a_fault_of_ours_is_told_once(classes: str, told: bool) -> None:
    async def scene() -> None:
        played = service(BROKEN + f"notify_classes = {classes}\n", tables=TABLES)
        wire = played.connect()
        await wire.heard()
        replies = await wire.say("HELO c.example", "MAIL FROM:<a@b.example>", "RCPT TO:<x@mx.example>", "QUIT")
        assert replies[2].startswith("451 4.3.5")
        assert told == bool(played.intake.taken)
        if told:
            ((submission, content),) = played.intake.taken
            assert "double-bounce" == submission.envelope.sender
            assert ["postmaster"] == [recipient.address for recipient in submission.envelope.recipients]
            assert submission.local_rewrite
            assert b"Subject: Postfix SMTP server: errors from unknown[192.0.2.7]\r\n" in content
            assert b" In:  RCPT TO:<x@mx.example>\r\n Out: 451 4.3.5" in content

    run(scene())


def test_the_notice_has_the_turns_of_a_login_and_the_end() -> None:
    async def scene() -> None:
        main_cf = "smtpd_sasl_auth_enable = yes\nnotify_classes = protocol\n"
        played = service(main_cf, sasl=FakeSasl([Challenge("VXNlcm5hbWU6")]))
        wire = played.connect()
        await wire.heard()
        await wire.say("AUTH LOGIN", "*", "FOO")
        await wire.hang_up()
        ((_, content),) = played.intake.taken
        assert b" Out: 334 VXNlcm5hbWU6\r\n In:  *\r\n Out: 501 5.7.0" in content
        assert b"\r\n\r\nSession aborted, reason: lost connection\r\n" in content

    run(scene())


def test_faults_before_a_message_that_was_taken_are_forgiven() -> None:
    async def scene() -> None:
        played = service("notify_classes = protocol\n")
        wire = played.connect()
        await wire.heard()
        await wire.say("FOO", "HELO a", "MAIL FROM:<>", "RCPT TO:<x@mx.example>", "DATA", ".", "QUIT")
        assert 1 == len(played.intake.taken)

    run(scene())


def test_what_a_client_does_wrong_is_not_told() -> None:
    async def scene() -> None:
        played = service()
        wire = played.connect()
        await wire.heard()
        await wire.say("FOO", "RCPT TO:<x@other.example>", "QUIT")
        assert not played.intake.taken

    run(scene())
