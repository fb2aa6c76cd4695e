"""Logging in, as dialogs."""

from __future__ import annotations

import pytest

from gatepost.sasl.client import SaslLogin, security_options
from gatepost.sasl.refusals import Refusals
from gatepost.smtp.client_values import SessionPlan
from tests.fakes.played import GREETING, PLAIN, SERVER, play

LOGIN = SaslLogin("u", "p")


OFFER = f"{GREETING}S: 250-x\nS: 250 AUTH "


@pytest.mark.parametrize(
    ("mechanisms", "dialog"),
    [
        ("PLAIN LOGIN", "C: AUTH PLAIN AHUAcA==\nS: 235 ok\n"),
        ("LOGIN", "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: dQ==\nS: 334 UGFzc3dvcmQ6\nC: cA==\nS: 235 ok\n"),
        (
            "PLAIN CRAM-MD5",
            (
                "C: AUTH CRAM-MD5\nS: 334 PDEyM0BleGFtcGxlPg==\n"
                "C: dSA3MzhlNDE2ZjI4MDYxZDAwZjAzZDNhYTgyMjg0Y2ZkMA==\nS: 235 ok\n"
            ),
        ),
    ],
)
def test_login(mechanisms: str, dialog: str) -> None:
    plan = SessionPlan(SERVER, "mx.ohio.net", credentials=LOGIN)
    play(f"{OFFER}{mechanisms}\n{dialog}C: MAIL FROM:<a@a.example>", plan=plan)


@pytest.mark.parametrize(
    ("login", "dialog", "dsn", "words"),
    [
        (
            LOGIN,
            "PLAIN\nC: AUTH PLAIN AHUAcA==\nS: 535 5.7.8 bad credentials\nC: QUIT",
            "4.7.8",
            "failed; server mx.b.example[192.0.2.7] said: 535 5.7.8 bad credentials",
        ),
        (
            LOGIN,
            "LOGIN\nC: AUTH LOGIN\nS: 334 ???\nC: *\nS: 501 cancelled\nC: QUIT",
            "4.0.0",
            "failed; server mx.b.example[192.0.2.7] said: 501 cancelled",
        ),
        (
            SaslLogin("u", "p", security_options(("noplaintext",))),
            "PLAIN\nC: QUIT",
            "4.7.0",
            "failed; cannot authenticate to server mx.b.example[192.0.2.7]: no mechanism available",
        ),
        (
            SaslLogin("u", "p", allowed=frozenset({"CRAM-MD5"})),
            "PLAIN LOGIN\nC: QUIT",
            "4.7.0",
            (
                "failed: server mx.b.example[192.0.2.7] offered no compatible authentication mechanisms "
                "for this type of connection security"
            ),
        ),
    ],
)
def test_login_that_fails(login: SaslLogin, dialog: str, dsn: str, words: str) -> None:
    played = play(f"{OFFER}{dialog}", plan=SessionPlan(SERVER, "mx.ohio.net", credentials=login))
    assert played.machine.failure is not None
    assert (played.machine.failure.dsn, played.machine.failure.text) == (dsn, f"SASL authentication {words}")


def test_a_refused_login_can_bounce() -> None:
    plan = SessionPlan(SERVER, "mx.ohio.net", credentials=LOGIN, soft_login=False)
    played = play(f"{OFFER}PLAIN\nS: 535 nope", plan=plan)
    assert played.machine.failure is not None
    assert played.machine.failure.dsn == "5.0.0"


def test_a_login_that_goes_on_for_ever_is_given_up() -> None:
    class Endless:
        mechanism = "X"

        def initial(self) -> None:
            return None

        def answer(self, challenge: str) -> str:
            return challenge

        def is_proven(self, last: str) -> bool:
            return bool(last)

    class Credentials:
        def refusal(self) -> str:
            return ""

        def refused(self, said: str) -> None:
            raise AssertionError(said)

        def supported(self, offered: tuple[str, ...]) -> tuple[str, ...]:
            return offered

        def begin(
            self, mechanisms: tuple[str, ...], *, tls: bool, verified: bool = False, binding: bytes = b""
        ) -> Endless:
            del mechanisms, tls, verified, binding
            return Endless()

    plan = SessionPlan(SERVER, "mx.ohio.net", credentials=Credentials())
    played = play(f"{OFFER}X\n" + "S: 334 eA==\n" * 11, plan=plan)
    assert played.machine.failure is not None
    assert "authentication protocol loop" in played.machine.failure.text


