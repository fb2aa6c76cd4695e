"""A message outside of any queue: what goes out comes back as it was."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gatepost.mail.delivery import Result, Status
from gatepost.queue.body import MemoryBody
from gatepost.queue.exchange import FORMAT, NotReadable, Pair, envelope_of, load, pairs, read_envelope, take_in
from gatepost.queue.record import Identity, MessageState, Row, RowState, StoredMessage
from gatepost.queue.store import StoreFull
from tests.fakes.store import FakeStore
from tests.queue.contract import ENVELOPE, NOW, RECIPIENTS, read

RESULT = Result(
    2,
    Status.DEFERRED,
    "4.4.1",
    "no \udcff route",
    "r[192.0.2.1]:25",
    remote_reply="450 x",
    remote_host="r",
    relayed=True,
)
MESSAGE = StoredMessage(
    Identity(7, "A7"),
    ENVELOPE,
    (
        Row(1, RECIPIENTS[0]),
        Row(2, replace(RECIPIENTS[1], via="joe@example.com"), RowState.FAILED, 3, RESULT),
    ),
    MemoryBody(b""),
    NOW,
    NOW + 1.125,
    NOW + 9.5,
    MessageState.HOLD,
    4,
    "a\\b \udcff",
    warned=True,
    route="smtp:[192.0.2.7]",
    redirect="x@y.example",
    renew=True,
)
ORIGIN = "A7/1700000000250000"


def through_json(given: Any) -> Any:  # noqa: ANN401 - any JSON
    return json.loads(json.dumps(given).encode("ascii"))


def test_everything_comes_back() -> None:
    given = through_json(envelope_of(MESSAGE, ""))
    assert read_envelope(given, Identity(9, "B9")) == (replace(MESSAGE, identity=Identity(9, "B9")), ORIGIN)


def test_a_message_that_was_imported_keeps_its_origin() -> None:
    assert envelope_of(MESSAGE, "C1/5")["origin"] == "C1/5"


def test_text_is_utf_8_for_every_reader() -> None:
    written = json.dumps(envelope_of(MESSAGE, ""))
    assert "\\ud" not in written
    assert json.loads(written)["sender"] == 'o"d\\\\d\\xff name@b.example'


def test_the_least_that_is_enough() -> None:
    given = {"format": FORMAT, "origin": "x", "arrived": 5, "sender": "", "recipients": [{"address": "a@b"}]}
    message, origin = read_envelope(given, Identity(1, "A1"))
    assert (origin, message.state, message.due, message.arrived) == ("x", MessageState.ACTIVE, 0.0, 5.0)
    assert [(row.number, row.recipient.original) for row in message.rows] == [(1, "a@b")]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": "other"}, "its format is not"),
        ({"format": None}, "its format is not"),
        ({"sender": None}, "a member is missing or wrong"),
        ({"recipients": []}, "it has no recipients"),
        ({"recipients": [{}]}, "a member is missing or wrong: 'address'"),
        ({"recipients": [{"address": "a", "notify": ["SOMETIMES"]}]}, "a member is missing or wrong: 'SOMETIMES'"),
        ({"recipients": [{"address": "a", "bcc": True}]}, "members that are not known: bcc"),
        ({"recipients": [{"address": "a", "result": {"status": "sent"}}]}, "a member is missing or wrong: 'dsn'"),
        ({"recipients": 5}, "a member is missing or wrong"),
        ({"arrived": "yesterday"}, "could not convert"),
        ({"state": "elsewhere"}, "a member is missing or wrong: 'ELSEWHERE'"),
        ({"ret": "SOME"}, "'SOME' is not a valid Ret"),
        ({"client": {"shoe_size": 5}}, "a member is missing or wrong"),
        ({"priority": 1}, "members that are not known: priority"),
    ],
)
def test_what_is_no_envelope(change: dict[str, Any], says: str) -> None:
    with pytest.raises(NotReadable, match=says):
        read_envelope({**envelope_of(MESSAGE, ""), **change}, Identity(1, "A1"))


def write(folder: Path, content: bytes, **more: object) -> Pair:
    pair = Pair(folder, "A7")
    pair.content.write_bytes(content)
    pair.envelope.write_text(json.dumps({**envelope_of(MESSAGE, ""), **more}), "ascii")
    return pair


@pytest.mark.parametrize(
    "content",
    [
        b"Subject: x\r\n\r\nbody\r\n",
        b"\r\nno header\r\n",
        b"header only\r\n",
        b"",
        b"X: y\r\n" * 200_000 + b"\r\n",
        b"Subject: x\r\n\r\n" + b"y" * 3_000_000,
    ],
    ids=["usual", "no header", "no body", "nothing", "long header", "large"],
)
def test_content_comes_in_byte_for_byte_and_once(tmp_path: Path, content: bytes) -> None:
    async def use() -> None:
        store = FakeStore()
        pair = write(tmp_path, content, sha256=hashlib.sha256(content).hexdigest())
        assert pairs(tmp_path) == [pair]
        taken = await take_in(pair, store, NOW)
        assert taken is not None
        assert await read(taken) == content
        assert replace(taken, identity=MESSAGE.identity, body=MESSAGE.body) == MESSAGE
        assert await take_in(pair, store, NOW) is None
        assert len(store.messages) == 1
        assert store.drafts[-1].discarded

    asyncio.run(use())


def test_content_that_was_changed_is_refused(tmp_path: Path) -> None:
    async def use() -> None:
        store = FakeStore()
        pair = write(tmp_path, b"Subject: x\r\n\r\n", sha256="0" * 64)
        with pytest.raises(NotReadable, match="SHA-256 differs"):
            await take_in(pair, store, NOW)
        assert store.messages == {}
        assert store.drafts[-1].discarded

    asyncio.run(use())


def test_a_store_that_refuses_leaves_nothing(tmp_path: Path) -> None:
    async def use() -> None:
        store = FakeStore(refuse=StoreFull("no room"))
        with pytest.raises(StoreFull):
            await take_in(write(tmp_path, b"\r\n"), store, NOW)
        assert store.drafts[-1].discarded

    asyncio.run(use())


@pytest.mark.parametrize(("text", "says"), [("no", "it is no JSON"), ("[]", "it is no JSON object")])
def test_what_is_no_json(tmp_path: Path, text: str, says: str) -> None:
    pair = Pair(tmp_path, "A7")
    pair.envelope.write_text(text, "ascii")
    with pytest.raises(NotReadable, match=says):
        load(pair)
