"""The environment that commands get."""

from __future__ import annotations

import pytest

from gatepost.config.settings import Settings
from gatepost.delivery.environment import Exported

OURS = {"TZ": "Europe/Berlin", "SECRET": "x", "HOME": "/root", "PATH": "/evil"}
PATH = {"PATH": "/usr/bin:/bin"}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", {"TZ": "Europe/Berlin", "MAIL_CONFIG": "/etc/gatepost", "LANG": "C", **PATH}),
        ("export_environment = TZ, A=b, { C = d e }", {"TZ": "Europe/Berlin", "A": "b", "C": "d e", **PATH}),
        ("export_environment = SECRET HOME PATH", PATH),
        ("import_environment = SECRET\nexport_environment = SECRET", {"SECRET": "x", **PATH}),
        ("export_environment = PATH=/mine", PATH),
    ],
)
def test_values(text: str, values: dict[str, str]) -> None:
    assert values == Exported.of(Settings.parse(text, directory="/etc/gatepost"), OURS).values
