"""Tokens of addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.mail.words import Kind, is_dot_string, quoted, scan

TEXTS = st.text(st.characters(exclude_categories=()), max_size=40)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("joe@b.c", ["joe", "@", "b", ".", "c"]),
        ('"a b" @ c', ["a b", "@", "c"]),
        (r'"a\"b"', ['a"b']),
        ("joe (a (nested) one) x", ["joe", "(a (nested) one)", "x"]),
        (r"a\@b", ["a@b"]),
        ("joe@[1.2.3.4]", ["joe", "@", "[1.2.3.4]"]),
        ("a%b!c|d", ["a", "%", "b", "!", "c", "|", "d"]),
        ('"open', ["open"]),
        ("(open", ["(open"]),
        ("[open", ["[open]"]),
        ("a)b]", ["a)b]"]),
        ("end\\", ["end\\"]),
        ("", []),
    ],
)
def test_scan(text: str, tokens: list[str]) -> None:
    assert tokens == [token.text for token in scan(text)]


def test_a_quoted_word_is_told_from_an_atom() -> None:
    assert [Kind.QUOTED, Kind.ATOM] == [token.kind for token in scan('"a" a')]


@pytest.mark.parametrize("text", ["joe", "joe.doe", "a+b", "jöe", "|cmd", "/file", "-x", "a!b%c", "o'neil"])
def test_words_that_need_no_quotes(text: str) -> None:
    assert is_dot_string(text)


@pytest.mark.parametrize("text", ["", ".", ".a", "a.", "a..b", "a b", "a@b", "a,b", 'a"b', "a\\b", "a\x01b", "a\x7f"])
def test_words_that_need_quotes(text: str) -> None:
    assert not is_dot_string(text)


@given(TEXTS)
def test_every_text_gives_tokens_that_hold_all_but_its_blanks(text: str) -> None:
    sources = "".join(token.source for token in scan(text))
    assert [char for char in text if char not in " \t\r\n"] == [char for char in sources if char not in " \t\r\n"]


@given(TEXTS.filter(lambda text: "\r" not in text and "\n" not in text))
def test_quoting_is_undone_by_scanning(text: str) -> None:
    assert [text] == [token.text for token in scan(quoted(text))]
