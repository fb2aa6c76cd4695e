"""The queue."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gatepost.config.settings import Settings

SETTINGS = Settings.parse("", host_name="mx.example")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("maximal_queue_lifetime", timedelta(days=5)),
        ("minimal_backoff_time", timedelta(seconds=300)),
        ("maximal_backoff_time", timedelta(seconds=4000)),
        ("queue_run_delay", timedelta(seconds=300)),
        ("qmgr_message_active_limit", 20000),
        ("queue_directory", "/var/spool/postfix"),
    ],
)
def test_defaults(name: str, value: object) -> None:
    assert value == getattr(SETTINGS, name)


def test_life_times_count_in_days() -> None:
    assert timedelta(days=2) == Settings.parse("maximal_queue_lifetime = 2\n").maximal_queue_lifetime


def test_limits_of_transports_follow_the_general_one() -> None:
    assert 9 == Settings.parse("default_destination_concurrency_limit = 9\n").smtp_destination_concurrency_limit
