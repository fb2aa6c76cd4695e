"""The session's log lines."""

from __future__ import annotations

from gatepost import maillog
from gatepost.mail.events.smtpd import Disconnected, LimitExceeded, NameMismatch


def test_disconnect_line() -> None:
    assert maillog.text(Disconnected("a[1]", "ehlo=1 commands=1")) == "disconnect from a[1] ehlo=1 commands=1"


def test_limit_line() -> None:
    line = "warning: Connection concurrency limit exceeded: 51 from a[1] for service smtp"
    assert line == maillog.text(LimitExceeded("Connection concurrency limit", 51, "a[1]", "smtp"))


def test_name_mismatch_may_carry_the_resolver_s_words() -> None:
    assert maillog.text(NameMismatch("n", "1")) == "warning: hostname n does not resolve to address 1"
    assert maillog.text(NameMismatch("n", "1", "why")) == "warning: hostname n does not resolve to address 1: why"
