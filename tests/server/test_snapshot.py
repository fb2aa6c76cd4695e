"""The lists of a service."""

from __future__ import annotations

import pytest

from gatepost.config.settings import Settings
from gatepost.server.snapshot import SessionLists, limits_clients


def test_empty_lists_are_none() -> None:
    lists = SessionLists.of(Settings.parse("mynetworks = 192.0.2.0/24\nsmtpd_noop_commands = FOO\n"))
    assert lists.authorized_xclient_hosts is None
    assert lists.sasl_exceptions_networks is None
    assert lists.mynetworks is not None
    assert lists.event_limit_exceptions is not None
    assert lists.bare_newline_exclusions is not None
    assert lists.noop_commands is not None
    assert lists.forbidden_commands is not None


NO_LIMITS = "smtpd_client_connection_count_limit = 0\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", True), (NO_LIMITS, False), (f"{NO_LIMITS}smtpd_client_message_rate_limit = 5\n", True)],
)
def test_whether_clients_are_limited(text: str, *, expected: bool) -> None:
    assert expected is limits_clients(Settings.parse(text))
