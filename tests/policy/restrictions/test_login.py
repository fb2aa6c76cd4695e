"""Who may use which sender address."""

from __future__ import annotations

import pytest

from gatepost.mail.peer import Login
from tests.fakes.policy import Change, ask

TABLES = {
    "hash:/owners": {
        "kibuna": "kibuna@ohio.net",
        "kibuna@ohio.net": "kibuna@ohio.net, Second",
        "@shared.example": "gligana fikretka@ohio.net",
    }
}


def said(restriction: str, sender: str, username: str | None, **more: Change) -> str:
    lists = (
        "smtpd_sasl_auth_enable = yes\nsmtpd_sender_login_maps = hash:/owners\nrecipient_delimiter = +\n"
        f"smtpd_sender_restrictions = {restriction}"
    )
    login = Login("PLAIN", username) if username else None
    reply = ask(lists, sender=sender, login=login, sasl_active=True, tables=TABLES, **more).said
    return reply.removeprefix(f"553 5.7.1 <{sender}>: Sender address rejected: ")


@pytest.mark.parametrize(
    ("restriction", "owner", "stranger", "unlisted", "anonymous", "nobodys"),
    [
        ("reject_authenticated_sender_login_mismatch", "ok", "not owned by user x", "not owned by user x", "ok", "ok"),
        ("reject_unauthenticated_sender_login_mismatch", "ok", "ok", "ok", "not logged in", "ok"),
        ("reject_known_sender_login_mismatch", "ok", "not owned by user x", "ok", "not logged in", "ok"),
        ("reject_sender_login_mismatch", "ok", "not owned by user x", "not owned by user x", "not logged in", "ok"),
    ],
)
def test_who_may_use_a_sender(
    restriction: str, owner: str, stranger: str, unlisted: str, anonymous: str, nobodys: str
) -> None:
    """The table of Postfix: logged in as owner, as another, for an unlisted sender; not logged in, listed or not."""
    assert owner == said(restriction, "kibuna@ohio.net", "kibuna@ohio.net")
    assert stranger == said(restriction, "kibuna@ohio.net", "x")
    assert unlisted == said(restriction, "other@b.example", "x")
    assert anonymous == said(restriction, "kibuna@ohio.net", None)
    assert nobodys == said(restriction, "other@b.example", None)


@pytest.mark.parametrize(
    ("sender", "username", "owns"),
    [
        ("kibuna@ohio.net", "KIBUNA@ohio.net", True),
        ("kibuna@ohio.net", "second", True),
        ("KIBUNA@OHIO.NET", "second", True),
        ("kibuna+list@ohio.net", "second", True),
        ("kibuna@mx.ohio.net", "kibuna@ohio.net", True),
        ("kibuna@mx.ohio.net", "second", False),
        ("any@shared.example", "gligana", True),
        ("any@shared.example", "fikretka", False),
        ("kibuna@ohio.net", "kibuna", False),
        ("", "anybody", True),
    ],
)
def test_how_owners_are_found_and_compared(sender: str, username: str, owns: bool) -> None:
    assert owns == (said("reject_sender_login_mismatch", sender, username) == "ok")


def test_a_map_that_cannot_answer_refuses_for_now() -> None:
    gone = said("reject_sender_login_mismatch", "a@b.example", None, failing=["hash:/owners"])
    assert gone == "451 4.3.0 <a@b.example>: Temporary lookup failure"


def test_without_logins_they_are_ignored_with_a_warning() -> None:
    answer = ask("smtpd_sender_restrictions = reject_sender_login_mismatch, reject_known_sender_login_mismatch")
    assert answer.said == "ok"
    assert answer.log == [
        f"warning: restriction `reject_{which}_sender_login_mismatch' ignored: no SASL support"
        for which in ("authenticated", "unauthenticated", "known")
    ]


def test_the_step_tells_the_entry() -> None:
    lists = (
        "smtpd_sasl_auth_enable = yes\nsmtpd_sender_login_maps = hash:/owners\n"
        "smtpd_sender_restrictions = reject_known_sender_login_mismatch"
    )
    answer = ask(lists, sender="any@shared.example", tables=TABLES)
    match = answer.verdict.steps[0].match
    assert match is not None
    assert match.key == "@shared.example"
