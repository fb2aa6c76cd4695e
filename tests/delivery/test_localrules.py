"""Rules of local delivery."""

from __future__ import annotations

import pytest

from gatepost.config.settings import Settings
from gatepost.delivery.accounts import Account
from gatepost.delivery.localrules import LocalRules, substitute
from gatepost.delivery.mailbox import MailboxKind

JOE = Account("joe", 1000, 1001, "/home/joe", "/bin/sh")


@pytest.mark.parametrize(
    ("text", "kind", "path"),
    [
        ("", MailboxKind.MBOX, "/var/mail/joe"),
        ("mail_spool_directory = /spool/", MailboxKind.MAILDIR, "/spool/joe/"),
        ("home_mailbox = Maildir/", MailboxKind.MAILDIR, "/home/joe/Maildir/"),
        ("home_mailbox = Mailbox", MailboxKind.MBOX, "/home/joe/Mailbox"),
    ],
)
def test_mailboxes(text: str, kind: MailboxKind, path: str) -> None:
    target = LocalRules.read(Settings.parse(f"myhostname = mx\n{text}")).mailbox(JOE)
    assert (kind, path, 1000, 1001) == (target.kind, target.path, target.uid, target.gid)


def test_the_size_limit_is_for_files() -> None:
    rules = LocalRules("mx", size_limit=5)
    assert rules.mailbox(JOE).size_limit == 5
    assert LocalRules("mx", home_mailbox="Maildir/").mailbox(JOE).size_limit == 0


def test_old_locks_and_marks_are_as_configured() -> None:
    rules = LocalRules.read(Settings.parse("stale_lock_time = 10s\nprepend_delivered_header = forward\n"))
    assert (10.0, False) == (rules.mailbox(JOE).stale_lock, rules.marks_files)
    assert LocalRules.read(Settings.parse("")).marks_files


@pytest.mark.parametrize(
    ("text", "result"),
    [("$user@x", "joe@x"), ("a+${user}", "a+joe"), ("$(user)$none", "joe"), ("plain", "plain")],
)
def test_substitution(text: str, result: str) -> None:
    assert result == substitute(text, {"user": "joe"})
