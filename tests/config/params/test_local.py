"""Local delivery."""

from __future__ import annotations

import pytest

from gatepost.config.settings import Settings

SETTINGS = Settings.parse("", host_name="mx.example")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("alias_maps", ("hash:/etc/aliases", "nis:mail.aliases")),
        ("mail_spool_directory", "/var/mail"),
        ("mailbox_size_limit", 51200000),
        ("default_privs", "nobody"),
        ("owner_request_special", True),
    ],
)
def test_defaults(name: str, value: object) -> None:
    assert value == getattr(SETTINGS, name)


def test_the_forward_path_keeps_its_own_macros() -> None:
    assert ("$home/.forward${recipient_delimiter}${extension}", "$home/.forward") == SETTINGS.forward_path
