"""All parameters together, held against the Postfix that is installed."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from gatepost.config.params import AllParameters
from gatepost.config.settings import PARAMETERS

OURS = {"mail_name", "smtpd_forbid_bare_newline", "smtpd_forbid_unauth_pipelining", "smtpd_sasl_type"}
"""Defaults that differ on purpose (docs/differences.md)."""

HOST = {
    "config_directory",
    "daemon_directory",
    "html_directory",
    "manpage_directory",
    "mydomain",
    "myhostname",
    "mynetworks",
    "process_id",
    "process_name",
    "readme_directory",
    "service_name",
}
"""Defaults that depend on the host, the build or the process."""


def test_each_parameter_is_declared_in_one_place() -> None:
    names = [name for subject in AllParameters.__bases__ for name in vars(subject) if not name.startswith("__")]
    assert len(names) == len(set(names)) == len(PARAMETERS)


@pytest.mark.peers
@pytest.mark.skipif(shutil.which("postconf") is None, reason="Postfix is not installed")
def test_defaults_are_those_of_postfix() -> None:
    shown = subprocess.run(["postconf", "-d"], check=True, capture_output=True, text=True).stdout
    theirs = {name.strip(): value.strip() for name, _, value in (line.partition("=") for line in shown.splitlines())}
    compared = [name for name in PARAMETERS if not name.startswith("gatepost_") and name not in OURS | HOST]
    assert {name: theirs[name] for name in compared} == {name: PARAMETERS[name].default.strip() for name in compared}
