"""Logins for servers."""

from __future__ import annotations

import asyncio

import pytest

from gatepost.delivery.logins import LoginFinder, allowed_mechanisms
from gatepost.delivery.rules import LoginRules
from gatepost.oracle import LookupFailed
from tests.fakes.oracle import FakeOracle

RULES = LoginRules(enabled=True, password_maps=("hash:/a", "hash:/b"))


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ({"[h]:587": "u:p"}, {}, ("u", "p")),
        ({"h": "host:p"}, {"[h]:587": "hop:p:q"}, ("hop", "p:q")),
        ({}, {"h": "u"}, ("u", "")),
        ({}, {}, None),
    ],
)
def test_the_next_hop_as_written_comes_first(
    first: dict[str, str], second: dict[str, str], found: tuple[str, str] | None
) -> None:
    login = asyncio.run(LoginFinder(RULES).find(FakeOracle({"hash:/a": first, "hash:/b": second}), "[h]:587", "h"))
    assert found == ((login.username, login.password) if login else None)


def test_without_the_feature_no_table_is_asked() -> None:
    oracle = FakeOracle()
    assert asyncio.run(LoginFinder(LoginRules(password_maps=("hash:/a",))).find(oracle, "h", "h")) is None
    assert oracle.asked == []


def test_a_table_that_fails_is_no_table_without_entry() -> None:
    with pytest.raises(LookupFailed):
        asyncio.run(LoginFinder(RULES).find(FakeOracle(failing={"hash:/a"}), "h", "h"))


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        ((), None),
        (("plain", "login"), {"PLAIN", "LOGIN"}),
        (("!plain", "plain", "login"), {"LOGIN"}),
        (("gssapi",), set()),
    ],
)
def test_filters(words: tuple[str, ...], allowed: set[str] | None) -> None:
    assert allowed == allowed_mechanisms(words)
