"""Protocol lists."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.tls.protocols import Protocols, parse_protocols

TLS1, TLS11, TLS12, TLS13 = 0x301, 0x302, 0x303, 0x304
OLD = {0x0002, 0x0300}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Protocols()),
        (">=TLSv1", Protocols(minimum=TLS1)),
        (">= TLSv1.2", Protocols(minimum=TLS12)),
        (">=TLSv1.2, <=TLSv1.3", Protocols(TLS12, TLS13)),
        ("!SSLv2, !SSLv3", Protocols(excluded=frozenset(OLD))),
        ("!SSLv2:!TLSv1", Protocols(excluded=frozenset({0x0002, TLS1}))),
        ("TLSv1.3", Protocols(excluded=frozenset({*OLD, TLS1, TLS11, TLS12}))),
        ("tlsv1.2 TLSV1.3", Protocols(excluded=frozenset({*OLD, TLS1, TLS11}))),
        (">=0x0303", Protocols(minimum=TLS12)),
    ],
)
def test_lists_are_read_as_postfix_reads_them(text: str, expected: Protocols) -> None:
    assert expected == parse_protocols(text)


@pytest.mark.parametrize("text", ["TLSv9", ">=", "!", ">=TLSv1.2 nonsense"])
def test_what_is_no_protocol_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="unrecognized protocol"):
        parse_protocols(text)


@given(st.text())
def test_any_text_gives_protocols_or_an_error(text: str) -> None:
    with suppress(ValueError):
        assert isinstance(parse_protocols(text), Protocols)
