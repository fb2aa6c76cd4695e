"""Lines and content: what ends them, what is dropped, and that cutting changes nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.smtp.lines import FRAGMENT, ChunkReader, ContentReader, Input, Line, canonical

HOSTILE = st.lists(
    st.sampled_from([b"\r\n", b"\n", b"\r", b".", b"..", b"a", b"\0", b"\r\n.\r\n", b"\n.\n", b"x" * FRAGMENT]),
    max_size=30,
).map(b"".join)
CUTS = st.lists(st.integers(1, 50), max_size=20)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """The data cut into pieces of these lengths, and the rest."""
    found = []
    for cut in cuts:
        found.append(data[:cut])
        data = data[cut:]
    return [*found, data]


def read_content(parts: list[bytes], *, strict: bool) -> tuple[bytes, bytes | None]:
    """Content and what follows its end; None for the latter where it does not end."""
    source, reader, content = Input(), ContentReader(strict=strict), b""
    for part in parts:
        source.feed(part)
        while taken := reader.read(source):
            content += taken
    return content, bytes(source.data) if reader.ended else None


# Lines


@pytest.mark.parametrize(
    ("data", "expected", "rest"),
    [
        (b"NOOP\r\nQUIT", Line(b"NOOP"), b"QUIT"),
        (b"NOOP\n", Line(b"NOOP", bare=True), b""),
        (b"NOOP\r\r\n", Line(b"NOOP"), b""),
        (b"NO\rOP\r\n", Line(b"NO\rOP"), b""),
        (b"\n", Line(b"", bare=True), b""),
        (b"NOOP\r", None, b"NOOP\r"),
        (b"12345678\r\nx", Line(b"12345678"), b"x"),
        (b"123456789\r\nx", Line(b"123456789\r"[:10], overlong=True), b"x"),
        (b"1234567890abcdef\nx", Line(b"1234567890", bare=True, overlong=True), b"x"),
    ],
)
def test_a_line_ends_in_lf_and_has_a_limit(data: bytes, expected: Line | None, rest: bytes) -> None:
    for size in (1, 3, len(data)):
        source = Input()
        line = None
        for start in range(0, len(data), size):
            source.feed(data[start : start + size])
            line = line or source.line(10)
        assert expected == line
        assert rest == bytes(source.data)


def test_a_line_without_end_is_not_kept() -> None:
    source = Input()
    for _ in range(100):
        source.feed(b"x" * 1000)
        assert source.line(2048) is None
    assert len(source) <= 2048
    source.feed(b"\r\n")
    assert Line(b"x" * 2048, overlong=True) == source.line(2048)


@given(st.binary(max_size=200), CUTS, st.integers(1, 40))
def test_cutting_does_not_change_lines(data: bytes, cuts: list[int], limit: int) -> None:
    def lines(parts: list[bytes]) -> list[Line]:
        source, found = Input(), []
        for part in parts:
            source.feed(part)
            while line := source.line(limit):
                found.append(line)
        return found

    assert lines([data]) == lines(pieces(data, cuts))


# Content

STRICT = [
    (b"Subject: x\r\n\r\nbody\r\n.\r\nQUIT", b"Subject: x\r\n\r\nbody\r\n", b"QUIT"),
    (b".\r\n", b"", b""),
    (b"..\r\n.x\r\n...\r\n.\r\n", b".\r\nx\r\n..\r\n", b""),
    (b"a\r\n.\r\r\nb\r\n.\r\n", b"a\r\n \r\nb\r\n", b""),
    (b"a\r\r\n.\r\n", b"a \r\n", b""),
    (b"a\rb\r\n\0.\r\n.\r\n", b"a b\r\n\0.\r\n", b""),
]
"""Content that ends in CRLF.CRLF, as it is stored, and what follows it."""

SMUGGLED = [
    b"\n.\n",
    b"\n.\r\n",
    b"\r\n.\n",
    b"\r.\r",
    b"\r.\r\n",
    b"\r\n.\r\r\n",
    b"\r\n\0.\r\n",
    b"\r\n.\0\r\n",
    b"\r\n.\r",
]
"""Every published way to make one server end a message where another does not."""


@pytest.mark.parametrize(("data", "content", "rest"), STRICT)
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_content_strictly(data: bytes, content: bytes, rest: bytes, size: int) -> None:
    parts = [data[start : start + size] for start in range(0, len(data), size)]
    found, left = read_content(parts, strict=True)
    assert content == found
    assert left is not None
    assert rest.startswith(left)


@pytest.mark.parametrize("end", SMUGGLED)
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_only_crlf_dot_crlf_ends_a_message(end: bytes, size: int) -> None:
    """What is smuggled stays content, and no lone dot is left in it for the next server to trip over."""
    data = (
        b"Subject: x\r\n\r\nfirst" + end + b"MAIL FROM:<evil@example.org>\r\nRCPT TO:<x@example.net>\r\n.\r\nNOOP\r\n"
    )
    parts = [data[start : start + size] for start in range(0, len(data), size)]
    content, left = read_content(parts, strict=True)
    assert b"MAIL FROM:<evil@example.org>" in content
    assert left is not None
    assert b"NOOP\r\n".startswith(left) or left == b"NOOP\r\n"
    assert b"\r\n.\r\n" not in content
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", content)


@pytest.mark.parametrize(
    ("data", "content", "rest"),
    [
        (b"a\n.\nQUIT", b"a\r\n", b"QUIT"),
        (b"a\r\n.\r\r\nQUIT", b"a\r\n", b"QUIT"),
        (b"a\r\r\n.\r\n", b"a\r\n", b""),
        (b".\n", b"", b""),
        (b"a\n..\n.b\n.\n", b"a\r\n.\r\nb\r\n", b""),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_content_leniently(data: bytes, content: bytes, rest: bytes, size: int) -> None:
    """`smtpd_forbid_bare_newline = no`: as Postfix did before 3.9."""
    parts = [data[start : start + size] for start in range(0, len(data), size)]
    found, left = read_content(parts, strict=False)
    assert content == found
    assert left is not None
    assert rest.startswith(left)


def test_a_lone_dot_beside_a_bare_newline_is_dropped() -> None:
    data = b"first\n..\nse\n.x\r\n..y\r\n.\n\n.\r\n.\r\n"
    assert (b"first\r\n.\r\nse\r\nx\r\n.y\r\n\r\n", b"") == read_content([data], strict=True)


def test_bare_newlines_are_noticed() -> None:
    source, reader = Input(), ContentReader(strict=True)
    source.feed(b"a\r\nb\r\n")
    reader.read(source)
    assert not reader.bare_newline
    source.feed(b"c\nd\r\n")
    reader.read(source)
    assert reader.bare_newline


def test_long_lines_pass_in_pieces() -> None:
    source, reader = Input(), ContentReader(strict=True)
    source.feed(b"." + b"x" * 3 * FRAGMENT + b"\r")
    assert b"x" * 3 * FRAGMENT == reader.read(source)
    assert len(source) == 1
    source.feed(b"\n.\r\n")
    assert b"\r\n" == reader.read(source)
    assert reader.ended


def test_stray_cr_stays_where_it_is_told_to() -> None:
    source, reader = Input(), ContentReader(strict=True, replace_stray_cr=False)
    source.feed(b"a\rb\n.\r\n")
    assert b"a\rb\r\n" == reader.read(source)


@given(HOSTILE, CUTS, st.booleans())
def test_cutting_does_not_change_content(data: bytes, cuts: list[int], strict: bool) -> None:
    data += b"\r\n.\r\n"  # a line that has not ended may be held back, or not
    assert read_content([data], strict=strict) == read_content(pieces(data, cuts), strict=strict)


@given(HOSTILE)
def test_strict_content_is_canonical(data: bytes) -> None:
    content, _ = read_content([data, b"\r\n.\r\n"], strict=True)
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", content)


# Chunks


def read_chunks(chunks: list[bytes], *, strict: bool, cut: int = 1000) -> bytes:
    reader, content = ChunkReader(strict=strict), b""
    for chunk in chunks:
        source = Input()
        reader.left = len(chunk)
        for start in range(0, len(chunk), cut):
            source.feed(chunk[start : start + cut])
            content += reader.read(source)
        assert reader.left == 0
    return content + reader.finish()


@pytest.mark.parametrize("cut", [1, 2, 1000])
@pytest.mark.parametrize(
    ("chunks", "content"),
    [
        ([b"Subject: x\r\n\r\nbody\r\n"], b"Subject: x\r\n\r\nbody\r\n"),
        ([b"Subject: x\n\n.\n", b".dot"], b"Subject: x\r\n\r\n.\r\n.dot\r\n"),
        ([b"Subject: x\r\n\r", b"\nbody\n"], b"Subject: x\r\n\r\nbody\r\n"),
        ([b"Subject: x\r\n\r"], b"Subject: x\r\n \r\n"),
        ([b"no line end"], b"no line end\r\n"),
        ([], b""),
    ],
)
def test_chunks(chunks: list[bytes], content: bytes, cut: int) -> None:
    assert content == read_chunks(chunks, strict=True, cut=cut)


def test_a_chunk_ends_where_it_says() -> None:
    source, reader = Input(), ChunkReader(strict=True)
    source.feed(b"abc\r\nNOOP\r\n")
    reader.left = 5
    assert b"abc\r\n" == reader.read(source)
    assert b"NOOP\r\n" == source.peek(100)


@given(HOSTILE, st.integers(1, 30))
def test_cutting_does_not_change_chunks(data: bytes, cut: int) -> None:
    assert read_chunks([data], strict=True) == read_chunks([data], strict=True, cut=cut)
    parts = [data[start : start + cut] for start in range(0, len(data), cut)]
    assert read_chunks([data], strict=True) == read_chunks(parts, strict=True)


def test_canonical_leaves_good_blocks_alone() -> None:
    block = b"a\r\nb\r\n"
    assert block is canonical(block, strict=True, replace_stray_cr=True)
