"""`gatepost queue`, with and without a server."""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partialmethod
from pathlib import Path

import pytest

from gatepost.cli import queue
from gatepost.mail.delivery import Result, Status
from gatepost.queue.administration import Administration, StoreActor
from gatepost.queue.control import ControlServer
from gatepost.queue.embedded import EmbeddedStore, open_store
from gatepost.queue.record import Fate, MessageState, Settlement, StoredMessage
from gatepost.queue.spool import Slot, Spool
from tests.queue.contract import NOW, accept

MASTER = "smtp inet n - n - - smtpd\n"


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration folder with a queue of two slots."""
    monkeypatch.setattr("gatepost.queue.spool.Slot.lock", partialmethod(Slot.lock, patience=0))
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    (tmp_path / "main.cf").write_text(f"queue_directory = {tmp_path}/queue\nmyhostname = mx.example.com\n", "utf-8")
    (tmp_path / "master.cf").write_text(MASTER, "utf-8")
    spool = Spool(tmp_path / "queue")
    spool.create()
    for number in (0, 1):
        spool.slot(number).create()
    return tmp_path


def with_store(house: Path, use: Callable[[EmbeddedStore], object], number: int = 0) -> None:
    async def session() -> None:
        store = open_store(Spool(house / "queue").slot(number))
        try:
            made = use(store)
            if asyncio.iscoroutine(made):
                await made
        finally:
            await store.close()

    asyncio.run(session())


def fill(house: Path, state: MessageState = MessageState.ACTIVE, number: int = 0) -> StoredMessage:
    made: list[StoredMessage] = []

    async def use(store: EmbeddedStore) -> None:
        made.append(await accept(store, state=state))

    with_store(house, use, number)
    return made[0]


def gatepost_queue(house: Path, *words: str) -> int:
    parser = argparse.ArgumentParser()
    queue.add_arguments(parser)
    verb, *others = words
    return queue.run(parser.parse_args([verb, "-c", str(house), *others]))


def test_an_empty_queue(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gatepost_queue(house, "list") == 0
    assert capsys.readouterr().out == "Mail queue is empty\n"


def test_a_listing_looks_like_mailq(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    active, held = fill(house), fill(house, MessageState.HOLD, 1)

    async def defer(store: EmbeddedStore) -> None:
        result = Result(1, Status.DEFERRED, "4.4.1", "no route to host")
        row = replace(active.rows[0], result=result)
        later = replace(active, state=MessageState.DEFERRED, reason="no route to host")
        await store.settle(Settlement(later, Fate.UPDATE, (row,)))

    with_store(house, defer)
    assert gatepost_queue(house, "list") == 0
    sender = '"o\\"d\\\\d\\udcff name"@b.example'
    assert capsys.readouterr().out.splitlines() == [
        "-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------",
        f"{active.queue_id:<12}      20 Tue Nov 14 22:13:20  {sender}",
        f"{'(no route to host)':>78}",
        f"{'':42}joe@Example.com",
        f"{'':42}ann@example.org",
        "",
        f"{held.queue_id + '!':<12}      20 Tue Nov 14 22:13:20  {sender}",
        f"{'':42}joe@Example.com",
        f"{'':42}ann@example.org",
        "",
        "-- 1 Kbytes in 2 Requests.",
    ]


def test_json_is_one_object_a_line(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = fill(house), fill(house, number=1)
    assert gatepost_queue(house, "list", "--json") == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [answer["queue_id"] for answer in answers] == [first.queue_id, second.queue_id]


def test_show_has_header_and_body(house: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    message = fill(house)
    assert gatepost_queue(house, "show", message.queue_id) == 0
    shown = capfdbinary.readouterr().out
    assert message.queue_id.encode() in shown
    assert shown.endswith(b"Subject: x\n\nbody\n")


def test_changes_without_a_server(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message = fill(house)
    assert gatepost_queue(house, "hold", message.queue_id) == 0
    assert capsys.readouterr().out == f"{message.queue_id} placed on hold\n"
    assert gatepost_queue(house, "hold", message.queue_id) == 1
    captured = capsys.readouterr()
    assert captured.err == f"gatepost queue: {message.queue_id}: not in the queue, or on hold already\n"
    for verb, said in (("release", "released from hold"), ("requeue", "requeued"), ("delete", "deleted")):
        assert gatepost_queue(house, verb, message.queue_id) == 0
        assert capsys.readouterr().out == f"{message.queue_id} {said}\n"
    assert gatepost_queue(house, "delete", "ALL") == 0
    assert gatepost_queue(house, "delete", message.queue_id) == 1


def test_flush_counts(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(house, MessageState.DEFERRED)
    fill(house, MessageState.DEFERRED, 1)
    assert gatepost_queue(house, "flush") == 0
    assert gatepost_queue(house, "flush", "nowhere.example") == 0
    assert capsys.readouterr().out == "2 messages are tried now\n0 messages are tried now\n"


def test_users_who_may_not_look_are_told_who_may(
    house: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(_: Spool) -> list[int]:
        raise PermissionError(13, "Permission denied", "/q/gatepost")

    monkeypatch.setattr(Spool, "slots", closed)
    assert gatepost_queue(house, "list") == 1
    assert "gatepost queue: /q/gatepost: the queue is root's and postfix's\n" == capsys.readouterr().err


def test_a_server_that_runs_answers_itself(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message = fill(house)

    async def use(store: EmbeddedStore) -> None:
        lines: list[object] = []
        administration = Administration(store, StoreActor(store, lambda: NOW), lines.append, house)
        server = ControlServer(Spool(house / "queue").slot(0).control, administration)
        await server.start()
        assert await asyncio.to_thread(gatepost_queue, house, "delete", "ALL") == 0
        assert len(lines) == 1
        await server.close()

    with_store(house, use)
    assert capsys.readouterr().out == f"{message.queue_id} deleted\n"


def test_an_owner_that_does_not_answer(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(house)

    async def use(_: EmbeddedStore) -> None:
        assert await asyncio.to_thread(gatepost_queue, house, "list") == 1

    with_store(house, use)
    captured = capsys.readouterr()
    assert captured.out == "Mail queue is empty\n"
    assert captured.err.startswith("gatepost queue: slot 0: its owner does not answer")
