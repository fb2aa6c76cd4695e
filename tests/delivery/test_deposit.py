"""What is said about mailboxes."""

from __future__ import annotations

import asyncio
import errno
import os

import pytest

from gatepost.delivery.deposit import Deposit, Mailboxes
from gatepost.delivery.mailbox import MailboxKind, Target
from gatepost.delivery.requests import Failure
from gatepost.mail.delivery import Result, Status
from gatepost.mail.envelope import Recipient
from gatepost.mail.events import Event
from gatepost.maillog import text
from tests.fakes.jobs import job


class FakeWriter:
    """Keeps what it is given, and answers as told."""

    def __init__(self, failure: Failure | None = None) -> None:
        self.failure = failure
        self.written: list[bytes] = []

    async def deliver(self, target: Target, content: int) -> Failure | None:
        self.target = target
        self.written.append(os.pread(content, 100_000, 0))
        return self.failure


def put(kind: MailboxKind, writer: FakeWriter) -> tuple[Result, list[str]]:
    events: list[Event] = []
    recipient = Recipient("b@b.example", "c@b.example")
    deposit = Deposit(
        1, recipient, Target(kind, "/box", 7, 8), "a@a.example", "local", "5.2.0", "cannot update mailbox /box: "
    )
    result = asyncio.run(Mailboxes(writer, lambda: 1_000_000.0).put(job(recipient), deposit, events.append))
    return result, [text(event) for event in events]


@pytest.mark.parametrize(("kind", "word"), [(MailboxKind.MAILDIR, "maildir"), (MailboxKind.MBOX, "mailbox")])
def test_delivered(kind: MailboxKind, word: str) -> None:
    writer = FakeWriter()
    result, lines = put(kind, writer)
    assert (result.status, result.dsn, result.text, result.relay) == (
        Status.SENT,
        "2.0.0",
        f"delivered to {word}",
        "local",
    )
    assert lines == []
    (message,) = writer.written
    assert message.startswith(b"From a@a.example  " if kind is MailboxKind.MBOX else b"Return-Path: <a@a.example>\n")
    assert b"\nX-Original-To: c@b.example\nDelivered-To: b@b.example\nFrom: a@a.example\n" in message


@pytest.mark.parametrize(
    ("kind", "code", "status", "dsn", "words"),
    [
        (MailboxKind.MAILDIR, errno.EACCES, Status.BOUNCED, "5.2.0", "maildir delivery failed: why"),
        (MailboxKind.MAILDIR, errno.ENOSPC, Status.DEFERRED, "4.3.0", "maildir delivery failed: why"),
        (MailboxKind.MBOX, errno.EAGAIN, Status.DEFERRED, "4.2.0", "cannot update mailbox /box: why"),
    ],
)
def test_failed(kind: MailboxKind, code: int, status: Status, dsn: str, words: str) -> None:
    result, lines = put(kind, FakeWriter(Failure("why", code)))
    assert (status, dsn, words) == (result.status, result.dsn, result.text)
    told = ["warning: maildir access problem for UID/GID=7/8: why"]
    told += ["warning: perhaps you need to create the maildirs in advance"] if code == errno.EACCES else []
    assert lines == (told if kind is MailboxKind.MAILDIR else [])


def test_a_delivery_has_the_same_name_however_often_it_is_tried() -> None:
    names = set()
    for _ in range(2):
        writer = FakeWriter()
        put(MailboxKind.MAILDIR, writer)
        names.add((writer.target.name, writer.target.accepted))
    assert names == {("1000000.M000000Q4XyzR1", 1_000_000.0)}
