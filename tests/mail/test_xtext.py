"""The codings of DSN parameters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.mail.xtext import decode, decode_unicode, encode, encode_unicode

TEXTS = st.text(max_size=40)


@pytest.mark.parametrize(
    ("text", "coded"),
    [("abc", "abc"), ("a+b=c", "a+2Bb+3Dc"), ("a b", "a+20b"), ("kibüna", "kib+C3+BCna"), ("", ""), ("\udcff", "+FF")],
)
def test_xtext(text: str, coded: str) -> None:
    assert coded == encode(text)
    assert text == decode(coded)


@pytest.mark.parametrize("coded", ["a+", "a+2", "a+zz", "a+2b", "a=b", "a b", "ü"])
def test_what_is_no_xtext(coded: str) -> None:
    with pytest.raises(ValueError, match="not xtext"):
        decode(coded)


@given(TEXTS)
def test_xtext_comes_back(text: str) -> None:
    assert text == decode(encode(text))


@pytest.mark.parametrize(
    ("coded", "text"),
    [("joe@x", "joe@x"), ("jöe@x", "jöe@x"), (r"j\x{F6}e@x", "jöe@x"), (r"a\x{20}b", "a b")],
)
def test_unicode_addresses(coded: str, text: str) -> None:
    assert text == decode_unicode(coded)


@pytest.mark.parametrize("coded", [r"a\b", "a b", r"\x{D800}", r"\x{110000}", r"\x{0}", r"\x{zz}"])
def test_what_is_no_unicode_address(coded: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        decode_unicode(coded)


@given(TEXTS.filter(lambda text: "\0" not in text))
def test_unicode_addresses_come_back(text: str) -> None:
    assert text == decode_unicode(encode_unicode(text))
