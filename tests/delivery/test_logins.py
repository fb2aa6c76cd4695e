"""Logins for servers."""

from __future__ import annotations

import pytest

from gatepost.delivery.logins import LoginFinder, allowed_mechanisms
from gatepost.delivery.rules import LoginRules
from gatepost.oracle import LookupFailed
from gatepost.sasl.client import MECHANISMS, SaslLogin
from gatepost.smtp.client_values import Server
from tests.fakes.oracle import FakeOracle, step

RULES = LoginRules(enabled=True, password_maps=("hash:/a", "hash:/b"))
BY_SENDER = LoginRules(enabled=True, password_maps=("hash:/a",), by_sender=True, delimiters="+")
SERVER = Server("h", "192.0.2.1", "587")


def find(rules: LoginRules, oracle: FakeOracle, sender: str = "a@a.example") -> SaslLogin | None:
    return step(LoginFinder(rules).find(oracle, "[h]:587", SERVER, sender))


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ({"[h]:587": "u:p"}, {}, ("u", "p")),
        ({"[h]:587": "hop:p"}, {"h": "host:p:q"}, ("host", "p:q")),
        ({}, {"h": "u"}, ("u", "")),
        ({}, {"a@a.example": "u:p"}, None),
        ({"h": ":p"}, {"h": "u:p"}, None),
        ({}, {}, None),
    ],
)
def test_the_servers_name_comes_first(
    first: dict[str, str], second: dict[str, str], found: tuple[str, str] | None
) -> None:
    login = find(RULES, FakeOracle({"hash:/a": first, "hash:/b": second}))
    assert found == ((login.username, login.password) if login else None)


@pytest.mark.parametrize(
    ("table", "sender", "username"),
    [
        ({"a+x@a.example": "full:p", "h": "host:p"}, "a+x@a.example", "full"),
        ({"a@a.example": "plain:p", "h": "host:p"}, "a+x@a.example", "plain"),
        ({"@a.example": "domain:p", "h": "host:p"}, "a@a.example", "domain"),
        ({"a": "bare:p", "h": "host:p"}, "a@a.example", "host"),
        ({"b@a.example": "other:p", "h": "host:p"}, "a@a.example", "host"),
        ({"h": "host:p"}, "", "host"),
    ],
)
def test_the_sender_may_come_before_it(table: dict[str, str], sender: str, username: str) -> None:
    login = find(BY_SENDER, FakeOracle({"hash:/a": table}), sender)
    assert login is not None
    assert username == login.username


def test_a_login_knows_the_server_and_new_text() -> None:
    login = find(RULES, FakeOracle({"hash:/a": {"h": "u:p"}, "hash:/b": {}}))
    assert login is not None
    assert ("h", "587") == (login.host, login.port)
    assert login.nonce() != login.nonce()
    assert login.nonce().isascii()
    assert "," not in login.nonce()


def test_without_the_feature_no_table_is_asked() -> None:
    oracle = FakeOracle()
    assert find(LoginRules(password_maps=("hash:/a",)), oracle) is None
    assert oracle.asked == []


def test_a_table_that_fails_is_no_table_without_entry() -> None:
    with pytest.raises(LookupFailed):
        find(RULES, FakeOracle(failing={"hash:/a"}))


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        ((), None),
        (("plain", "login"), {"PLAIN", "LOGIN"}),
        (("!plain", "plain", "login"), {"LOGIN"}),
        (("gssapi",), set()),
        (("xoauth2",), {"XOAUTH2"}),
        (("!plain", "!login", "static:all"), set(MECHANISMS) - {"PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"}),
        (("xoauth2", "!static:all"), {"XOAUTH2"}),
    ],
)
def test_filters(words: tuple[str, ...], allowed: set[str] | None) -> None:
    assert allowed == allowed_mechanisms(words)
