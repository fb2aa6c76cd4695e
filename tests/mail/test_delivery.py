"""Delivery results."""

from __future__ import annotations

from gatepost.mail.delivery import Result, Status


def test_status_values_are_the_words_of_the_log() -> None:
    assert [status.value for status in Status] == ["sent", "deferred", "bounced"]


def test_a_result_without_a_connection_has_relay_none() -> None:
    result = Result(1, Status.DEFERRED, "4.4.1", "connect to mx: timed out")
    assert result.relay == "none"
    assert not result.new_recipients
