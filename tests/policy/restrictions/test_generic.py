"""Unconditional restrictions, deferral and manners."""

from __future__ import annotations

import pytest

from gatepost.mail.peer import TlsDetails
from gatepost.policy.facts import Stage
from tests.fakes.policy import ask

REJECTED = "<kibuna@ohio.net>: Recipient address rejected:"


@pytest.mark.parametrize(
    ("restriction", "said"),
    [
        ("permit, reject", "ok"),
        ("reject", f"554 5.7.1 {REJECTED} Access denied"),
        ("defer", f"450 4.3.2 {REJECTED} Try again later"),
        ("defer_if_permit", f"450 4.7.0 {REJECTED} defer_if_permit requested"),
        ("defer_if_reject, reject", f"450 4.7.0 {REJECTED} defer_if_reject requested"),
        ("reject_plaintext_session", "450 4.7.1 Session encryption is required"),
    ],
)
def test_what_is_said(restriction: str, said: str) -> None:
    assert said == ask(f"smtpd_recipient_restrictions = {restriction}").said


@pytest.mark.parametrize(
    ("setting", "restriction", "said"),
    [
        ("reject_code = 571", "reject", f"571 5.7.1 {REJECTED} Access denied"),
        ("reject_code = 450", "reject", f"450 4.7.1 {REJECTED} Access denied"),
        ("defer_code = 451", "defer", f"451 4.3.2 {REJECTED} Try again later"),
        ("plaintext_reject_code = 530", "reject_plaintext_session", "530 5.7.1 Session encryption is required"),
    ],
)
def test_codes_are_settings(setting: str, restriction: str, said: str) -> None:
    assert said == ask(f"{setting}\nsmtpd_recipient_restrictions = {restriction}").said


@pytest.mark.parametrize(
    ("restrictions", "warnings"),
    [
        ("permit, reject", ["warning: restriction `reject' after `permit' is ignored"]),
        (
            "reject, check_client_access static:x",
            ["warning: restriction `check_client_access' after `reject' is ignored"],
        ),
        ("defer, permit", ["warning: restriction `permit' after `defer' is ignored"]),
        ("warn_if_reject reject, permit", []),
        ("warn_if_reject permit, reject", ["warning: restriction `reject' after `permit' is ignored"]),
        ("permit", []),
    ],
)
def test_what_follows_an_unconditional_restriction_is_ignored_with_a_warning(
    restrictions: str, warnings: list[str]
) -> None:
    log = ask(f"smtpd_recipient_restrictions = {restrictions}").log
    assert warnings == [line for line in log if line.startswith("warning")]


def test_the_warning_comes_behind_the_refusal() -> None:
    log = ask("smtpd_recipient_restrictions = reject, permit").log
    assert [line.split()[1] for line in log] == ["reject:", "restriction"]


def test_sleep_lets_time_pass() -> None:
    answer = ask("smtpd_recipient_restrictions = sleep 3, reject")
    assert answer.oracle.slept == [3]
    assert answer.reply.startswith("554")


@pytest.mark.parametrize("argument", ["", "x", "-1", "1.5"])
def test_sleep_needs_a_number(argument: str) -> None:
    answer = ask(f"smtpd_recipient_restrictions = sleep {argument}")
    assert answer.reply == "451 4.3.5 Server configuration error"
    assert answer.log[0] == "warning: restriction sleep must be followed by number"


def test_pipelining() -> None:
    lists = "smtpd_data_restrictions = reject_unauth_pipelining"
    assert ask(lists, stage=Stage.DATA).said == "ok"
    spoke_early = ask(lists, stage=Stage.DATA, pipelining_violation=True)
    assert spoke_early.reply == "503 5.5.0 <DATA>: Data command rejected: Improper use of SMTP command pipelining"


@pytest.mark.parametrize(
    ("stage", "count", "sender", "refused"),
    [
        (Stage.RCPT, 0, "", False),
        (Stage.RCPT, 1, "", True),
        (Stage.RCPT, 1, "a@b.example", False),
        (Stage.DATA, 1, "", False),
        (Stage.DATA, 2, "", True),
    ],
)
def test_reports_go_to_one_recipient(stage: Stage, count: int, sender: str, refused: bool) -> None:
    parameter = "smtpd_recipient_restrictions" if stage is Stage.RCPT else "smtpd_data_restrictions"
    answer = ask(f"{parameter} = reject_multi_recipient_bounce", stage=stage, recipient_count=count, sender=sender)
    assert refused == answer.reply.startswith("550 5.5.3 ")


def test_tls_makes_a_session_acceptable() -> None:
    tls = TlsDetails("TLSv1.3", "TLS_AES_256_GCM_SHA384", 256, 256)
    assert ask("smtpd_client_restrictions = reject_plaintext_session", tls=tls).said == "ok"
