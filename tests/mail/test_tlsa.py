"""TLSA records as log lines show them."""

from __future__ import annotations

from gatepost.mail.tlsa import Tlsa


def test_short_data_is_shown_whole_and_of_long_data_the_ends() -> None:
    assert "3 1 1 00FF" == Tlsa(3, 1, 1, b"\x00\xff").text
    assert f"2 0 0 {'AB' * 32}...{'CD' * 32}" == Tlsa(2, 0, 0, b"\xab" * 300 + b"\xcd" * 300).text
