"""Accounts."""

from __future__ import annotations

import asyncio

import pytest

from gatepost.delivery.accounts import Account, find_account
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