def test_no_login_where_none_is_offered() -> None:
    play(f"{PLAIN}C: MAIL FROM:<a@a.example>", plan=SessionPlan(SERVER, "mx.ohio.net", credentials=LOGIN))


def test_a_login_that_was_refused_is_not_tried_again() -> None:
    login = SaslLogin("u", "p", host="h", refusals=Refusals(60.0, lambda: 0.0))
    plan = SessionPlan(SERVER, "mx.ohio.net", credentials=login)
    first = play(f"{OFFER}PLAIN\nC: AUTH PLAIN AHUAcA==\nS: 535 5.7.8 no\nC: QUIT", plan=plan).machine.failure
    second = play(f"{OFFER}PLAIN\nC: QUIT", plan=plan).machine.failure
    assert first is not None
    assert second is not None
    told = "authentication failed; server mx.b.example[192.0.2.7] said: 535 5.7.8 no"
    assert [f"SASL {told}", f"SASL [CACHED] {told}"] == [first.text, second.text]
    assert second.dsn == first.dsn == "4.7.8"


@pytest.mark.parametrize(("said", "dsn"), [("535 5.7.0 no", "5.7.0"), ("535 no", "5.7.8"), ("535", "5.7.8")])
def test_what_is_remembered_has_a_status_code(said: str, dsn: str) -> None:
    known = Refusals(60.0, lambda: 0.0)
    known.add(("", "u", "p"), said)
    plan = SessionPlan(SERVER, "mx.ohio.net", credentials=SaslLogin("u", "p", refusals=known), soft_login=False)
    failure = play(f"{OFFER}PLAIN\nC: QUIT", plan=plan).machine.failure
    assert failure is not None
    assert dsn == failure.dsn


def test_a_refusal_that_is_about_the_moment_is_not_remembered() -> None:
    login = SaslLogin("u", "p", host="h", refusals=Refusals(60.0, lambda: 0.0))
    dialog = f"{OFFER}PLAIN\nC: AUTH PLAIN AHUAcA==\nS: 454 later\nC: QUIT"
    play(dialog, plan=SessionPlan(SERVER, "mx.ohio.net", credentials=login))
    assert "" == login.refusal()


@pytest.mark.parametrize("dummy", [False, True])
def test_mail_after_a_login_vouches_for_nobody_where_that_is_wanted(*, dummy: bool) -> None:
    plan = SessionPlan(SERVER, "mx.ohio.net", credentials=LOGIN, dummy_auth=dummy)
    line = "MAIL FROM:<a@a.example>" + (" AUTH=<>" if dummy else "")
    play(f"{OFFER}PLAIN\nC: AUTH PLAIN AHUAcA==\nS: 235 ok\nC: {line}", plan=plan)
    without = SessionPlan(SERVER, "mx.ohio.net", dummy_auth=dummy)
    play(f"{OFFER}PLAIN\nC: MAIL FROM:<a@a.example>", plan=without)


def test_a_server_that_does_not_prove_itself_gets_no_mail() -> None:
    login = SaslLogin("user", "pencil", nonce=lambda: "abc")
    plan = SessionPlan(SERVER, "mx.ohio.net", credentials=login)
    dialog = f"{OFFER}SCRAM-SHA-256\nC: AUTH SCRAM-SHA-256 biwsbj11c2VyLHI9YWJj\nS: 235 welcome\nC: QUIT"
    failure = play(dialog, plan=plan).machine.failure
    assert failure is not None
    assert "server mx.b.example[192.0.2.7] did not prove that it knows the password" in failure.text
    assert "4.7.0" == failure.dsn


def test_a_token_that_is_refused_is_given_up_politely() -> None:
    login = SaslLogin("u", "t", allowed=frozenset({"XOAUTH2"}))
    plan = SessionPlan(SERVER, "mx.ohio.net", credentials=login)
    first = "C: AUTH XOAUTH2 dXNlcj11AWF1dGg9QmVhcmVyIHQBAQ=="
    dialog = f"{OFFER}XOAUTH2 PLAIN\n{first}\nS: 334 eyJzdGF0dXMiOiI0MDEifQ==\nC:{' '}\nS: 535 5.7.8 no\nC: QUIT"
    failure = play(dialog, plan=plan).machine.failure
    assert failure is not None
    assert "535 5.7.8 no" in failure.text
