"""Tables that cannot be had are found at the start."""

from __future__ import annotations

import pytest

from gatepost.config.settings import Settings
from gatepost.tables.findings import unsupported_tables

FOUND: tuple[tuple[str, list[str]], ...] = (
    (
        "virtual_alias_maps = mysql:/etc/postfix/virtual.cf\n",
        ["virtual_alias_maps asks mysql:/etc/postfix/virtual.cf, and there are no tables of type mysql"],
    ),
    (
        "virtual_alias_maps = hash:/v, proxy:ldap:/l.cf\n",
        ["virtual_alias_maps asks proxy:ldap:/l.cf, and there are no tables of type ldap"],
    ),
    (
        "smtpd_sender_restrictions = { check_sender_access tcp:localhost:9 }\n",
        ["smtpd_sender_restrictions asks tcp:localhost:9, and there are no tables of type tcp"],
    ),
    (
        "virtual_alias_maps = hsah:/etc/aliases\nrelayhost = smtp.example:587\n",
        ["virtual_alias_maps asks hsah:/etc/aliases, and there are no tables of type hsah"],
    ),
    ("alias_maps = hash:/etc/aliases, nis:mail.aliases\nrelayhost = smtp.example:587\n", []),
    ("smtpd_client_restrictions = check_client_access inline:{a=b}, reject_rbl_client zen.example\n", []),
    ("transport_maps = inline:{ {a.example=smtp:[192.0.2.1]:25}, {b.example=error:5.7.1 no} }\n", []),
)


@pytest.mark.parametrize(("text", "messages"), FOUND)
def test_types_that_are_not_there(text: str, messages: list[str]) -> None:
    assert messages == [finding.message for finding in unsupported_tables(Settings.parse(text))]


def test_a_finding_says_where() -> None:
    (finding,) = unsupported_tables(Settings.parse("myhostname = a.example\nvirtual_alias_maps =\n  mysql:/x\n"))
    assert finding.place is not None
    assert (3, 3) == (finding.place.line, finding.place.column)
