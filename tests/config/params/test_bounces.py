"""Bounces and notices."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gatepost.config.settings import Settings

SETTINGS = Settings.parse("", host_name="mx.example")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bounce_queue_lifetime", timedelta(days=5)),
        ("bounce_size_limit", 50000),
        ("double_bounce_sender", "double-bounce"),
        ("delay_warning_time", timedelta(0)),
        ("notify_classes", ("resource", "software")),
    ],
)
def test_defaults(name: str, value: object) -> None:
    assert value == getattr(SETTINGS, name)


def test_a_name_that_begins_with_a_digit_is_read_as_text() -> None:
    assert "postmaster" == SETTINGS.text("2bounce_notice_recipient")


def test_delay_warnings_count_in_hours() -> None:
    assert timedelta(hours=4) == Settings.parse("delay_warning_time = 4\n").delay_warning_time
