"""Dot-stuffing, folding, and what never leaves us."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.smtp.client_content import DOT, ContentWriter


def write(*pieces: bytes, limit: int = 998) -> bytes:
    writer = ContentWriter(limit)
    return b"".join(map(writer.feed, pieces)) + writer.end() + DOT


@pytest.mark.parametrize(
    ("content", "sent"),
    [
        (b"", b".\r\n"),
        (b"a\r\n", b"a\r\n.\r\n"),
        (b"a", b"a\r\n.\r\n"),
        (b".\r\n..a\r\nb.\r\n", b"..\r\n...a\r\nb.\r\n.\r\n"),
        (b"a\nb\rc\r\n", b"a b c\r\n.\r\n"),
        (b"\r\n.\n.\r\n", b"\r\n.. .\r\n.\r\n"),
    ],
)
def test_content(content: bytes, sent: bytes) -> None:
    assert sent == write(content)


def test_long_lines_are_folded_as_postfix_does() -> None:
    line = b"x" * 990 + b"abcdefghijk" + b"y" * 1500
    lines = write(line + b"\r\n").split(b"\r\n")
    assert [998, 998, 507] == [len(part) for part in lines[:3]]
    assert [b" ijk", b" yyy"] == [part[:4] for part in lines[1:3]]


def test_without_a_limit_nothing_is_folded() -> None:
    assert write(b"x" * 5000 + b"\r\n", limit=0) == b"x" * 5000 + b"\r\n.\r\n"


def test_a_line_without_end_is_not_kept_in_memory() -> None:
    writer = ContentWriter(998)
    for _ in range(10):
        assert writer.feed(b"x" * 65536)
    assert len(writer._rest) <= 2 * 998
    assert writer.folded


@given(
    st.lists(st.sampled_from([b"\r\n", b".", b"\r", b"\n", b"a", b"b" * 30]), max_size=60).map(b"".join),
    st.integers(1, 7),
)
def test_only_the_last_line_is_a_dot_and_cutting_does_not_matter(content: bytes, size: int) -> None:
    sent = write(content, limit=20)
    assert sent == write(*(content[at : at + size] for at in range(0, len(content), size)), limit=20)
    assert sent.endswith(b".\r\n")
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", sent)
    lines = sent.removesuffix(b".\r\n").split(b"\r\n")[:-1]
    assert b"." not in lines
    assert all(len(line) <= 21 for line in lines)


@given(st.lists(st.binary(max_size=30).map(lambda line: re.sub(rb"[\r\n]", b"", line)), max_size=20))
def test_unstuffing_gives_the_content_back(lines: list[bytes]) -> None:
    content = b"".join(line + b"\r\n" for line in lines)
    sent = write(content)
    back = re.sub(rb"(?m)^\.", b"", sent.removesuffix(b".\r\n"))
    assert content == back


@given(st.lists(st.integers(0, 12), max_size=40), st.integers(2, 12))
def test_content_is_folded_where_a_line_is_longer_than_the_limit_and_nowhere_else(
    lengths: list[int], limit: int
) -> None:
    writer = ContentWriter(limit)
    sent = writer.feed(b"".join(b"x" * length + b"\r\n" for length in lengths)) + writer.end()
    assert writer.folded is (max(lengths, default=0) > limit)
    assert max(map(len, sent.split(b"\r\n"))) <= limit
    assert b"".join(sent.split()) == b"x" * sum(lengths)


def test_the_smallest_limit_comes_to_an_end() -> None:
    writers = ContentWriter(1), ContentWriter(2)
    one, two = (writer.feed(b"abc\r\nabcdefgh") + writer.end() for writer in writers)
    assert one == two
