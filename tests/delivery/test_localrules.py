"""Rules of local delivery."""

from __future__ import annotations

import pytest

from gatepost.config.settings import Settings
from gatepost.delivery.accounts import Account
from gatepost.delivery.localrules import LocalRules, command_rules, forward_rules
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
    target = LocalRules.read(Settings.parse(f"myhostname = mx\n{text}"), "local").mailbox(JOE)
    assert (kind, path, 1000, 1001) == (target.kind, target.path, target.uid, target.gid)


def test_the_size_limit_is_for_files() -> None:
    rules = LocalRules("mx", size_limit=5)
    assert rules.mailbox(JOE).size_limit == 5
    assert LocalRules("mx", home_mailbox="Maildir/").mailbox(JOE).size_limit == 0


def test_old_locks_and_marks_are_as_configured() -> None:
    rules = LocalRules.read(Settings.parse("stale_lock_time = 10s\nprepend_delivered_header = forward\n"), "local")
    assert (10.0, False) == (rules.mailbox(JOE).stale_lock, rules.marks_files)
    assert LocalRules.read(Settings.parse(""), "local").marks_files


def test_a_lock_file_beside_a_file_is_not_required() -> None:
    rules = LocalRules("mx")
    assert rules.file("/box", JOE).dotlock_optional
    assert not rules.mailbox(JOE).dotlock_optional


def test_rules_of_commands_and_forward_files() -> None:
    text = "local_command_shell = /bin/smrsh -c\nprepend_delivered_header = file\nexport_environment = A=b\n"
    rules = command_rules(Settings.parse(text), 5.0, {})
    assert (rules.shell, rules.time_limit, rules.marked) == (("/bin/smrsh", "-c"), 5.0, False)
    assert rules.exported.values == {"A": "b", "PATH": "/usr/bin:/bin"}
    assert forward_rules(Settings.parse("")).paths == (
        "$home/.forward${recipient_delimiter}${extension}",
        "$home/.forward",
    )
