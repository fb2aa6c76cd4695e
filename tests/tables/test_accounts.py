"""The accounts of this system."""

from __future__ import annotations

import grp
import pwd
from pathlib import Path

import pytest

from gatepost.tables import accounts
from tests.fakes.tables import TableBench


def test_a_user_is_the_line_of_passwd() -> None:
    user = pwd.getpwuid(0)
    line = ":".join(map(str, user))
    assert line == TableBench().ask("proxy:unix:passwd.byname", user.pw_name)
    assert line == TableBench().ask("unix:passwd.byname", user.pw_name.upper())


def test_a_group_is_the_line_of_group() -> None:
    group = grp.getgrgid(0)
    expected = f"{group.gr_name}:{group.gr_passwd}:0:{','.join(group.gr_mem)}"
    assert expected == TableBench().ask("unix:group.byname", group.gr_name)


@pytest.mark.parametrize("name", ["no-such-user-here", "nul\0"])
def test_nobody(name: str) -> None:
    assert TableBench().ask("unix:passwd.byname", name) is None


def test_there_are_no_other_databases() -> None:
    assert "<unknown table: unix:shadow>" == TableBench().ask("unix:shadow", "root")


@pytest.mark.parametrize(
    ("domain", "answer"),
    [
        ("(none)\n", None),
        ("", None),
        ("home\n", "<NIS is not supported, and this system has the NIS domain home: nis:mail.aliases>"),
    ],
)
def test_nis_is_empty_without_a_domain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, domain: str, answer: str | None
) -> None:
    file = tmp_path / "domainname"
    file.write_text(domain)
    monkeypatch.setattr(accounts, "NIS_DOMAIN", file)
    assert answer == TableBench().ask("nis:mail.aliases", "root")
