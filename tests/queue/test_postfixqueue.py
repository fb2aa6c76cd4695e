"""Postfix's queue files, built record by record. tests/peers has real ones."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gatepost.mail.delivery import Result, Status
from gatepost.mail.envelope import Notify, Origin, Recipient, Ret
from gatepost.queue.exchange import NotReadable, load, read_envelope, take_in
from gatepost.queue.postfixqueue import convert, converted
from gatepost.queue.record import Identity, MessageState, Row, StoredMessage
from tests.fakes.store import FakeStore
from tests.queue.contract import read


def record(letter: str, data: bytes | str = b"") -> bytes:
    content = data.encode() if isinstance(data, str) else data
    length, size = len(content), b""
    while length > 0x7F:
        size += bytes([length & 0x7F | 0x80])
        length >>= 7
    return letter.encode() + size + bytes([length]) + content


HEAD = record("C", f"{300:15} {600:15} {1:15} {0:15} {300:15} {1:15}") + record("T", "1700000000 250000")
CLIENT = b"".join(
    record("A", text)
    for text in (
        "log_ident=A1",
        "envelope_id=abc+d",
        "ret_flags=2",
        "encoding=8bit",
        "log_client_name=c",
        "log_client_address=192.0.2.1",
        "log_client_port=12",
        "log_message_origin=c[192.0.2.1]",
        "log_helo_name=h",
        "log_protocol_name=ESMTP",
        "sasl_method=PLAIN",
        "sasl_username=joe",
    )
)
BOTH = (
    record("A", "dsn_orig_rcpt=rfc822;x@d.example")
    + record("A", "notify_flags=10")
    + record("O", "list@d.example")
    + record("R", "a@d.example")
    + record("O", "done@d.example")
    + record("D", "done@d.example")
    + record("R", b"b\xe9@d.example")
)
CONTENT = (
    record("M")
    + record("N", "Subject: x")
    + record("N")
    + record("L", "y" * 2048)
    + record("N", "z")
    + record("N", ".dot")
    + record("X")
)
END = record("E")
BYTES = b"Subject: x\r\n\r\n" + b"y" * 2048 + b"z\r\n.dot\r\n"


def queue_file(folder: Path, content: bytes, place: str = "deferred/A", name: str = "A1", mode: int = 0o700) -> Path:
    path = folder / place / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)
    return path


def taken(folder: Path, path: Path, state: MessageState, reasons: Path | None = None) -> tuple[StoredMessage, bytes]:
    async def use() -> tuple[StoredMessage, bytes]:
        message = await take_in(convert(path, state, folder, reasons), FakeStore(), 5.0)
        assert message is not None
        return message, await read(message)

    return asyncio.run(use())


def test_everything_a_queue_file_says(tmp_path: Path) -> None:
    before = len(HEAD + CLIENT + record("S", "joe@client.example"))
    offset = before + BOTH.index(b"R\x0ba@d")
    said = f"\n<a@d.example>: no\nrecipient=a@d.example\noffset={offset}\nstatus=4.4.1\nreason=no way\n\n"
    reasons = queue_file(tmp_path, said.encode(), "defer/A")
    whole = HEAD + CLIENT + record("S", "joe@client.example") + BOTH + CONTENT
    path = queue_file(tmp_path, whole + record("L", "smtp:[192.0.2.9]") + record(">", "other@d.example") + END)
    message, content = taken(tmp_path, path, MessageState.DEFERRED, reasons)
    assert content == BYTES
    assert message.rows == (
        Row(
            1,
            Recipient("a@d.example", "list@d.example", Notify.SUCCESS | Notify.DELAY, "rfc822;x@d.example"),
            result=Result(1, Status.DEFERRED, "4.4.1", "no way"),
        ),
        Row(2, Recipient("b\udce9@d.example", "b\udce9@d.example")),
    )
    envelope = message.envelope
    assert (envelope.sender, envelope.ret, envelope.envid) == ("joe@client.example", Ret.HDRS, "abc+d")
    assert (envelope.body_8bit, envelope.smtputf8) == (True, True)
    assert envelope.origin == Origin("c[192.0.2.1]", "c", "192.0.2.1", "12", "h", "ESMTP", "PLAIN", "joe")
    assert (message.arrived, message.state, message.attempts) == (1_700_000_000.25, MessageState.DEFERRED, 1)
    assert message.due == path.stat().st_mtime
    assert (message.reason, message.route, message.redirect) == ("no way", "smtp:[192.0.2.9]", "other@d.example")


def test_local_mail_without_an_end_of_line(tmp_path: Path) -> None:
    text = record("M") + record("N") + record("L", "more") + record("X")
    path = queue_file(tmp_path, HEAD + record("S") + record("R", "a@d.example") + text + END)
    message, content = taken(tmp_path, path, MessageState.HOLD)
    assert content == b"\r\nmore"
    assert (message.envelope.sender, message.envelope.origin) == ("", Origin(is_local=True))
    assert (message.state, message.due, message.attempts) == (MessageState.HOLD, 0.0, 0)


def test_pointers_are_followed(tmp_path: Path) -> None:
    begin = HEAD + record("S") + record("R", "a@d.example") + record("M") + record("N", "X: old")
    skip = record("p", f"{0:15}")
    old = record("N", "Y: replaced")
    rest = record("N") + record("X") + END
    back = len(begin) + len(skip) + len(old)
    new = record("N", "Y: new") + record("p", f"{back:15}")
    at = back + len(rest)
    path = queue_file(tmp_path, begin + record("p", f"{at:15}") + old + rest + new)
    assert taken(tmp_path, path, MessageState.ACTIVE)[1] == b"X: old\r\nY: new\r\n\r\n"
    path.write_bytes(begin + skip + old + rest)
    assert taken(tmp_path, path, MessageState.ACTIVE)[1] == b"X: old\r\nY: replaced\r\n\r\n"


START = HEAD + record("S") + record("R", "a@d.example")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "this is no Postfix queue file"),
        (b"hello, world", "the file ends in the middle of a record"),
        (START + CONTENT, "this is no Postfix queue file, or it has no end"),
        (START + CONTENT[:-3], "the file ends in the middle|or it has no end"),
        (START + END, "it is not complete"),
        (HEAD + record("R", "a@d.example") + CONTENT + END, "it is not complete"),
        (HEAD + record("S") + record("D", "a@d.example") + CONTENT + END, "all of its recipients are done"),
        (START + record("p", f"{0:15}x"), "a number was expected"),
        (START + record("p", f"{len(START):15}"), "round in circles"),
        (START + b"A\xff\xff\xff\xff\xff\xff\xff\xff\xff", "this is no Postfix queue file"),
        (record("T", "noon"), "a number was expected"),
    ],
)
def test_what_is_no_message(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(NotReadable, match=says):
        convert(queue_file(tmp_path, content), MessageState.ACTIVE, tmp_path)


def test_a_queue_directory(tmp_path: Path) -> None:
    queue, folder = tmp_path / "queue", tmp_path / "pairs"
    folder.mkdir()
    good = START + CONTENT + END
    for place in ("incoming", "active", "deferred/1/2", "hold"):
        queue_file(queue, good, place, f"{place[:1]}1")
    queue_file(queue, good, "incoming", "half", 0o600)
    queue_file(queue, b"no", "active", "bad")
    queue_file(queue, good, "maildrop", "new")
    queue_file(queue, good, "corrupt", "old")
    problems: list[str] = []
    made = {pair.name: load(pair)["state"] for pair in converted(queue, folder, problems.append)}
    assert made == {"i1": "active", "a1": "active", "d1": "deferred", "h1": "hold"}
    assert [problem.removeprefix(f"{queue}/").partition(":")[0] for problem in problems] == [
        "maildrop/new",
        "incoming/half",
        "active/bad",
    ]


def test_the_origin_is_the_queue_id_and_the_time(tmp_path: Path) -> None:
    pair = convert(queue_file(tmp_path, START + CONTENT + END), MessageState.ACTIVE, tmp_path)
    given = load(pair)
    given.pop("sha256")
    assert read_envelope(given, Identity(1, "B1"))[1] == "A1/1700000000250000"
