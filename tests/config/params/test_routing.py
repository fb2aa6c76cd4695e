"""Address classes and routing."""

from __future__ import annotations

import pytest

from gatepost.config.settings import Settings

SETTINGS = Settings.parse("", host_name="mx.example")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("inet_interfaces", ("all",)),
        ("default_transport", "smtp"),
        ("relay_transport", "relay"),
        ("virtual_transport", "virtual"),
        ("mynetworks_style", "subnet"),
        ("transport_maps", ()),
    ],
)
def test_defaults(name: str, value: object) -> None:
    assert value == getattr(SETTINGS, name)


def test_the_local_class_is_this_host() -> None:
    settings = Settings.parse("myhostname = mx.example.org\ncompatibility_level = 3.6\n")
    assert ("mx.example.org", "localhost.example.org", "localhost") == settings.mydestination
    assert ("local:mx.example.org", "mx.example.org", "host", ()) == (
        settings.local_transport,
        settings.myorigin,
        settings.mynetworks_style,
        settings.relay_domains,
    )
