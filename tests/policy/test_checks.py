"""What is wrong with lists as a whole."""

from __future__ import annotations

import pytest

from gatepost.config.findings import Finding, Level
from gatepost.config.own import OwnAddresses
from gatepost.policy.compile import compile_program
from tests.fakes.policy import settings

FATAL = (
    "in parameter smtpd_relay_restrictions or smtpd_recipient_restrictions, specify at least one working instance of:"
    " reject_unauth_destination, defer_unauth_destination, reject, defer, defer_if_permit or check_relay_domains"
)


def found(main_cf: str, number: str) -> list[Finding]:
    findings = compile_program(settings(main_cf), OwnAddresses())[1]
    return [finding for finding in findings if finding.id == number]


@pytest.mark.parametrize(
    "lists",
    [
        "smtpd_relay_restrictions =",
        "smtpd_relay_restrictions = permit_mynetworks",
        "smtpd_relay_restrictions = permit, reject_unauth_destination",
        "smtpd_relay_restrictions = warn_if_reject reject_unauth_destination",
        "smtpd_relay_restrictions = permit_auth_destination",
        "smtpd_relay_restrictions = x\nsmtpd_restriction_classes = x\nx = permit, reject",
        "smtpd_relay_restrictions = x\nsmtpd_restriction_classes = x\nx = x",
        "smtpd_relay_restrictions =\nsmtpd_client_restrictions = reject",
    ],
)
def test_a_server_needs_a_relay_guard(lists: str) -> None:
    assert [(finding.level, finding.message) for finding in found(lists, "GP0300")] == [(Level.ERROR, FATAL)]


@pytest.mark.parametrize(
    "lists",
    [
        "smtpd_relay_restrictions = reject_unauth_destination",
        "smtpd_relay_restrictions = permit_mynetworks, defer_unauth_destination",
        "smtpd_relay_restrictions = REJECT",
        "smtpd_relay_restrictions = defer",
        "smtpd_relay_restrictions = defer_if_permit",
        "smtpd_relay_restrictions = permit_mynetworks, warn_if_reject permit, reject",
        "smtpd_relay_restrictions =\nsmtpd_recipient_restrictions = reject_unauth_destination",
        "smtpd_relay_restrictions = x\nsmtpd_restriction_classes = x\nx = permit_mynetworks, reject",
    ],
)
def test_any_of_these_is_one(lists: str) -> None:
    assert found(lists, "GP0300") == []


def test_a_relay_guard_is_missed_where_the_list_is_written() -> None:
    (finding,) = found("smtpd_relay_restrictions = permit_mynetworks", "GP0300")
    assert finding.place is not None
    assert (finding.place.line, finding.place.column) == (8, 28)


def test_bare_tables_mean_nothing_in_lists_about_the_content() -> None:
    (finding,) = found("smtpd_data_restrictions = hash:/t", "GP0306")
    assert finding.message == "hash:/t alone means nothing in smtpd_data_restrictions"
    assert found("smtpd_client_restrictions = hash:/t", "GP0306") == []


def test_restrictions_about_logins_where_there_are_none() -> None:
    lists = "smtpd_sender_restrictions = permit_sasl_authenticated"
    assert [finding.level for finding in found(lists, "GP0307")] == [Level.NOTE]
    assert found(f"smtpd_sasl_auth_enable = yes\n{lists}", "GP0307") == []
    assert found("", "GP0307") == []


@pytest.mark.parametrize("template", ["$rbl_text hello", "${rbl_code", "$rbl_code ${rbl_txt?${nosuch}}"])
def test_a_reply_template_that_cannot_be_filled_in(template: str) -> None:
    assert [finding.level for finding in found(f"default_rbl_reply = {template}", "GP0308")] == [Level.ERROR]
