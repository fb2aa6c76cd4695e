"""Reports beside what Postfix 3.7 sends in the same cases."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from email import message_from_bytes
from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.delivery.report import (
    Reported,
    ReportKind,
    Returned,
    Site,
    Words,
    report_envelope,
    write_report,
)
from gatepost.mail.dates import mail_date
from gatepost.mail.envelope import Envelope, Recipient, Ret

WORDS = Words(
    "Mail Delivery System <MAILER-DAEMON>",
    "Undelivered Mail Returned to Sender",
    text="This is the mail system at host mx.ohio.net.\n\nSorry.\n",
)
SITE = Site("mx.ohio.net", "Postfix", "double-bounce@mx.ohio.net", WORDS)
CONTENT = b"Received: from a\r\n\tby mx.ohio.net\r\nSubject: x\r\n\r\ny\r\n"
NOW = 1_795_421_806.0
ANN = Recipient("ann@victim.com", "ann@victim.com")
SAID = "host 127.0.0.25[127.0.0.25] said: 554 go (in reply to RCPT TO command)"
REFUSED = Reported(ANN, "5.0.0", SAID, "127.0.0.25[127.0.0.25]:25", "554 go", "127.0.0.25")


def returned(sender: str = "a@b.example", content: bytes = CONTENT, size: int = 0, **more: object) -> Returned:
    envelope = Envelope(sender, (ANN,), **more)  # type: ignore[arg-type]  # fields by name, for short tests
    return Returned("ABCDEF0123", envelope, content, size or len(content), NOW - 5, NOW + 432_000)


def write(kind: ReportKind, *recipients: Reported, message: Returned | None = None, site: Site = SITE) -> str:
    return write_report(kind, message or returned(), recipients or (REFUSED,), site, NOW).decode()


def parts(text: str) -> list[Message]:
    found = message_from_bytes(text.encode()).get_payload()
    assert isinstance(found, list)
    return [part for part in found if isinstance(part, Message)]


def date(when: float) -> str:
    return mail_date(datetime.fromtimestamp(when).astimezone())


FAILURE = f"""\
Date: {date(NOW)}
From: Mail Delivery System <MAILER-DAEMON>
Subject: Undelivered Mail Returned to Sender
To: a@b.example
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="ABCDEF0123.1795421806/mx.ohio.net"
Content-Transfer-Encoding: 8bit

This is a MIME-encapsulated message.

--ABCDEF0123.1795421806/mx.ohio.net
Content-Description: Notification
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

This is the mail system at host mx.ohio.net.

Sorry.

<ann@victim.com>: host 127.0.0.25[127.0.0.25] said: 554 go (in reply to RCPT TO
    command)

--ABCDEF0123.1795421806/mx.ohio.net
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.ohio.net
Original-Envelope-Id: x+y
X-Postfix-Queue-ID: ABCDEF0123
X-Postfix-Sender: rfc822; a@b.example
Arrival-Date: {date(NOW - 5)}

Final-Recipient: rfc822; ann@victim.com
Original-Recipient: rfc822;ann@victim.com
Action: failed
Status: 5.0.0
Remote-MTA: dns; 127.0.0.25
Diagnostic-Code: smtp; 554 go

--ABCDEF0123.1795421806/mx.ohio.net
Content-Description: Undelivered Message
Content-Type: message/rfc822
Content-Transfer-Encoding: 8bit

Return-Path: <a@b.example>
Received: from a
\tby mx.ohio.net
Subject: x

y

