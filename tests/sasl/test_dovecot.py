"""Dovecot's protocol, against a scripted auth server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import uvloop

from gatepost.mail.events import Failed, Warned
from gatepost.mail.peer import Login
from gatepost.sasl.dovecot import LOST, UNREACHABLE, DovecotServer, DovecotSocket
from gatepost.sasl.server import (
    INVALID_CONTINUED,
    INVALID_INITIAL,
    INVALID_MECHANISM,
    NO_REASON,
    Challenge,
    Failure,
    SaslContext,
    SaslRules,
    SaslUnavailable,
    Step,
    Success,
)
from tests.fakes.dovecot import GREETING, Answer, auth_server

CONTEXT = SaslContext("192.0.2.7", "40000", "192.0.2.1", "587", tls=True)


def served(
    path: Path,
    answer: Answer,
    act: Callable[[DovecotServer, list[list[str]]], Awaitable[None]],
    greeting: str = GREETING,
) -> None:
    async def main() -> None:
        async with auth_server(path / "auth", answer, greeting) as seen:
            backend = DovecotSocket(str(path / "auth"))
            try:
                await act(DovecotServer(backend, SaslRules()), seen)
            finally:
                await backend.close()
                await asyncio.sleep(0)

    uvloop.run(main())


def test_the_greeting_tells_the_mechanisms(tmp_path: Path) -> None:
    async def act(server: DovecotServer, seen: list[list[str]]) -> None:
        del seen
        await server.prepare()
        assert ("PLAIN", "LOGIN", "CRAM-MD5") == server.mechanisms(tls=False)

    served(tmp_path, lambda _: None, act)


def test_a_login_is_asked_as_postfix_asks_it(tmp_path: Path) -> None:
    async def act(server: DovecotServer, seen: list[list[str]]) -> None:
        await server.prepare()
        exchange = server.start("plain", "AGEAYg==", CONTEXT)
        assert Success(Login("plain", "kibuna")) == await exchange.step(None)
        assert ["VERSION", "1", "0"] == seen[0]
        assert "CPID" == seen[1][0]
        wanted = ["service=smtp", "nologin", "lip=192.0.2.1", "rip=192.0.2.7", "secured", "resp=AGEAYg=="]
        assert ["AUTH", "1", "plain", *wanted] == seen[2]

    served(tmp_path, lambda fields: f"OK\t{fields[1]}\tuser=kibuna\n", act)


def test_challenges_go_back_and_forth(tmp_path: Path) -> None:
    def answer(fields: list[str]) -> str:
        if fields[0] == "AUTH":
            return f"CONT\t{fields[1]}\tVXNlcm5hbWU6\n"
        return f"CONT\t{fields[1]}\tUGFzc3dvcmQ6\n" if fields[2] == "a2lidW5h" else f"FAIL\t{fields[1]}\tuser=kibuna\n"

    async def act(server: DovecotServer, seen: list[list[str]]) -> None:
        await server.prepare()
        exchange = server.start("LOGIN", None, CONTEXT)
        assert Challenge("VXNlcm5hbWU6") == await exchange.step(None)
        assert Challenge("UGFzc3dvcmQ6") == await exchange.step("a2lidW5h")
        assert Failure(NO_REASON, username="kibuna") == await exchange.step("")
        assert ["CONT", "1", ""] == seen[-1]

    served(tmp_path, answer, act)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("FAIL\t{}\n", Failure()),
        ("FAIL\t{}\treason=Account disabled\tuser=joe\n", Failure("Account disabled", username="joe")),
        ("FAIL\t{}\tuser=joe\ttemp\n", Failure(username="joe")),
        ("CONT\t{}\n", Challenge("")),
        ("NOTICE\nOK\t{}\tuser=joe\n", Success(Login("PLAIN", "joe"))),
        ("OK\t{}\tuser=a\x01b\n", Failure("Authentication backend error")),
        ("OK\t{}\n", Failure("Authentication backend error")),
    ],
)
def test_every_answer_has_its_meaning(tmp_path: Path, answer: str, expected: Step) -> None:
    async def act(server: DovecotServer, seen: list[list[str]]) -> None:
        del seen
        await server.prepare()
        assert expected == await server.start("PLAIN", None, CONTEXT).step(None)

    served(tmp_path, lambda fields: answer.replace("{}", fields[1]), act)


def test_what_cannot_succeed_is_not_asked(tmp_path: Path) -> None:
    async def act(server: DovecotServer, seen: list[list[str]]) -> None:
        await server.prepare()
        assert Failure(INVALID_MECHANISM) == await server.start("ANONYMOUS", None, CONTEXT).step(None)
        assert Failure(INVALID_INITIAL) == await server.start("PLAIN", "a\tb", CONTEXT).step(None)
        assert not [fields for fields in seen if fields[0] == "AUTH"]

    served(tmp_path, lambda _: None, act)


def test_whether_it_is_base64_the_auth_server_says(tmp_path: Path) -> None:
    async def act(server: DovecotServer, seen: list[list[str]]) -> None:
        await server.prepare()
        assert Failure("bad") == await server.start("PLAIN", "=", CONTEXT).step(None)
        assert "resp==" == seen[-1][-1]

    served(tmp_path, lambda fields: f"FAIL\t{fields[1]}\treason=bad\n", act)


def test_a_continued_response_must_be_base64(tmp_path: Path) -> None:
    async def act(server: DovecotServer, seen: list[list[str]]) -> None:
        await server.prepare()
        exchange = server.start("LOGIN", None, CONTEXT)
        await exchange.step(None)
        assert Failure(INVALID_CONTINUED) == await exchange.step("AUTH\tLOGIN")
        assert 1 == len([fields for fields in seen if fields[0] in {"AUTH", "CONT"}])

    served(tmp_path, lambda fields: f"CONT\t{fields[1]}\t\n", act)


def test_a_connection_that_was_closed_is_made_again(tmp_path: Path) -> None:
    requests: list[str] = []

    def answer(fields: list[str]) -> str | None:
        requests.append(fields[0])
        return None if len(requests) == 1 else f"OK\t{fields[1]}\tuser=joe\n"

    async def act(server: DovecotServer, seen: list[list[str]]) -> None:
        await server.prepare()
        assert Success(Login("PLAIN", "joe")) == await server.start("PLAIN", None, CONTEXT).step(None)
        assert 2 == len([fields for fields in seen if fields[0] == "CPID"])

    served(tmp_path, answer, act)


def test_a_server_that_keeps_hanging_up_is_a_temporary_failure(tmp_path: Path) -> None:
    async def act(server: DovecotServer, seen: list[list[str]]) -> None:
        del seen
        await server.prepare()
        assert Failure(LOST, temporary=True) == await server.start("PLAIN", None, CONTEXT).step(None)

    served(tmp_path, lambda _: None, act)


def test_many_logins_share_a_connection_in_any_order(tmp_path: Path) -> None:
    waiting: list[str] = []

    def answer(fields: list[str]) -> str:
        waiting.append(fields[1])
        if len(waiting) < 3:
            return ""
        return "".join(f"OK\t{number}\tuser=u{number}\n" for number in reversed(waiting))

    async def act(server: DovecotServer, seen: list[list[str]]) -> None:
        await server.prepare()
        steps = await asyncio.gather(*(server.start("PLAIN", None, CONTEXT).step(None) for _ in range(3)))
        assert [Success(Login("PLAIN", f"u{number}")) for number in (1, 2, 3)] == steps
        assert 1 == len([fields for fields in seen if fields[0] == "CPID"])

    served(tmp_path, answer, act)


def test_a_socket_that_is_not_there_is_said_in_postfixs_words(tmp_path: Path) -> None:
    async def main() -> None:
        server = DovecotServer(DovecotSocket(f"{tmp_path}/absent"), SaslRules())
        with pytest.raises(SaslUnavailable) as caught:
            await server.prepare()
        text = f"SASL: Connect to Dovecot auth socket '{tmp_path}/absent' failed: No such file or directory"
        assert (Warned(text), Failed("no SASL authentication mechanisms")) == caught.value.events

    uvloop.run(main())


def test_a_server_that_went_away_after_the_greeting_is_unreachable(tmp_path: Path) -> None:
    async def main() -> None:
        backend = DovecotSocket(str(tmp_path / "auth"))
        server = DovecotServer(backend, SaslRules())
        async with auth_server(tmp_path / "auth", lambda _: None):
            await server.prepare()
        await backend.close()
        (tmp_path / "auth").unlink(missing_ok=True)
        assert Failure(UNREACHABLE, temporary=True) == await server.start("PLAIN", None, CONTEXT).step(None)

    uvloop.run(main())


@pytest.mark.parametrize("greeting", ["VERSION\t2\t0\nDONE\n", "VERSION\t1\t0\nDONE\n", "x" * 70_000])
def test_a_greeting_that_is_of_no_use_makes_the_backend_unavailable(tmp_path: Path, greeting: str) -> None:
    async def act(server: DovecotServer, seen: list[list[str]]) -> None:
        del seen
        with pytest.raises(SaslUnavailable):
            await server.prepare()

    served(tmp_path, lambda _: None, act, greeting)
