"""Logging in to other servers."""

from __future__ import annotations

import base64

import pytest

from gatepost.sasl.client import SaslLogin, SecurityOption, security_options


def options(*words: str) -> frozenset[SecurityOption]:
    return security_options(words)


@pytest.mark.parametrize(
    ("offered", "forbidden", "taken"),
    [
        (("LOGIN", "PLAIN"), (), "PLAIN"),
        (("LOGIN", "CRAM-MD5", "PLAIN"), (), "CRAM-MD5"),
        (("LOGIN",), ("noanonymous",), "LOGIN"),
        (("LOGIN", "PLAIN", "CRAM-MD5"), ("noplaintext", "noanonymous"), "CRAM-MD5"),
        (("LOGIN", "PLAIN"), ("noplaintext",), None),
        (("LOGIN", "PLAIN", "CRAM-MD5"), ("mutual_auth",), None),
        (("GSSAPI",), (), None),
        ((), (), None),
    ],
)
def test_the_strongest_allowed_mechanism_is_taken(
    offered: tuple[str, ...], forbidden: tuple[str, ...], taken: str | None
) -> None:
    exchange = SaslLogin("u", "p", options(*forbidden)).begin(offered, tls=False)
    assert taken == (exchange.mechanism if exchange else None)


def test_options_may_differ_inside_tls() -> None:
    login = SaslLogin("u", "p", options("noplaintext"), options())
    assert login.begin(("PLAIN",), tls=False) is None
    assert login.begin(("PLAIN",), tls=True) is not None


def test_the_filter_comes_first() -> None:
    assert SaslLogin("u", "p", allowed=frozenset({"LOGIN"})).supported(("PLAIN", "LOGIN")) == ("LOGIN",)
    assert SaslLogin("u", "p").supported(("X",)) == ("X",)


@pytest.mark.parametrize(
    ("mechanism", "initial", "challenges", "answers"),
    [
        ("PLAIN", b"\0t\xc3\xb6m\0tanstaaf", [], []),
        ("LOGIN", None, [b"Username:", b"Password:", b"More:"], [b"t\xc3\xb6m", b"tanstaaf", None]),
        (  # RFC 2195 section 2 has this challenge
            "CRAM-MD5",
            None,
            [b"<1896.697170952@postoffice.reston.mci.net>", b"again"],
            [b"t\xc3\xb6m 3dbc88f0624776a737b39093f6eb6427", None],
        ),
    ],
)
def test_exchanges(mechanism: str, initial: bytes | None, challenges: list[bytes], answers: list[bytes | None]) -> None:
    exchange = SaslLogin("töm", "tanstaaf").begin((mechanism,), tls=False)
    assert exchange is not None
    first = exchange.initial()
    assert initial == (None if first is None else base64.b64decode(first))
    for challenge, answer in zip(challenges, answers, strict=True):
        given = exchange.answer(base64.b64encode(challenge).decode())
        if answer is None:
            assert given is None
        elif mechanism == "CRAM-MD5":
            assert base64.b64decode(given or "").startswith(b"t\xc3\xb6m ")
            assert len(base64.b64decode(given or "")) == len(answer)
        else:
            assert answer == base64.b64decode(given or "")


def test_the_digest_is_that_of_the_rfc() -> None:
    """RFC 2195 section 2."""
    exchange = SaslLogin("tim", "tanstaaftanstaaf").begin(("CRAM-MD5",), tls=False)
    assert exchange is not None
    challenge = base64.b64encode(b"<1896.697170952@postoffice.reston.mci.net>").decode()
    assert base64.b64decode(exchange.answer(challenge) or "") == b"tim b913a602c7eda7a495b4e6e7334d3890"


def test_a_challenge_that_is_no_base64_has_no_answer() -> None:
    exchange = SaslLogin("u", "p").begin(("LOGIN",), tls=False)
    assert exchange is not None
    assert exchange.answer("???") is None


def test_unknown_options_are_wrong() -> None:
    with pytest.raises(ValueError):
        security_options(("nonsense",))
