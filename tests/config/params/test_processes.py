"""Processes and directories."""

from __future__ import annotations

import pytest

from gatepost.config.settings import Settings

SETTINGS = Settings.parse("", host_name="mx.example")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("compatibility_level", "0"),
        ("mail_name", "Gatepost"),
        ("mail_owner", "postfix"),
        ("default_process_limit", 100),
        ("known_tcp_ports", ("lmtp=24", "smtp=25", "smtps=submissions=465", "submission=587")),
    ],
)
def test_defaults(name: str, value: object) -> None:
    assert value == getattr(SETTINGS, name)


def test_an_owner_there_must_be() -> None:
    assert ["GP0012"] == [one.id for one in Settings.parse("mail_owner =\n").findings()]
