"""Reports: what the queue orders, worded."""

from __future__ import annotations

import asyncio

import pytest

from gatepost.config.settings import Settings
from gatepost.mail.delivery import Result, Status
from gatepost.mail.envelope import Envelope, Recipient
from gatepost.queue.body import MemoryBody
from gatepost.queue.record import Identity, Report, ReportKind, ReportOrder, Row, RowState, StoredMessage
from gatepost.server.reporting import ReportOffice

SETTINGS = """
myhostname = mx.example
myorigin = mx.example
mail_name = Gatepost
bounce_notice_recipient = bounces
2bounce_notice_recipient = double
delay_notice_recipient = delays
"""
BOUNCED = Result(
    1, Status.BOUNCED, "5.1.1", "host mx.b[192.0.2.9] said: 550 no", "mx.b[192.0.2.9]:25", remote_reply="550 no"
)


def report(
    kind: ReportKind,
    sender: str = "joe@a.example",
    result: Result | None = BOUNCED,
    size: int = 10,
    state: RowState = RowState.PENDING,
    settings: Settings | None = None,
) -> Report:
    body = MemoryBody(b"Subject: hello\r\n\r\n" + b"x" * size + b"\r\n")
    row = Row(1, Recipient("k@b.example", "k@b.example"), state, result=result)
    message = StoredMessage(Identity(1, "A1"), Envelope(sender, ()), (row,), body, 1000.0, 1000.0, 1000.0)
    office = ReportOffice(settings or Settings.parse(SETTINGS), lambda: 2000.0)
    written = asyncio.run(office.write(ReportOrder(kind, message, (row,))))
    assert written is not None
    return written


def test_a_failure_goes_to_the_sender_from_nobody() -> None:
    written = report(ReportKind.FAILURE)
    assert ("", ("joe@a.example",)) == (written.envelope.sender, tuple(r.address for r in written.envelope.recipients))
    text = written.content.decode()
    assert "Subject: Undelivered Mail Returned to Sender\r\n" in text
    assert "Status: 5.1.1\r\n" in text
    assert "Diagnostic-Code: smtp; 550 no\r\n" in text
    assert "xxxxxxxxxx" in text


@pytest.mark.parametrize(("sender", "to"), [("joe@a.example", "bounces"), ("", "double")])
def test_the_postmaster_gets_copies_from_the_double_bounce_address(sender: str, to: str) -> None:
    envelope = report(ReportKind.POSTMASTER, sender).envelope
    assert ("double-bounce@mx.example", to) == (envelope.sender, envelope.recipients[0].address)


def test_a_delay_says_until_when_it_will_be_tried() -> None:
    text = report(ReportKind.DELAY).content.decode()
    assert "Will-Retry-Until: " in text


def test_who_was_never_tried_has_expired() -> None:
    assert "Status: 4.4.7\r\n" in report(ReportKind.FAILURE, result=None).content.decode()


def test_a_large_message_comes_back_as_its_header() -> None:
    written = report(ReportKind.FAILURE, size=200_000)
    assert b"Subject: hello" in written.content
    assert len(written.content) < 10_000


def test_an_alias_that_became_others_is_told_as_such() -> None:
    result = Result(1, Status.SENT, "2.0.0", "alias expanded")
    text = report(ReportKind.SUCCESS, result=result, state=RowState.EXPANDED).content.decode()
    assert "\r\n<k@b.example>: alias expanded\r\n" in text
    assert "\r\nAction: expanded\r\n" in text
    assert "\r\nDiagnostic-Code: X-Gatepost; alias expanded\r\n" in text


def test_copies_of_delays_go_to_whom_they_are_for() -> None:
    written = report(ReportKind.POSTMASTER_DELAY)
    assert "delays" == written.envelope.recipients[0].address
    text = written.content.decode()
    assert "Subject: Postmaster Warning: Delayed Mail\r\n" in text
    assert "This is the mail system" not in text


TEMPLATE = "failure_template = <<EOF\nCharset: {charset}\nSubject: Came back\n\nHello from $myhostname\nEOF\n"


@pytest.mark.parametrize(
    ("charset", "utf8", "shown"),
    [("us-ascii", "yes", "utf-8"), ("us-ascii", "no", "us-ascii"), ("iso-8859-1", "yes", "iso-8859-1")],
)
def test_a_site_says_it_in_its_own_words(charset: str, utf8: str, shown: str) -> None:
    text = f"{SETTINGS}bounce_template_file = /b.cf\nsmtputf8_enable = {utf8}\n"
    settings = Settings.parse(text).with_files({"/b.cf": TEMPLATE.format(charset=charset)})
    written = report(ReportKind.FAILURE, settings=settings).content.decode()
    assert "\r\nSubject: Came back\r\n" in written
    assert f"Content-Type: text/plain; charset={shown}\r\n" in written
    assert "\r\nHello from mx.example\r\n\r\n<k@b.example>:" in written
