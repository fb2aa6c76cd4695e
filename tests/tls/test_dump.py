"""The hex dump of log levels 3 and 4."""

from __future__ import annotations

from gatepost.tls.dump import dump


def test_a_dump_has_a_title_and_rows_of_sixteen() -> None:
    assert [
        "write to 00000000 (18 bytes => 18 (0x12))",
        "0000 45 48 4c 4f 20 61 2e 65 78 61 6d 70 6c 65 0d 0a  EHLO a.example..",
        "0010 00 ff                                            ..",
    ] == list(dump("write to", b"EHLO a.example\r\n\x00\xff"))


def test_nothing_has_only_a_title() -> None:
    assert ["read from 00000000 (0 bytes => 0 (0x0))"] == list(dump("read from", b""))
