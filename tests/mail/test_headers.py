"""Finding headers in content that comes in pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.mail.headers import NAME_LIMIT, Header, HeaderScanner


def scanned(text: str, limit: int = 1000, cut: int = 0) -> tuple[list[tuple[str, str]], str]:
    """The headers, and what is behind them, of content whose lines end in LF here; fed in pieces of `cut` bytes."""
    content = text.replace("\n", "\r\n").encode()
    scanner = HeaderScanner(limit)
    found: list[Header] = []
    at = 0
    while at < len(content) and not scanner.ended:
        piece = content[at : at + (cut or len(content))]
        found += scanner.feed(piece)
        at += len(piece)
    if not scanner.ended:
        found += scanner.close()
    rest = scanner.take_rest() + content[at:]
    return [(h.name, h.value.decode().replace("\r\n", "\n")) for h in found], rest.decode().replace("\r\n", "\n")


CASES = [
    ("Subject: a\nTo: b\n\nbody\n", [("Subject", " a"), ("To", " b")], "\nbody\n"),
    ("Subject: a\n folded\n\tagain\n\n", [("Subject", " a\n folded\n\tagain")], "\n"),
    ("Subject: a\n \n b\n\nx\n", [("Subject", " a\n \n b")], "\nx\n"),
    ("Subject : a\n\n", [("Subject", " a")], "\n"),
    ("Subject:a\n\n", [("Subject", "a")], "\n"),
    ("\nbody\n", [], "\nbody\n"),
    ("not a header\n\nx\n", [], "\nnot a header\n\nx\n"),
    ("Subject: x\nnot header\nTo: y\n", [("Subject", " x")], "\nnot header\nTo: y\n"),
    ("Subject: x\n:novalue\n", [("Subject", " x")], "\n:novalue\n"),
    ("X Y: z\n", [], "\nX Y: z\n"),
    (" leading\nSubject: a\n", [], "\n leading\nSubject: a\n"),
    ("\tlead\n", [], "\n\tlead\n"),
    ("From x@y Mon\nSubject: a\n\n", [("X-Mailbox-Line", " From x@y Mon"), ("Subject", " a")], "\n"),
    ("From a\n>>From b\n> From c\n", [("X-Mailbox-Line", " From a"), ("X-Mailbox-Line", " >>From b")], "\n> From c\n"),
    ("Subject: a\nFrom b\n", [("Subject", " a")], "\nFrom b\n"),
    ("-Dash: x\nA@B: y\n(x): z\n\n", [("-Dash", " x"), ("A@B", " y"), ("(x)", " z")], "\n"),
    ("Subject: x\n", [("Subject", " x")], ""),
    ("Subject: x", [("Subject", " x")], ""),
    ("no colon", [], "\nno colon\n"),
    ("", [], ""),
    ("Subject: a\0b\n c\0d\nTo: \0\nX\0: y\n", [("Subject", " a\n c"), ("To", " ")], "\nX\0: y\n"),
]


@pytest.mark.parametrize("cut", [0, 1, 2, 7])
@pytest.mark.parametrize(("text", "headers", "rest"), CASES)
def test_sections(text: str, headers: list[tuple[str, str]], rest: str, cut: int) -> None:
    assert (headers, rest) == scanned(text, cut=cut)


@pytest.mark.parametrize("name", ["A\x01B", "Aé", "", " A", "A B"])
def test_what_is_no_header_name(name: str) -> None:
    assert scanned(f"{name}: y\n")[0] == []


@pytest.mark.parametrize("cut", [0, 1, 50])
def test_a_header_is_kept_up_to_the_limit(cut: int) -> None:
    text = "X: " + "h" * 200 + "\n " + "i" * 200 + "\n " + "j" * 50 + "\nTo: joe\n\nx\n"
    headers, rest = scanned(text, limit=300, cut=cut)
    assert headers == [("X", " " + "h" * 200 + "\n " + "i" * 95), ("To", " joe")]
    assert rest == "\nx\n"


def test_a_long_line_without_colon_is_text_and_stays_whole() -> None:
    line = "x" * (3 * NAME_LIMIT)
    assert scanned(f"{line}: y\n", cut=100) == ([], f"\n{line}: y\n")


def test_memory_is_bounded() -> None:
    scanner = HeaderScanner(1000)
    assert list(scanner.feed(b"X: ")) == []
    for _ in range(100):
        assert list(scanner.feed(b"x" * 10_000)) == []
    assert len(scanner._header) + len(scanner._pending) <= 1000


def test_many_headers_take_time_in_proportion() -> None:
    assert len(scanned("a:\n" * 200_000)[0]) == 200_000


@given(st.text(alphabet="aA: \t\n>Frm\x01é", max_size=60), st.integers(1, 5))
def test_where_the_content_is_cut_does_not_matter(text: str, cut: int) -> None:
    assert scanned(text) == scanned(text, cut=cut)


@given(st.text(alphabet="aA: \t\n", max_size=60))
def test_nothing_is_lost(text: str) -> None:
    headers, rest = scanned(text + "\n", limit=10_000)
    again = "".join(f"{name}:{value}\n" for name, value in headers) + rest
    assert text.replace(" ", "").replace("\t", "").split() == again.replace(" ", "").replace("\t", "").split()


def test_header_values() -> None:
    header = Header("Subject", b" a\r\n b")
    assert header.render() == b"Subject: a\r\n b\r\n"
    assert header.key == "subject"
    assert header.text == "a\r\n b"
    assert Header("X", b"\r\n \xff").text == "\udcff"


@given(
    st.lists(
        st.sampled_from([b"A: b\r\n", b"B\t:\r\n", b" c\r\n", b"\t\r\n", b"From x\r\n", b"d\r\n", b"\0", b"\r"]),
        max_size=9,
    ),
    st.integers(1, 8),
    st.integers(3, 40),
)
def test_headers_that_come_whole_are_those_that_come_in_pieces(parts: list[bytes], cut: int, limit: int) -> None:
    content = b"".join(parts)
    whole, pieces = HeaderScanner(limit), HeaderScanner(limit)
    expected = [*whole.feed(content), *(() if whole.ended else whole.close())]
    found: list[Header] = []
    for at in range(0, len(content), cut):
        if not pieces.ended:
            found += pieces.feed(content[at : at + cut])
    found += () if pieces.ended else pieces.close()
    assert expected == found
