"""The oracle's values."""

from __future__ import annotations

from gatepost.oracle import DnsAnswer, DnsStatus, LookupFailed


def test_a_failed_lookup_says_what_was_asked() -> None:
    error = LookupFailed("hash:/etc/access", "joe@example.com", "no such file")
    assert str(error) == 'hash:/etc/access lookup error for "joe@example.com": no such file'


def test_an_answer_without_records_is_not_vouched_for() -> None:
    answer = DnsAnswer(DnsStatus.NXDOMAIN, reason="Host not found")
    assert answer.records == ()
    assert not answer.secure
