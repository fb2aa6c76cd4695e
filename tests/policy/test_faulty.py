"""Rules that cannot do what they say."""

from __future__ import annotations

from tests.fakes.policy import ask


def test_stopping() -> None:
    answer = ask("smtpd_client_restrictions = check_client_access nocolon, permit")
    assert answer.reply == "451 4.3.5 Server configuration error"
    assert answer.log[0].startswith('warning: restriction check_client_access: bad argument "nocolon"')


def test_skipping() -> None:
    answer = ask("smtpd_client_restrictions = reject_rbl_client")
    assert answer.said == "ok"
    assert answer.log == ["warning: restriction reject_rbl_client requires domain name argument"]


def test_a_bad_argument_does_not_hide_what_follows_it() -> None:
    """The word is taken for the argument, as Postfix does; what comes behind it is not reached."""
    answer = ask("smtpd_client_restrictions = warn_if_reject sleep now, permit")
    assert answer.reply == "451 4.3.5 Server configuration error"
