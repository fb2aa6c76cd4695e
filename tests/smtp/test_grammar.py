"""The words of command lines, as Postfix cuts them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.smtp.grammar import Word, looks_like_header, parameter, split_keyword, words

BROKEN = True


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", []),
        (" \t ", []),
        ("\tNOOP ", ["NOOP"]),
        ("NOOP\0QUIT", ["NOOP"]),
        ("MAIL FROM:<a@b.example>", ["MAIL", "FROM:", "<a@b.example>"]),
        ("MAIL FROM: <a@b.example> SIZE=1", ["MAIL", "FROM:", "<a@b.example>", "SIZE=1"]),
        ("MAIL FROM :<a@b.example>", ["MAIL", "FROM", ":<a@b.example>"]),
        ("MAIL FROM:a:b@c.example", ["MAIL", "FROM:", "a:b@c.example"]),
        ("MAIL FROM:<a b@b.example>", ["MAIL", "FROM:", "<a b@b.example>"]),
        ('MAIL FROM:<"a>b"@b.example>', ["MAIL", "FROM:", '<"a>b"@b.example>']),
        ('MAIL FROM:"a b"@b.example', ["MAIL", "FROM:", '"a b"@b.example']),
        (r"MAIL FROM:<a\>@b.example>", ["MAIL", "FROM:", r"<a\>@b.example>"]),
        ("MAIL FROM:<<a@b.example>>", ["MAIL", "FROM:", "<<a@b.example>>"]),
        ("MAIL FROM:a@b.example>", ["MAIL", "FROM:", "a@b.example>"]),
        ('MAIL FROM:<a@b.example> "SIZE=10"', ["MAIL", "FROM:", "<a@b.example>", '"SIZE=10"']),
        ("MAIL FROM", ["MAIL", "FROM"]),
        ("MAIL FROM:", ["MAIL", "FROM:"]),
    ],
)
def test_words(line: str, expected: list[str]) -> None:
    assert [Word(text) for text in expected] == split_keyword(words(line))


@pytest.mark.parametrize("text", ["<a@b.example", '"a', '<a@b.example>" SIZE=1', "<", "a\\", '<"a>'])
def test_what_is_not_closed_is_broken(text: str) -> None:
    assert Word(text, BROKEN) == split_keyword(words(f"MAIL FROM:{text}"))[-1]


@given(st.text(alphabet='<>"\\ \t:a@\0', max_size=60))
def test_any_line_has_words(line: str) -> None:
    found = words(line)
    kept = line.partition("\0")[0]
    assert all(word.text for word in found)
    assert "".join(kept.split()) == "".join("".join(word.text for word in found).split())


@pytest.mark.parametrize("unit", ['"', "<", "\\", '<"', '"\\'])
def test_hostile_lines_take_no_time(unit: str) -> None:
    assert words("x" + unit * 50_000)


@pytest.mark.parametrize(
    ("line", "expected"),
    [("Subject: x", True), ("MAILFROM:<a@b>", True), ("foo :x", True), ("GET / HTTP/1.0", False), (":", False)],
)
def test_headers_are_no_commands(line: str, expected: bool) -> None:
    assert expected == looks_like_header(line)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("SIZE=10", ("SIZE", "10")), ("body=", ("BODY", "")), ("SmtpUtf8", ("SMTPUTF8", None)), ("A=b=c", ("A", "b=c"))],
)
def test_parameters(text: str, expected: tuple[str, str | None]) -> None:
    assert expected == parameter(text)
