"""Texts that know their places, and words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.config.findings import Place
from gatepost.config.source import SourceText, Span, Word, split_words

TEXT = SourceText(
    (
        Span("abc", Place("f", 1, 5, "x = abc")),
        Span("de", Place("f", 2, 3, "  de")),
        Span("!"),
    )
)


def test_a_text_reads_as_one() -> None:
    assert "abcde!" == str(TEXT)


@pytest.mark.parametrize(
    ("offset", "place"),
    [(0, "f:1:5"), (2, "f:1:7"), (3, "f:2:3"), (4, "f:2:4"), (5, "None"), (6, "None")],
)
def test_each_character_has_its_place(offset: int, place: str) -> None:
    assert place == str(TEXT.place(offset))


def test_past_the_end_is_behind_the_last_character() -> None:
    assert "f:1:8" == str(SourceText.of("abc", Place("f", 1, 5, "")).place(3))
    assert SourceText().place() is None


def test_a_cut_keeps_places() -> None:
    part = TEXT.cut(2, 5)
    assert ("cde", "f:1:7", "f:2:4") == (str(part), str(part.place()), str(part.place(2)))


def test_strip_takes_blanks_from_the_ends() -> None:
    stripped = SourceText.of("  a b ", Place("f", 1, 1, "")).strip()
    assert ("a b", "f:1:3") == (str(stripped), str(stripped.place()))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" , ", []),
        ("a b,c\td\n e", ["a", "b", "c", "d", "e"]),
        ("{a b}, c", ["{a b}", "c"]),
        ("inline:{a=b, {c = d e}} f", ["inline:{a=b, {c = d e}}", "f"]),
        ("{a b", ["{a b"]),
        ("a} b", ["a}", "b"]),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert words == [word.text for word in split_words(SourceText.of(text))]


def test_a_word_knows_its_place() -> None:
    words = split_words(SourceText.of("ab, {c d}", Place("f", 1, 10, "")))
    assert ["f:1:10", "f:1:14"] == [str(word.place) for word in words]
    assert ["f:1:15", "f:1:17"] == [str(word.place) for word in words[1].words()]


@pytest.mark.parametrize(
    ("text", "grouped", "inside", "words"),
    [
        ("{ a b }", True, "a b", ["a", "b"]),
        ("{}", True, "", []),
        ("a", False, "a", ["a"]),
        ("{a}{b}", False, "{a}{b}", ["{a}{b}"]),
    ],
)
def test_groups(text: str, grouped: bool, inside: str, words: list[str]) -> None:
    word = Word(text)
    assert (grouped, inside) == (word.grouped, str(word.inside()))
    assert words == [one.text for one in word.words()]


@given(st.lists(st.text(alphabet="abc:/", min_size=1), max_size=5))
def test_joined_words_split_again(words: list[str]) -> None:
    assert words == [word.text for word in split_words(SourceText.of(", ".join(words)))]
