"""The client's words."""

from __future__ import annotations

import pytest

from gatepost.smtp.client_values import Outcome, Server


@pytest.mark.parametrize(
    ("server", "label", "relay"),
    [
        (Server("mx.x", "192.0.2.1", "25"), "mx.x[192.0.2.1]", "mx.x[192.0.2.1]:25"),
        (Server("mx.ohio.net", "private/lmtp"), "mx.ohio.net[private/lmtp]", "mx.ohio.net[private/lmtp]"),
    ],
)
def test_servers_are_shown_as_in_the_log(server: Server, label: str, relay: str) -> None:
    assert (label, relay) == (server.label, server.relay)


@pytest.mark.parametrize(
    ("dsn", "sent", "soft"), [("2.0.0", True, False), ("4.4.1", False, True), ("5.1.1", False, False)]
)
def test_outcomes_are_told_apart_by_their_class(dsn: str, sent: bool, soft: bool) -> None:
    outcome = Outcome(dsn, "x")
    assert (sent, soft) == (outcome.is_sent, outcome.is_soft)
