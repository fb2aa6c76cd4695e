"""Included files."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gatepost.delivery import include
from gatepost.delivery.accounts import Account
from gatepost.delivery.include import Listed, rights_for
from gatepost.delivery.localtask import Task
from gatepost.delivery.userfile import Found
from gatepost.mail.envelope import Recipient
from gatepost.routing.aliases import Command, Forward, Include, Origin
from tests.fakes.jobs import job
from tests.fakes.rights import FakeRights, LocalMachine

NOBODY = Account("nobody", 65534, 65534, "/", "/bin/false")
TEAM = "team@mx.ohio.net"


def read(files: dict[str, Found | str], *paths: str, own: bool = False) -> tuple[Listed, FakeRights]:
    machine = LocalMachine(rights=FakeRights(files=files))
    recipient = Recipient(TEAM, TEAM)
    task = Task(job(recipient), 1, recipient, machine.oracle, machine.events.append, "local")
    targets = [Include(TEAM, path, "owner@b.example") for path in paths]
    return asyncio.run(machine.means.includes.resolved(task, [*targets], NOBODY, own=own)), machine.rights


def to(*addresses: str) -> list[Forward]:
    return [Forward(address, "owner@b.example") for address in addresses]


def test_files_within_files() -> None:
    listed, rights = read({"/a": "x@b.example\n:include:/b\ny@b.example", "/b": "z@b.example"}, "/a")
    assert (listed.targets, listed.failed) == (to("x@b.example", "z@b.example", "y@b.example"), [])
    assert [(file.path, file.uid, file.by_owner) for file in rights.read_files] == [
        ("/a", 65534, True),
        ("/b", 65534, True),
    ]


def test_what_a_user_includes_is_read_as_that_user() -> None:
    _, rights = read({"/a": ""}, "/a", own=True)
    assert not rights.read_files[0].by_owner


def test_files_that_include_each_other_end() -> None:
    listed, rights = read({"/a": ":include:/b, x@b.example", "/b": ":include:/a\n:include:/b, y@b.example"}, "/a", "/a")
    assert listed.targets == to("y@b.example", "x@b.example")
    assert len(rights.read_files) == 2


def test_there_is_a_limit_to_the_size_of_all_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(include, "INCLUDE_LIMIT", 100)
    monkeypatch.setattr(include, "OWN_LIMIT", 50)
    for own, limits in ((False, [100, 88]), (True, [50, 38])):
        _, rights = read({"/a": "x@b.example\n", "/b": "y@b.example\n"}, "/a", "/b", own=own)
        assert [file.limit for file in rights.read_files] == limits


def test_long_lists_are_the_same_as_short_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(include, "SHORT", 3)
    assert read({"/a": "x@b.example\ny@b.example"}, "/a")[0].targets == to("x@b.example", "y@b.example")


def test_there_is_a_limit_to_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(include, "FILE_LIMIT", 3)
    _, rights = read({f"/{number}": f":include:/{number + 1}" for number in range(10)}, "/0")
    assert len(rights.read_files) == 3


def test_commands_know_their_file() -> None:
    listed, _ = read({"/a": "|cmd"}, "/a")
    assert listed.targets == [Command(TEAM, "cmd", Origin.INCLUDE, "owner@b.example", "/a")]


def test_files_that_are_of_no_use() -> None:
    listed, _ = read({"/late": Found(trouble="why", passing=True), "/ok": "x@b.example"}, "/none", "/ok", "/late")
    assert listed.targets == to("x@b.example")
    assert [(part.dsn, part.text) for part in listed.failed] == [
        ("5.3.5", "mail system configuration error"),
        ("4.3.0", "cannot open include file /late"),
    ]


def test_who_acts_for_a_command(tmp_path: Path) -> None:
    file = tmp_path / "aliases"
    file.touch()
    command = Command(TEAM, "cmd", Origin.ALIAS, source=str(file))
    account, is_user = asyncio.run(rights_for(command, NOBODY))
    assert is_user is (file.stat().st_uid != 0)
    assert is_user or account is NOBODY
    assert asyncio.run(rights_for(Command(TEAM, "cmd", Origin.ALIAS), NOBODY)) == (NOBODY, False)
