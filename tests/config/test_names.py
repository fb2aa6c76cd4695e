"""Which names are known."""

from __future__ import annotations

import pytest

from gatepost.config.findings import Place
from gatepost.config.names import general_name, per_transport, table_prefixes, unknown_name


@pytest.mark.parametrize(
    ("name", "services", "known"),
    [
        ("slow_destination_concurrency_limit", ["slow", "smtp"], True),
        ("slow_destination_concurrency_limit", ["smtp"], False),
        ("slow_destination_concurrency_limit", None, True),
        ("policy_time_limit", ["policy"], True),
        ("slow_transport_rate_delay", ["slow"], True),
        ("_time_limit", None, False),
        ("slow_colour", ["slow"], False),
    ],
)
def test_settings_of_a_transport(name: str, services: list[str] | None, known: bool) -> None:
    assert known == per_transport(name, services)


@pytest.mark.parametrize(
    ("name", "general"),
    [
        ("slow_destination_recipient_limit", "default_destination_recipient_limit"),
        ("slow_recipient_limit", "default_recipient_limit"),
        ("policy_time_limit", "command_time_limit"),
        ("default_recipient_limit", ""),
        ("slow_colour", ""),
    ],
)
def test_what_a_setting_of_a_transport_overrides(name: str, general: str) -> None:
    assert general == general_name(name)


def test_tables_may_be_configured_in_main_cf() -> None:
    assert ("accounts_", "old_") == table_prefixes(["hash:/a ldap:accounts", "pgsql:old, ldap:/etc/file"])


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("smtpd_recipent_limit", "did you mean smtpd_recipient_limit?"),
        ("colour", "nothing refers to it; delete the line if that is right"),
    ],
)
def test_an_unknown_name_gets_a_suggestion(name: str, hint: str) -> None:
    place = Place("main.cf", 1, 1, "")
    finding = unknown_name(name, place, ["smtpd_recipient_limit", "mynetworks"])
    assert (f"unknown parameter {name}", hint, place) == (finding.message, finding.hint, finding.place)