--ABCDEF0123.1795421806/mx.ohio.net--
"""


def test_a_failure_is_reported_as_postfix_does() -> None:
    text = write(ReportKind.FAILURE, message=returned(envid="x+y"))
    assert FAILURE == text.replace("\r\n", "\n")
    assert text.count("\r\n") == text.count("\n")


def test_a_failure_of_our_own_quotes_nobody() -> None:
    unknown = Reported(ANN, "5.1.1", "User unknown in virtual alias table")
    text = write(ReportKind.FAILURE, unknown)
    assert "<ann@victim.com>: User unknown in virtual alias table\r\n" in text
    assert "Diagnostic-Code: X-Postfix; User unknown in virtual alias table\r\n" in text
    assert "Remote-MTA" not in text


def test_an_expanded_address_names_where_it_came_from() -> None:
    one = Reported(Recipient("joe@victim.com", "info@ohio.net"), "5.1.1", "no")
    text = write(ReportKind.FAILURE, one)
    assert "<joe@victim.com> (expanded from <info@ohio.net>): no\r\n" in text
    assert "Original-Recipient: rfc822;info@ohio.net\r\n" in text


@pytest.mark.parametrize(
    ("kind", "sender", "ret", "description", "form"),
    [
        (ReportKind.FAILURE, "a@b", Ret.UNSET, "Undelivered Message", "message/rfc822"),
        (ReportKind.FAILURE, "a@b", Ret.HDRS, "Undelivered Message Headers", "text/rfc822-headers"),
        (ReportKind.DELAY, "a@b", Ret.FULL, "Undelivered Message Headers", "text/rfc822-headers"),
        (ReportKind.SUCCESS, "a@b", Ret.FULL, "Message Headers", "text/rfc822-headers"),
        (ReportKind.POSTMASTER, "a@b", Ret.UNSET, "Undelivered Message Headers", "text/rfc822-headers"),
        (ReportKind.POSTMASTER_DELAY, "a@b", Ret.UNSET, "Undelivered Message Headers", "text/rfc822-headers"),
        (ReportKind.POSTMASTER, "", Ret.UNSET, "Undelivered Message", "message/rfc822"),
    ],
)
def test_how_much_returns(kind: ReportKind, sender: str, ret: Ret, description: str, form: str) -> None:
    last = parts(write(kind, message=returned(sender, ret=ret)))[2]
    assert (last["Content-Description"], last.get_content_type()) == (description, form)


def test_a_large_message_does_not_return() -> None:
    for size, limit in ((50_001, 50_000), (60, 10)):
        text = write(
            ReportKind.FAILURE,
            message=returned(size=size),
            site=Site("mx.ohio.net", "Postfix", "x", WORDS, size_limit=limit),
        )
        assert "Undelivered Message Headers" in text
        assert "\r\ny\r\n" not in text


def test_a_success_says_how() -> None:
    relayed = Reported(ANN, "2.0.0", "250 2.0.0 ok", "h[1.2.3.4]:25", "250 2.0.0 ok", "h", relayed=True)
    local = Reported(ANN, "2.0.0", "delivered to mailbox", "local")
    assert "Action: relayed\r\n" in write(ReportKind.SUCCESS, relayed)
    text = write(ReportKind.SUCCESS, local)
    assert "<ann@victim.com>: delivery via local: delivered to mailbox\r\n" in text
    assert "Action: delivered\r\n" in text
    assert "Diagnostic-Code: X-Postfix; delivery via local: delivered to mailbox\r\n" in text


@pytest.mark.parametrize(
    ("header", "thread"),
    [
        (b"Message-Id: <abc@me.example>", "References: <abc@me.example>\r\nIn-Reply-To: <abc@me.example>\r\n"),
        (b"message-ID:\r\n <a!b@c>", "References: <a!b@c>\r\nIn-Reply-To: <a!b@c>\r\n"),
        (b"Message-Id: none", ""),
        (b"Message-Id: <a b>", ""),
        (b"X-Message-Id: <a@b>", ""),
    ],
)
def test_a_report_may_be_a_reply(header: bytes, thread: str) -> None:
    content = b"Subject: x\r\n" + header + b"\r\n\r\nMessage-Id: <body@me>\r\n"
    text = write(ReportKind.FAILURE, message=returned(content=content), site=replace(SITE, threaded=True))
    assert f"To: a@b.example\r\n{thread}Auto-Submitted: auto-replied\r\n" in text
    assert "References:" not in write(ReportKind.FAILURE, message=returned(content=content)).partition("\r\n\r\n")[0]


@pytest.mark.parametrize("kind", [ReportKind.DELAY, ReportKind.POSTMASTER_DELAY])
def test_a_delay_says_until_when(kind: ReportKind) -> None:
    text = write(kind, Reported(ANN, "4.4.1", "connect to h[1.2.3.4]:25: Connection refused"))
    assert "Action: delayed\r\n" in text
    assert f"Will-Retry-Until: {date(NOW + 432_000)}\r\n" in text


def test_the_postmaster_gets_the_facts_only() -> None:
    text = write(ReportKind.POSTMASTER, message=returned(""))
    assert "Content-Transfer-Encoding: 8bit\r\n\r\n\r\n<ann@victim.com>: host" in text
    assert "X-Postfix-Sender: rfc822; MAILER-DAEMON@mx.ohio.net\r\n" in text
    assert "Return-Path: <MAILER-DAEMON@mx.ohio.net>\r\n" in text
    assert "Auto-Submitted: auto-generated\r\n" in text


@pytest.mark.parametrize(
    ("kind", "sender", "to"),
    [
        (ReportKind.FAILURE, "", "a@b.example"),
        (ReportKind.SUCCESS, "", "a@b.example"),
        (ReportKind.POSTMASTER, "double-bounce@mx.ohio.net", "postmaster"),
        (ReportKind.POSTMASTER_DELAY, "double-bounce@mx.ohio.net", "postmaster"),
    ],
)
def test_envelopes_do_not_ask_for_reports(kind: ReportKind, sender: str, to: str) -> None:
    envelope = report_envelope(kind, returned(), SITE)
    assert (sender, to) == (envelope.sender, envelope.recipients[0].address)


def test_reports_on_utf8_mail_are_in_utf8() -> None:
    umlaut = Reported(Recipient("jöe@victim.com", "jöe@victim.com"), "5.1.1", "no")
    text = write(ReportKind.FAILURE, umlaut, message=returned("ä@b.example", smtputf8=True))
    assert "Content-Type: message/global-delivery-status\r\n" in text
    assert "Final-Recipient: utf-8; jöe@victim.com\r\n" in text
    assert "Content-Type: message/global\r\n" in text


def test_reports_on_mail_that_declared_utf8_are_in_utf8() -> None:
    text = write(ReportKind.FAILURE, Reported(Recipient("x@v.example", "x@v.example"), "5.1.1", "no"))
    assert "message/global" not in text
    message = returned("a@b.example", smtputf8=True)
    text = write(ReportKind.FAILURE, Reported(Recipient("x@v.example", "x@v.example"), "5.1.1", "no"), message=message)
    assert "Content-Type: message/global-delivery-status\r\n" in text
    assert "Content-Type: message/global\r\n" in text


def test_a_report_to_a_unicode_address_says_so() -> None:
    (recipient,) = report_envelope(ReportKind.FAILURE, returned("ä@b.example", smtputf8=True), SITE).recipients
    assert "utf-8;ä@b.example" == recipient.orcpt


@given(st.binary(max_size=60), st.text(max_size=200))
def test_whatever_returns_stays_inside_its_part(body: bytes, words: str) -> None:
    """No content can end its part early, even one that knows the boundary."""
    content = b"Subject: x\r\n\r\n--ABCDEF0123.1795421806/mx.ohio.net\r\n" + body + b"\r\n"
    raw = write_report(
        ReportKind.FAILURE,
        returned(content=content),
        [Reported(ANN, "5.0.0", " ".join(words.split()).encode("ascii", "ignore").decode())],
        SITE,
        NOW,
    )
    payload = message_from_bytes(raw).get_payload()
    assert isinstance(payload, list)
    assert len(payload) == 3
