"""What the rules of a service let through."""

from __future__ import annotations

import asyncio

import pytest

from gatepost.mail.events import Failed, Warned
from gatepost.sasl.server import Failure, Mechanism, Refused, SaslRules, SaslUnavailable, decode_response

OFFER = (
    Mechanism("PLAIN", frozenset({"plaintext"})),
    Mechanism("CRAM-MD5", frozenset({"dictionary", "active"})),
    Mechanism("ANONYMOUS", frozenset({"anonymous"})),
    Mechanism("SCRAM-SHA-256", frozenset({"mutual-auth"})),
    Mechanism("EXTERNAL"),
)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (set(), "PLAIN CRAM-MD5 ANONYMOUS SCRAM-SHA-256"),
        ({"noanonymous"}, "PLAIN CRAM-MD5 SCRAM-SHA-256"),
        ({"noanonymous", "noplaintext"}, "CRAM-MD5 SCRAM-SHA-256"),
        ({"nodictionary", "noanonymous"}, "PLAIN SCRAM-SHA-256"),
        ({"noactive"}, "PLAIN ANONYMOUS SCRAM-SHA-256"),
        ({"mutual_auth"}, "SCRAM-SHA-256"),
        ({"forward_secrecy"}, ""),
    ],
)
def test_security_options_take_mechanisms_out(options: set[str], expected: str) -> None:
    rules = SaslRules(options=frozenset(options))
    assert tuple(expected.split()) == rules.select(OFFER, tls=False)


def test_other_options_may_hold_in_tls() -> None:
    rules = SaslRules(frozenset({"noplaintext"}), frozenset())
    assert "PLAIN" not in rules.select(OFFER, tls=False)
    assert "PLAIN" in rules.select(OFFER, tls=True)


def test_the_filter_takes_names_out() -> None:
    assert ("EXTERNAL",) == SaslRules(excluded=frozenset({m.name for m in OFFER[:-1]})).select(OFFER, tls=False)


@pytest.mark.parametrize(
    ("text", "expected"), [("", b""), ("YWJj", b"abc"), ("=", None), ("!!!", None), ("a b", None), ("ä", None)]
)
def test_responses_are_read_strictly(text: str, expected: bytes | None) -> None:
    assert expected == decode_response(text)


def test_a_refused_exchange_says_so_at_once() -> None:
    refused = Refused(Failure("no"))
    assert Failure("no") == asyncio.run(refused.step(None))
    refused.abort()


def test_unavailable_carries_its_log_lines() -> None:
    assert (Warned("a"), Failed("b")) == SaslUnavailable(Warned("a"), Failed("b")).events
