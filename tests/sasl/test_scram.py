"""SCRAM, with the examples of RFC 5802 section 5 and RFC 7677 section 3, and against a server's side written here."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from gatepost.sasl.scram import DIGESTS, ROUNDS_LIMIT, Binding, ScramExchange, saslprep

EXAMPLES = [
    (
        "SCRAM-SHA-1",
        "fyko+d2lbbFgONRv9qkxdawL",
        b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
        b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
        b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    ),
    (
        "SCRAM-SHA-256",
        "rOprNGfwEbeRWgbNEkqO",
        b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    ),
]


@pytest.mark.parametrize(("mechanism", "nonce", "first", "challenge", "proof", "last"), EXAMPLES)
def test_the_examples_of_the_rfcs(
    mechanism: str, nonce: str, first: bytes, challenge: bytes, proof: bytes, last: bytes
) -> None:
    exchange = ScramExchange(mechanism, "user", "pencil", nonce)
    assert first == exchange.initial()
    assert proof == exchange.answer(challenge)
    assert not exchange.is_proven
    assert b"" == exchange.answer(last)
    assert exchange.is_proven
    assert exchange.answer(b"") is None


def test_the_servers_last_word_may_come_with_its_success() -> None:
    mechanism, nonce, _, challenge, _, last = EXAMPLES[1]
    exchange = ScramExchange(mechanism, "user", "pencil", nonce)
    exchange.initial()
    exchange.answer(challenge)
    exchange.final(last)
    assert exchange.is_proven
    exchange.final(b"v=AAAA")
    assert exchange.is_proven


@pytest.mark.parametrize("last", [b"v=AAAA", b"v=", b"", b"e=invalid-proof", b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ="])
def test_a_server_that_does_not_prove_itself(last: bytes) -> None:
    mechanism, nonce, _, challenge, _, _ = EXAMPLES[1]
    exchange = ScramExchange(mechanism, "user", "pencil", nonce)
    exchange.initial()
    exchange.answer(challenge)
    assert exchange.answer(last) is None
    assert not exchange.is_proven


def test_a_server_that_succeeds_before_it_asked_has_proven_nothing() -> None:
    exchange = ScramExchange("SCRAM-SHA-256", "user", "pencil", "abc")
    exchange.initial()
    exchange.final(b"v=AAAA")
    exchange.final(b"v=")
    assert not exchange.is_proven


@pytest.mark.parametrize(
    "challenge",
    [
        b"",
        b"rubbish",
        b"r=other,s=QSXCR+Q6sek8bf92,i=4096",
        b"r=abc,s=QSXCR+Q6sek8bf92,i=4096",
        b"r=abcdef,s=,i=4096",
        b"r=abcdef,s=???,i=4096",
        b"r=abcdef,s=QSXCR+Q6sek8bf92",
        b"r=abcdef,s=QSXCR+Q6sek8bf92,i=4095",
        b"r=abcdef,s=QSXCR+Q6sek8bf92,i=-1",
        b"r=abcdef,s=QSXCR+Q6sek8bf92,i=%d" % (ROUNDS_LIMIT + 1),
        b"r=abcdef,s=QSXCR+Q6sek8bf92,i=99999999999999999999",
        b"m=ext,r=abcdef,s=QSXCR+Q6sek8bf92,i=4096",
    ],
)
def test_a_challenge_that_makes_no_sense_has_no_answer(challenge: bytes) -> None:
    exchange = ScramExchange("SCRAM-SHA-256", "user", "pencil", "abc")
    exchange.initial()
    assert exchange.answer(challenge) is None


def _server_accepts(mechanism: str, proof: bytes, auth: bytes, password: bytes, salt: bytes) -> bool:
    """The server's side (RFC 5802 section 3)."""
    digest = DIGESTS[mechanism.removesuffix("-PLUS")]
    stored = hashlib.new(
        digest, hmac.digest(hashlib.pbkdf2_hmac(digest, password, salt, 4096), b"Client Key", digest)
    ).digest()
    signature = hmac.digest(stored, auth, digest)
    key = bytes(one ^ other for one, other in zip(signature, proof, strict=True))
    return hashlib.new(digest, key).digest() == stored


@pytest.mark.parametrize("mechanism", [f"{name}{plus}" for name in DIGESTS for plus in ("", "-PLUS")])
def test_the_proof_covers_the_channel_binding(mechanism: str) -> None:
    exchange = ScramExchange(mechanism, "u=s,er", "pencil", "abc", Binding(data=b"binding"))
    first = exchange.initial()
    header = b"p=tls-exporter,," if mechanism.endswith("PLUS") else b"n,,"
    assert header + b"n=u=3Ds=2Cer,r=abc" == first
    challenge = b"r=abcdef,s=" + base64.b64encode(b"salt") + b",i=4096"
    last, _, proof = (exchange.answer(challenge) or b"").partition(b",p=")
    bound = b"binding" if mechanism.endswith("PLUS") else b""
    assert b"c=" + base64.b64encode(header + bound) + b",r=abcdef" == last
    auth = b",".join((first.removeprefix(header), challenge, last))
    assert _server_accepts(mechanism, base64.b64decode(proof), auth, b"pencil", b"salt")
    assert not _server_accepts(mechanism, base64.b64decode(proof), auth, b"pencil2", b"salt")


def test_a_binding_that_the_server_hides_is_told_of() -> None:
    exchange = ScramExchange("SCRAM-SHA-256", "user", "pencil", "abc", Binding(data=b"x", hidden=True))
    assert b"y,,n=user,r=abc" == exchange.initial()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("user", "user"),
        ("I\u00adX", "IX"),
        ("USER", "USER"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("a\u00a0b", "a b"),
        ("a\u0007b", "a\u0007b"),
        ("pa\u00dfwort", "pa\u00dfwort"),
    ],
)
def test_text_as_it_is_compared(text: str, expected: str) -> None:
    assert expected == saslprep(text)
