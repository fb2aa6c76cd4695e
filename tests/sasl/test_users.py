"""The users file."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import argon2
import pytest

from gatepost.mail.peer import Login
from gatepost.sasl import users
from gatepost.sasl.server import (
    INVALID_CONTINUED,
    INVALID_INITIAL,
    INVALID_MECHANISM,
    Challenge,
    Failure,
    SaslContext,
    SaslRules,
    SaslUnavailable,
    Step,
    Success,
)
from gatepost.sasl.users import BUSY, FAILED, PasswordChecker, UsersFile, UsersServer, parse_users, render_users

CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Hashes that cost nothing; what is checked brings its own costs."""

SECRET = CHEAP.hash("secret")


class FixedRows:
    """Rows that a test changes."""

    def __init__(self, rows: Mapping[str, str]) -> None:
        self.rows = rows

    def current(self) -> Mapping[str, str]:
        return self.rows


def checked(act: Callable[[PasswordChecker, FixedRows], Awaitable[None]]) -> None:
    async def main() -> None:
        rows = FixedRows({"kibuna": SECRET})
        checker = PasswordChecker(rows, threads=1)
        try:
            await act(checker, rows)
        finally:
            checker.close()

    asyncio.run(main())


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("mechanism", "initial", "responses", "expected"),
    [
        ("PLAIN", b64("\0kibuna\0secret"), [None], Success(Login("PLAIN", "kibuna"))),
        ("plain", b64("\0kibuna\0secret"), [None], Success(Login("PLAIN", "kibuna"))),
        ("PLAIN", None, [None], Challenge("")),
        ("PLAIN", None, [None, b64("\0kibuna\0wrong")], Failure(FAILED, username="kibuna")),
        ("PLAIN", b64("\0nobody\0secret"), [None], Failure(FAILED, username="nobody")),
        ("PLAIN", "=", [None], Failure(FAILED)),
        ("PLAIN", "!!!", [None], Failure(INVALID_INITIAL)),
        ("LOGIN", None, [None], Challenge("VXNlcm5hbWU6")),
        ("LOGIN", None, [None, b64("kibuna")], Challenge("UGFzc3dvcmQ6")),
        ("LOGIN", None, [None, b64("kibuna"), b64("secret")], Success(Login("LOGIN", "kibuna"))),
        ("LOGIN", b64("kibuna"), [None, b64("secret")], Success(Login("LOGIN", "kibuna"))),
        ("LOGIN", None, [None, "%%%"], Failure(INVALID_CONTINUED)),
        ("CRAM-MD5", None, [None], Failure(INVALID_MECHANISM)),
    ],
)
def test_exchanges(mechanism: str, initial: str | None, responses: list[str | None], expected: Step) -> None:
    async def act(checker: PasswordChecker, rows: FixedRows) -> None:
        del rows
        exchange = UsersServer(checker, SaslRules()).start(mechanism, initial, SaslContext())
        for response in responses[:-1]:
            assert isinstance(await exchange.step(response), Challenge)
        assert expected == await exchange.step(responses[-1])
        exchange.abort()

    checked(act)


def test_a_success_is_remembered_until_the_row_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(checker: PasswordChecker, rows: FixedRows) -> None:
        assert await checker.check("kibuna", "secret")
        verified: list[str] = []
        original = checker._verify

        def verify(row: str | None, password: str) -> bool:
            verified.append(password)
            return original(row, password)

        monkeypatch.setattr(checker, "_verify", verify)
        assert await checker.check("kibuna", "secret")
        assert verified == []
        rows.rows = {"kibuna": CHEAP.hash("other")}
        assert await checker.check("kibuna", "secret") is False
        assert verified == ["secret"]

    checked(act)


def test_an_unknown_user_is_hashed_for_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "HASHER", CHEAP)

    async def act(checker: PasswordChecker, rows: FixedRows) -> None:
        del rows
        assert await checker.check("nobody", "secret") is False
        assert checker._decoy is not None

    checked(act)


def test_too_many_at_once_are_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "QUEUE", 0)

    async def act(checker: PasswordChecker, rows: FixedRows) -> None:
        del rows
        exchange = UsersServer(checker, SaslRules()).start("PLAIN", b64("\0kibuna\0secret"), SaslContext())
        assert Failure(BUSY, temporary=True, username="kibuna") == await exchange.step(None)

    checked(act)


def test_the_memory_of_successes_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "REMEMBERED", 2)

    async def act(checker: PasswordChecker, rows: FixedRows) -> None:
        rows.rows = {f"u{number}": SECRET for number in range(5)}
        for name in rows.rows:
            assert await checker.check(name, "secret")
        assert len(checker._known) <= 2

    checked(act)


def test_security_options_hold_here_too() -> None:
    async def act(checker: PasswordChecker, rows: FixedRows) -> None:
        del rows
        server = UsersServer(checker, SaslRules(frozenset({"noplaintext"}), frozenset()))
        assert server.mechanisms(tls=False) == ()
        assert ("PLAIN", "LOGIN") == server.mechanisms(tls=True)

    checked(act)


def test_the_file_is_read_again_when_it_changes_and_kept_when_it_breaks(tmp_path: Path) -> None:
    path = tmp_path / "users"
    file = UsersFile(str(path))
    with pytest.raises(FileNotFoundError):
        file.current()
    path.write_text(f"# who may log in\nkibuna:{SECRET}\n", "utf-8")
    assert {"kibuna": SECRET} == file.current()
    path.write_text(f"kibuna:{SECRET}\ngligana:{SECRET}\n", "utf-8")
    assert {"kibuna", "gligana"} == set(file.current())
    path.write_text("rubbish that is longer than before\n" * 9, "utf-8")
    assert {"kibuna", "gligana"} == set(file.current())
    path.unlink()
    assert {"kibuna", "gligana"} == set(file.current())


def test_a_missing_file_makes_the_backend_unavailable(tmp_path: Path) -> None:
    async def main() -> None:
        checker = PasswordChecker(UsersFile(str(tmp_path / "absent")), threads=1)
        with pytest.raises(SaslUnavailable, match="absent"):
            await UsersServer(checker, SaslRules()).prepare()
        assert await checker.check("kibuna", "secret") is None
        checker.close()

    asyncio.run(main())


@pytest.mark.parametrize("text", ["kibuna", ":$argon2id$x", "kibuna:secret"])
def test_lines_that_are_none_are_named(text: str) -> None:
    with pytest.raises(ValueError, match="line 2"):
        parse_users(f"# comment\n{text}\n")


def test_rows_survive_their_text() -> None:
    rows = {"kibuna@ohio.net": SECRET, "käthe": SECRET}
    assert rows == parse_users(render_users(rows))


def test_the_hashes_that_are_made_cost_what_they_should() -> None:
    assert users.HASHER.hash("x").startswith("$argon2id$v=19$m=19456,t=2,p=1$")
