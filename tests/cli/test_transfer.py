"""`gatepost queue export` and `import`, with and without a server."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from gatepost.cli.transfer import Export, complain, said
from gatepost.queue.administration import Administration, StoreActor
from gatepost.queue.body import MemoryBody
from gatepost.queue.control import ControlServer
from gatepost.queue.embedded import EmbeddedStore
from gatepost.queue.record import Identity, MessageState, Selection, StoredMessage
from gatepost.queue.spool import Spool
from tests.cli.test_queue import fill, gatepost_queue, house, with_store
from tests.queue.contract import NOW, accept, read

__all__ = ["house"]


async def everything(store: EmbeddedStore) -> list[tuple[StoredMessage, bytes]]:
    """All messages, as far as they do not belong to one queue."""
    found = await store.browse(Selection(), 0, 1000)
    loaded = await store.load([message.identity.number for message in found])
    return [(m, await read(m)) for m in loaded if isinstance(m, StoredMessage)]


def contents(house: Path, number: int = 0) -> list[tuple[StoredMessage, bytes]]:
    made: list[tuple[StoredMessage, bytes]] = []

    async def use(store: EmbeddedStore) -> None:
        made.extend(await everything(store))

    with_store(house, use, number)
    return made


def bare(found: list[tuple[StoredMessage, bytes]]) -> list[tuple[StoredMessage, bytes]]:
    """Without what a new queue gives anew."""
    same = [(replace(m, identity=Identity(0, ""), body=MemoryBody(b"")), content) for m, content in found]
    return sorted(same, key=lambda pair: (pair[0].state.value, len(pair[1])))


def delete_all(house: Path) -> None:
    assert gatepost_queue(house, "delete", "ALL") == 0


def test_out_and_in_again_with_nothing_lost(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for state in (MessageState.ACTIVE, MessageState.HOLD, MessageState.DEFERRED):
        fill(house, state)
    with_store(house, lambda store: accept(store, b"x" * 300_000))
    before = contents(house)
    folder = house / "out" / "mail"
    assert gatepost_queue(house, "export", str(folder)) == 0
    assert capsys.readouterr().out == f"4 messages exported to {folder}\n"
    assert len(list(folder.iterdir())) == 8
    assert {path.stat().st_mode & 0o077 for path in (folder, *folder.iterdir())} == {0}
    assert gatepost_queue(house, "import", str(folder)) == 0
    assert capsys.readouterr().out == f"0 messages imported from {folder}, 4 known already\n"
    delete_all(house)
    capsys.readouterr()
    assert gatepost_queue(house, "import", str(folder)) == 0
    assert capsys.readouterr().out == f"4 messages imported from {folder}\n"
    after = contents(house)
    assert bare(after) == bare(before)
    assert not {m.queue_id for m, _ in after} & {m.queue_id for m, _ in before}
    assert not list((house / "queue" / "gatepost").glob("import-*"))


def test_a_second_import_doubles_nothing_even_when_the_first_is_delivered(house: Path) -> None:
    fill(house)
    folder = house / "out"
    gatepost_queue(house, "export", str(folder))
    delete_all(house)
    gatepost_queue(house, "import", str(folder))
    delete_all(house)
    assert gatepost_queue(house, "import", str(folder)) == 0
    assert contents(house) == []


def test_what_was_imported_goes_out_under_its_first_name(house: Path) -> None:
    fill(house)
    first, second = house / "first", house / "second"
    gatepost_queue(house, "export", str(first))
    delete_all(house)
    gatepost_queue(house, "import", str(first))
    gatepost_queue(house, "export", str(second))
    origins = [
        json.loads(path.read_text("ascii"))["origin"] for path in (*first.glob("*.json"), *second.glob("*.json"))
    ]
    assert len(origins) == 2
    assert len(set(origins)) == 1


def test_a_message_of_another_slot_is_known(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(house, number=1)
    folder = house / "out"
    gatepost_queue(house, "export", str(folder))
    capsys.readouterr()
    assert gatepost_queue(house, "import", str(folder)) == 0
    assert capsys.readouterr().out == f"0 messages imported from {folder}, 1 known already\n"


def test_some_by_their_ids(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wanted, _ = fill(house), fill(house)
    folder = house / "out"
    assert gatepost_queue(house, "export", str(folder), wanted.queue_id, "NONE") == 1
    captured = capsys.readouterr()
    assert captured.out == f"1 message exported to {folder}\n"
    assert captured.err == "gatepost queue: NONE: not in the queue\n"
    assert {path.stem for path in folder.iterdir()} == {wanted.queue_id}


def test_a_queue_that_never_was_is_made(house: Path) -> None:
    fill(house)
    folder = house / "out"
    gatepost_queue(house, "export", str(folder))
    (house / "main.cf").write_text(f"queue_directory = {house}/other\nmyhostname = mx.example.com\n", "utf-8")
    assert gatepost_queue(house, "import", str(folder)) == 0
    assert list(Spool(house / "other").slots()) == [0]


def test_files_that_are_no_messages_are_named(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        fill(house)
    folder = house / "out"
    gatepost_queue(house, "export", str(folder))
    delete_all(house)
    first, second, third = sorted(folder.glob("*.json"))
    first.write_text("{", "ascii")
    second.with_suffix(".eml").write_bytes(b"another\r\n")
    third.with_suffix(".eml").unlink()
    capsys.readouterr()
    assert gatepost_queue(house, "import", str(folder)) == 1
    captured = capsys.readouterr()
    assert captured.out == f"0 messages imported from {folder}\n"
    lines = captured.err.splitlines()
    assert f"gatepost queue: {first}: it is no JSON" in lines[0]
    assert lines[1] == f"gatepost queue: {second}: the content is not what was exported: its SHA-256 differs"
    assert lines[2].startswith(f"gatepost queue: {third}: [Errno 2] No such file or directory")
    assert contents(house) == []


def test_a_server_that_runs(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = house / "out"

    async def use(store: EmbeddedStore) -> None:
        await accept(store)
        await accept(store, b"x" * 300_000)
        before = await everything(store)
        slot = Spool(house / "queue").slot(0)
        lines: list[str] = []
        administration = Administration(
            store, StoreActor(store, lambda: NOW), lambda event: lines.append(str(event)), slot.folder.parent
        )
        server = ControlServer(slot.control, administration)
        await server.start()
        assert await asyncio.to_thread(gatepost_queue, house, "export", str(folder)) == 0
        await store.erase([message.identity.number for message, _ in before])
        assert await asyncio.to_thread(gatepost_queue, house, "import", str(folder)) == 0
        assert bare(await everything(store)) == bare(before)
        assert len([line for line in lines if "Imported" in line]) == 2
        await server.close()

    with_store(house, use)
    assert "2 messages imported" in capsys.readouterr().out


def test_a_damaged_message_is_told_and_the_others_go_out(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(house)
    with_store(house, lambda store: accept(store, b"x" * 300_000))
    (body,) = (house / "queue" / "gatepost" / "slot-0" / "bodies").iterdir()
    body.write_bytes(b"y")
    assert gatepost_queue(house, "export", str(house / "out")) == 1
    captured = capsys.readouterr()
    assert captured.out.startswith("1 message exported")
    assert captured.err.startswith(f"gatepost queue: {body.name}: damaged, and not exported: body file has 1 bytes")


def test_what_was_delivered_meanwhile_leaves_nothing(tmp_path: Path) -> None:
    made = Export(tmp_path)
    made.take({"queue_id": "A1", "envelope": {}})
    made.take({"queue_id": "A1", "content": "eA=="})
    made.take({"queue_id": "A1", "done": "gone"})
    made.take({"queue_id": "A2", "envelope": {}})
    made.drop()
    assert list(tmp_path.iterdir()) == []
    assert made.count == 0


def test_an_import_from_nowhere(house: Path) -> None:
    with pytest.raises(FileNotFoundError):
        gatepost_queue(house, "import", str(house / "nowhere"))
    with pytest.raises(FileNotFoundError, match="is no Postfix queue directory"):
        gatepost_queue(house, "import", "--postfix", str(house))


def test_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(1, "imported") == "1 message imported"
    assert complain([]) == 0
    assert complain(["x"]) == 1
    assert capsys.readouterr().err == "gatepost queue: x\n"
