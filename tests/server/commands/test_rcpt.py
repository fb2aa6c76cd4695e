"""RCPT: the tests in their order, and what is kept of a recipient."""

from __future__ import annotations

import pytest

from gatepost.mail.envelope import Notify, Recipient
from tests.fakes.clock import run
from tests.fakes.smtpd import service


@pytest.mark.parametrize(
    ("main_cf", "line", "reply"),
    [
        ("", "RCPT TO", "501 5.5.4 Syntax: RCPT TO:<address>"),
        ("", "RCPT TO:<a@b..c>", "501 5.1.3 Bad recipient address syntax"),
        ("", "RCPT TO:<x@mx.example> FOO", "555 5.5.4 Unsupported option: FOO"),
        ("", "RCPT TO:<x@mx.example> NOTIFY=x", "501 5.5.4 Error: Bad NOTIFY parameter syntax"),
        ("smtpd_discard_ehlo_keywords = dsn\n", "RCPT TO:<x@mx.example> NOTIFY=x", "501 5.7.1 DSN support is disabled"),
        (
            "strict_smtputf8 = yes\n",
            "RCPT TO:<ä@mx.example>",
            "553 5.6.7 Must declare SMTPUTF8 to send unicode address",
        ),
        ("", "RCPT TO:<x@other.example>", "454 4.7.1 <x@other.example>: Relay access denied"),
        ("smtpd_recipient_restrictions = reject\n", "RCPT TO:<postmaster>", "250 2.1.5 Ok"),
        ("", "RCPT TO:<x@mx.example>", "250 2.1.5 Ok"),
    ],
)
def test_the_first_rule_that_is_broken_answers(main_cf: str, line: str, reply: str) -> None:
    async def scene() -> None:
        wire = service(main_cf).connect()
        await wire.heard()
        assert ["250 2.1.0 Ok", reply] == await wire.say("MAIL FROM:<>", line)
        await wire.hang_up()

    run(scene())


def test_what_is_kept() -> None:
    async def scene() -> None:
        played = service()
        wire = played.connect()
        await wire.heard()
        await wire.say(
            "MAIL FROM:<>", 'RCPT TO:<"a b"@mx.example> NOTIFY=NEVER ORCPT=rfc822;x+2By', "RCPT TO:<y@mx.example>"
        )
        (session,) = played.sessions
        assert session.transaction is not None
        assert [
            Recipient("a b@mx.example", "a b@mx.example", Notify.NEVER, "rfc822;x+y"),
            Recipient("y@mx.example", "y@mx.example", orcpt="rfc822;y@mx.example"),
        ] == session.transaction.recipients
        assert 1 == sum("client=" in line for line in played.log)
        await wire.hang_up()

    run(scene())
