"""Accounts."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from gatepost.delivery.accounts import Account, find_account, find_group, owner_of
from gatepost.oracle import LookupFailed
from tests.fakes.oracle import FakeOracle

PASSWD = {"unix:passwd.byname": {"joe": "joe:x:1000:1001:Joe:/home/joe:/bin/sh", "bad": "bad:x"}}


def test_an_account_is_read_from_its_line() -> None:
    found = asyncio.run(find_account("joe", FakeOracle(PASSWD)))
    assert found == Account("joe", 1000, 1001, "/home/joe", "/bin/sh")


def test_nobody_is_none() -> None:
    assert asyncio.run(find_account("ann", FakeOracle(PASSWD))) is None


def test_a_line_that_cannot_be_read_is_a_failure() -> None:
    with pytest.raises(LookupFailed):
        asyncio.run(find_account("bad", FakeOracle(PASSWD)))


def test_groups_have_numbers() -> None:
    oracle = FakeOracle({"unix:group.byname": {"mail": "mail:x:8:", "bad": "bad"}})
    assert asyncio.run(find_group("mail", oracle)) == 8
    assert asyncio.run(find_group("none", oracle)) is None
    with pytest.raises(LookupFailed):
        asyncio.run(find_group("bad", oracle))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_has_an_owner_unless_that_is_root(tmp_path: Path) -> None:
    file = tmp_path / "aliases"
    file.touch()
    assert asyncio.run(owner_of(str(file))) is None
    os.chown(file, 65534, 65534)
    found = asyncio.run(owner_of(str(file)))
    assert found is not None
    assert (found.name, found.uid) == ("nobody", 65534)
    assert asyncio.run(owner_of(str(tmp_path / "none"))) is None
