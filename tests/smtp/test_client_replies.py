"""Reading replies of other servers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.smtp.client_replies import LINE_LIMIT, REPLY_LIMIT, RemoteReply, ReplyReader, ReplyTooLong


def read(data: bytes) -> RemoteReply | None:
    reader = ReplyReader()
    reader.receive(data)
    return reader.next_reply()


@pytest.mark.parametrize(
    ("data", "code", "dsn", "text"),
    [
        (b"250 ok\r\n", 250, "2.0.0", "250 ok"),
        (b"250\r\n", 250, "2.0.0", "250"),
        (b"250 ok\n", 250, "2.0.0", "250 ok"),
        (b"550 5.1.1 no\r\n", 550, "5.1.1", "550 5.1.1 no"),
        (b"550 4.1.1 \x07mixed\r\n", 550, "5.0.0", "550 4.1.1 ?mixed"),
        (b"550-5.1.1 one\r\n550 5.1.2 two\r\n", 550, "5.1.2", "550-5.1.1 one 550 5.1.2 two"),
        (b"354 odd\r\n", 354, "5.5.0", "354 odd"),
        (b"450 \xff\xc3\xbc\r\n", 450, "4.0.0", "450 ?ü"),
        (b"250-x\r\njunk\r\n2505 y\r\n250 z\r\n", 250, "2.0.0", "250-x junk 2505 y 250 z"),
    ],
)
def test_replies(data: bytes, code: int, dsn: str, text: str) -> None:
    reply = read(data)
    assert reply is not None
    assert (code, dsn, text) == (reply.code, reply.dsn, reply.text)


def test_the_lines_of_a_reply_come_without_codes() -> None:
    reply = read(b"250-a b\r\n250-C\r\n250\r\n")
    assert reply is not None
    assert reply.lines == ("a b", "C", "")


@pytest.mark.parametrize("data", [b"", b"250", b"250 ok", b"250-x\r\n", b"junk\r\n"])
def test_what_is_not_complete_is_waited_for(data: bytes) -> None:
    assert read(data) is None


def test_junk_is_kept_for_the_log() -> None:
    reader = ReplyReader()
    reader.receive(b"hello\r\n")
    assert reader.next_reply() is None
    assert reader.junk == ["hello"]
    assert not reader.is_empty


@pytest.mark.parametrize("data", [b"x" * (REPLY_LIMIT + 1), b"250-x\r\n" * REPLY_LIMIT, b"junk\r\n" * REPLY_LIMIT])
def test_no_reply_goes_on_for_ever(data: bytes) -> None:
    with pytest.raises(ReplyTooLong):
        read(data)


def test_of_a_long_reply_only_the_beginning_is_kept() -> None:
    reply = read(b"250-" + b"x" * 3000 + b"\r\n250 y\r\n")
    assert reply is not None
    assert len(reply.text) == LINE_LIMIT


@given(st.binary(max_size=200), st.integers(1, 20))
def test_cutting_does_not_matter(data: bytes, size: int) -> None:
    def replies(pieces: list[bytes]) -> list[RemoteReply]:
        reader, found = ReplyReader(), []
        for piece in pieces:
            reader.receive(piece)
            while (reply := reader.next_reply()) is not None:
                found.append(reply)
        return found

    assert replies([data]) == replies([data[at : at + size] for at in range(0, len(data), size)])
