"""PLAIN and LOGIN, response by response."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.sasl.mechanisms import MECHANISMS, Answer, Credentials, Malformed, Prompt

KIBUNA = Credentials("kibuna", "secret")


@pytest.mark.parametrize(
    ("mechanism", "responses", "expected"),
    [
        ("PLAIN", [None], Prompt(b"")),
        ("PLAIN", [b"\0kibuna\0secret"], KIBUNA),
        ("PLAIN", [None, b"\0kibuna\0secret"], KIBUNA),
        ("PLAIN", [b"kibuna\0kibuna\0secret"], KIBUNA),
        ("PLAIN", [b"root\0kibuna\0secret"], Malformed("kibuna")),
        ("PLAIN", [b"\0kibuna"], Malformed()),
        ("PLAIN", [b"\0kibuna\0a\0b"], Malformed()),
        ("PLAIN", [b""], Malformed()),
        ("PLAIN", [b"\0\0secret"], Malformed()),
        ("PLAIN", [b"\0kib\nuna\0secret"], Malformed()),
        ("PLAIN", [b"\0kibuna\0\xff"], Malformed("kibuna")),
        ("PLAIN", ["\0käthe\0geheim".encode()], Credentials("käthe", "geheim")),
        ("PLAIN", [b"\0" + b"a" * 300 + b"\0x"], Malformed()),
        ("LOGIN", [None], Prompt(b"Username:")),
        ("LOGIN", [None, b"kibuna"], Prompt(b"Password:")),
        ("LOGIN", [None, b"kibuna", b"secret"], KIBUNA),
        ("LOGIN", [b"kibuna", b"secret"], KIBUNA),
        ("LOGIN", [None, b"", b"secret"], Malformed()),
        ("LOGIN", [None, b"kib\0una", b"secret"], Malformed()),
        ("LOGIN", [None, b"kibuna", b"\xff"], Malformed("kibuna")),
    ],
)
def test_responses_lead_to_credentials(mechanism: str, responses: list[bytes | None], expected: Answer) -> None:
    exchange = MECHANISMS[mechanism]()
    for response in responses[:-1]:
        assert isinstance(exchange.take(response), Prompt)
    assert expected == exchange.take(responses[-1])


@given(st.sampled_from(sorted(MECHANISMS)), st.lists(st.none() | st.binary(), max_size=4))
def test_any_responses_are_answered(mechanism: str, responses: list[bytes | None]) -> None:
    exchange = MECHANISMS[mechanism]()
    for response in responses:
        answer = exchange.take(response)
        if isinstance(answer, Credentials):
            assert answer.username.isprintable()
