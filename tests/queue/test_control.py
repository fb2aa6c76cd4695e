"""The control socket, over a real socket."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from gatepost.queue import control as module
from gatepost.queue.administration import Administration, Answer, Request, StoreActor, Verb
from gatepost.queue.control import ControlServer, ask
from gatepost.queue.store import StoreError, StoreFailed
from tests.fakes.store import FakeStore
from tests.queue.contract import NOW, accept


def serve(folder: Path, client: Callable[[Path], object], store: FakeStore, *, count: int = 3) -> object:
    """What a client in another thread makes of a server."""

    async def session() -> object:
        for _ in range(count):
            await accept(store)
        administration = Administration(store, StoreActor(store, lambda: NOW), lambda _: None, folder)
        path = folder / "control"
        server = ControlServer(path, administration)
        await server.start()
        try:
            return await asyncio.to_thread(client, path)
        finally:
            await server.close()

    return asyncio.run(session())


def test_a_client_is_answered(tmp_path: Path) -> None:
    store = FakeStore()
    found = serve(tmp_path, lambda path: list(ask(path, Request(Verb.LIST))), store)
    assert isinstance(found, list)
    assert [answer["queue_id"] for answer in found] == [message.queue_id for message in store.messages.values()]


def test_a_long_answer_waits_for_its_reader(tmp_path: Path) -> None:
    found = serve(tmp_path, lambda path: sum(1 for _ in ask(path, Request(Verb.LIST))), FakeStore(), count=3000)
    assert found == 3000


def test_a_long_path_is_no_hindrance(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    assert serve(folder, lambda path: len(list(ask(path, Request(Verb.LIST)))), FakeStore()) == 3


def test_a_store_that_fails_is_an_error_at_the_client(tmp_path: Path) -> None:
    def client(path: Path) -> None:
        with pytest.raises(StoreError, match="oops"):
            list(ask(path, Request(Verb.DELETE, ("ALL",))))

    store = FakeStore()

    def failing(path: Path) -> None:
        store.refuse = StoreFailed("oops")
        client(path)

    serve(tmp_path, failing, store)


@pytest.mark.parametrize("line", [b"junk\n", b"[1]\n", b'{"do": "dance"}\n', b"{}\n", b"\n"])
def test_junk_is_an_error(tmp_path: Path, line: bytes) -> None:
    def client(path: Path) -> bytes:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
            connection.sendall(line)
            return connection.makefile("rb").read()

    found = serve(tmp_path, client, FakeStore())
    assert isinstance(found, bytes)
    assert "error" in json.loads(found)


def test_an_endless_request_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINE_LIMIT", 1000)

    def client(path: Path) -> bytes:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
            connection.sendall(b"x" * 2000)
            try:
                return connection.recv(10)
            except ConnectionResetError:
                return b""

    assert serve(tmp_path, client, FakeStore()) == b""


def test_a_client_that_goes_away_ends_its_answer(tmp_path: Path) -> None:
    def client(path: Path) -> int:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
            connection.sendall(b'{"do": "list"}\n')
        return len(list(ask(path, Request(Verb.LIST))))

    assert serve(tmp_path, client, FakeStore(), count=500) == 500


def test_what_a_dead_owner_left_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "control"))
    with pytest.raises(ConnectionRefusedError):
        list(ask(tmp_path / "control", Request(Verb.LIST)))
    assert serve(tmp_path, lambda path: len(list(ask(path, Request(Verb.LIST)))), FakeStore()) == 3
    with pytest.raises(FileNotFoundError):
        list(ask(tmp_path / "control", Request(Verb.LIST)))


def test_only_the_owner_may_ask(tmp_path: Path) -> None:
    assert serve(tmp_path, lambda path: path.stat().st_mode & 0o777, FakeStore()) == 0o600


def test_a_server_that_ends_while_it_answers_is_noticed(tmp_path: Path) -> None:
    class Endless(Administration):
        async def answer(self, request: Request) -> AsyncIterator[Answer]:
            del request
            yield {"queue_id": "A1"}
            await asyncio.Event().wait()

    async def session() -> None:
        store = FakeStore()
        path = tmp_path / "control"
        server = ControlServer(path, Endless(store, StoreActor(store, lambda: NOW), lambda _: None, tmp_path))
        await server.start()
        answers = ask(path, Request(Verb.LIST))
        assert await asyncio.to_thread(next, answers) == {"queue_id": "A1"}
        await server.close()
        with pytest.raises(StoreError, match="ended while it answered"):
            await asyncio.to_thread(next, answers)

    asyncio.run(session())
