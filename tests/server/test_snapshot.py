"""The lists of a service."""

from __future__ import annotations

from gatepost.config.settings import Settings
from gatepost.server.snapshot import SessionLists


def test_empty_lists_are_none() -> None:
    lists = SessionLists.of(Settings.parse("mynetworks = 192.0.2.0/24\nsmtpd_noop_commands = FOO\n"))
    assert lists.authorized_xclient_hosts is None
    assert lists.sasl_exceptions_networks is None
    assert lists.mynetworks is not None
    assert lists.event_limit_exceptions is not None
    assert lists.bare_newline_exclusions is not None
    assert lists.noop_commands is not None
    assert lists.forbidden_commands is not None
