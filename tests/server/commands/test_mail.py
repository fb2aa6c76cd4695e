"""MAIL: the tests in their order, and what a refusal leaves."""

from __future__ import annotations

import pytest

from tests.fakes.clock import run
from tests.fakes.smtpd import service


async def said(main_cf: str, *lines: str, free: int = 10**12) -> list[str]:
    played = service(main_cf, free_space=lambda: free)
    wire = played.connect()
    await wire.heard()
    replies = await wire.say(*lines)
    await wire.hang_up()
    assert not played.intake.open
    return replies


@pytest.mark.parametrize(
    ("main_cf", "line", "reply"),
    [
        ("smtpd_helo_required = yes\n", "MAIL", "503 5.5.1 Error: send HELO/EHLO first"),
        ("", "MAIL FROM", "501 5.5.4 Syntax: MAIL FROM:<address>"),
        ("", "MAIL FROM:<a@b..c> FOO", "501 5.1.7 Bad sender address syntax"),
        ("", "MAIL FROM:<a@b.example> FOO SIZE=x", "555 5.5.4 Unsupported option: FOO"),
        ("message_size_limit = 10\n", "MAIL FROM:<a@b.example> SIZE=11", "552 5.3.4 Message size exceeds fixed limit"),
        (
            "strict_smtputf8 = yes\n",
            "MAIL FROM:<ä@b.example>",
            "553 5.6.7 Must declare SMTPUTF8 to send unicode address",
        ),
        ("strict_smtputf8 = yes\n", "MAIL FROM:<ä@b.example> SMTPUTF8", "250 2.1.0 Ok"),
        (
            "smtpd_delay_reject = no\nsmtpd_sender_restrictions = reject\n",
            "MAIL FROM:<a@b.example>",
            "554 5.7.1 <a@b.example>: Sender address rejected: Access denied",
        ),
    ],
)
def test_the_first_rule_that_is_broken_answers(main_cf: str, line: str, reply: str) -> None:
    assert [reply] == run(said(main_cf, line))


@pytest.mark.parametrize("between", ["RSET", "HELO a", "EHLO a"])
def test_an_announced_size_stands_until_something_else_begins(between: str) -> None:
    big, small = "MAIL FROM:<a@b.example> SIZE=11", "MAIL FROM:<a@b.example>"
    replies = run(said("message_size_limit = 10\n", big, small, between, small))
    assert replies[0] == replies[1] == "552 5.3.4 Message size exceeds fixed limit"
    assert replies[-1] == "250 2.1.0 Ok"
    assert run(said("message_size_limit = 10\n", big, f"{small} SIZE=9"))[-1] == "250 2.1.0 Ok"


def test_a_refused_mail_opens_nothing() -> None:
    main_cf = "smtpd_delay_reject = no\nsmtpd_sender_restrictions = reject\n"
    replies = run(said(main_cf, "MAIL FROM:<a@b.example>", "RCPT TO:<x@mx.example>"))
    assert "503 5.5.1 Error: need MAIL command" == replies[1]


@pytest.mark.parametrize(
    ("main_cf", "free", "reply"),
    [
        ("message_size_limit = 100\n", 150, "452 4.3.1 Insufficient system storage"),
        ("message_size_limit = 100\n", 151, "250 2.1.0 Ok"),
        ("message_size_limit = 0\n", 1, "250 2.1.0 Ok"),
        ("message_size_limit = 0\nqueue_minfree = 2\n", 1, "452 4.3.1 Insufficient system storage"),
    ],
)
def test_a_full_disk(main_cf: str, free: int, reply: str) -> None:
    assert [reply] == run(said(main_cf, "MAIL FROM:<a@b.example>", free=free))


def test_a_queue_id_at_mail_where_it_is_wanted() -> None:
    async def scene() -> None:
        played = service("smtpd_delay_open_until_valid_rcpt = no\n")
        wire = played.connect()
        await wire.heard()
        await wire.say("MAIL FROM:<a@b.example>")
        assert "Q00001: client=unknown[192.0.2.7]" == played.log[-1]
        assert {"Q00001"} == played.intake.open
        await wire.say("RSET")
        assert not played.intake.open
        await wire.hang_up()

    run(scene())
