"""Restriction lists and their codes."""

from __future__ import annotations

import pytest

from gatepost.config.settings import Settings

SETTINGS = Settings.parse("", host_name="mx.example")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("smtpd_delay_reject", True),
        ("reject_code", 554),
        ("unknown_address_reject_code", 450),
        ("smtpd_client_restrictions", ()),
        ("smtpd_reject_unlisted_recipient", True),
        ("reject_tempfail_action", "defer_if_permit"),
        ("unknown_address_tempfail_action", "defer_if_permit"),
        ("smtpd_null_access_lookup_key", "<>"),
    ],
)
def test_defaults(name: str, value: object) -> None:
    assert value == getattr(SETTINGS, name)


def test_the_relay_list_depends_on_the_compatibility_level() -> None:
    assert () == Settings.parse("").smtpd_relay_restrictions
    assert ("permit_mynetworks", "permit_sasl_authenticated", "defer_unauth_destination") == (
        Settings.parse("compatibility_level = 1\n").smtpd_relay_restrictions
    )


def test_reply_codes_are_reply_codes() -> None:
    assert ["GP0012"] == [one.id for one in Settings.parse("reject_code = 99\n").findings()]
