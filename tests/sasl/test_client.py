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
        (("SCRAM-SHA-1", "CRAM-MD5", "SCRAM-SHA-256"), ("noplaintext", "mutual_auth"), "SCRAM-SHA-256"),
        (("SCRAM-SHA-1", "CRAM-MD5"), (), "SCRAM-SHA-1"),
        (("SCRAM-SHA-256", "PLAIN"), ("nodictionary",), None),
        (("SCRAM-SHA-256-PLUS", "PLAIN"), (), "PLAIN"),
        (("XOAUTH2", "OAUTHBEARER", "LOGIN"), (), "LOGIN"),
        (("XOAUTH2", "OAUTHBEARER"), (), None),
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


TOKENS = frozenset({"XOAUTH2", "OAUTHBEARER", "PLAIN"})


@pytest.mark.parametrize(
    ("offered", "taken"),
    [(("PLAIN", "XOAUTH2"), "XOAUTH2"), (("XOAUTH2", "OAUTHBEARER"), "OAUTHBEARER"), (("PLAIN",), "PLAIN")],
)
def test_tokens_are_used_where_the_filter_names_them(offered: tuple[str, ...], taken: str) -> None:
    exchange = SaslLogin("u", "t", allowed=TOKENS, host="h", port="587").begin(offered, tls=True)
    assert exchange is not None
    assert taken == exchange.mechanism


def test_tokens_are_not_shown_in_the_clear() -> None:
    assert SaslLogin("u", "t", options("noplaintext"), allowed=TOKENS).begin(("XOAUTH2",), tls=False) is None


def test_options_may_differ_with_a_verified_server() -> None:
    login = SaslLogin("u", "p", options("noplaintext"), options("noplaintext"), options())
    assert login.begin(("PLAIN",), tls=True) is None
    assert login.begin(("PLAIN",), tls=True, verified=True) is not None


@pytest.mark.parametrize(
    ("offered", "binding", "taken", "first"),
    [
        (("SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"), b"x", "SCRAM-SHA-256-PLUS", b"p=tls-exporter,,n=u,r=nonce"),
        (("SCRAM-SHA-256",), b"x", "SCRAM-SHA-256", b"y,,n=u,r=nonce"),
        (("SCRAM-SHA-256",), b"", "SCRAM-SHA-256", b"n,,n=u,r=nonce"),
        (("SCRAM-SHA-1", "SCRAM-SHA-256-PLUS"), b"", "SCRAM-SHA-1", b"n,,n=u,r=nonce"),
    ],
)
def test_the_tls_session_is_named_where_that_can_be(
    offered: tuple[str, ...], binding: bytes, taken: str, first: bytes
) -> None:
    exchange = SaslLogin("u", "p", nonce=lambda: "nonce").begin(offered, tls=True, binding=binding)
    assert exchange is not None
    assert (taken, first) == (exchange.mechanism, base64.b64decode(exchange.initial() or ""))


def test_a_filter_without_plus_does_not_ask_for_it() -> None:
    login = SaslLogin("u", "p", allowed=frozenset({"SCRAM-SHA-256"}), nonce=lambda: "nonce")
    exchange = login.begin(login.supported(("SCRAM-SHA-256", "SCRAM-SHA-256-PLUS")), tls=True, binding=b"x")
    assert exchange is not None
    assert base64.b64decode(exchange.initial() or "").startswith(b"n,,")


def test_a_server_that_proves_nothing_is_known() -> None:
    """RFC 7677 section 3."""
    login = SaslLogin("user", "pencil", nonce=lambda: "rOprNGfwEbeRWgbNEkqO")
    challenge = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
    for last, proven in ((b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", True), (b"v=AAAA", False), (b"", False)):
        exchange = login.begin(("SCRAM-SHA-256",), tls=False)
        assert exchange is not None
        exchange.initial()
        exchange.answer(base64.b64encode(challenge).decode())
        assert proven is exchange.is_proven(base64.b64encode(last).decode())
    plain = login.begin(("PLAIN",), tls=False)
    assert plain is not None
    assert plain.is_proven("2.7.0 Authentication successful")


def test_logins_are_equal_by_what_they_say() -> None:
    assert SaslLogin("u", "p", nonce=lambda: "a") == SaslLogin("u", "p", nonce=lambda: "b")
    assert SaslLogin("u", "p") != SaslLogin("u", "q")
