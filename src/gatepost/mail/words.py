"""The lexical side of addresses: tokens of RFC 822 section 3.3, and when a word must stand in quotes.

The rules:

1. Blanks separate tokens and are otherwise dropped; a comment may contain comments; what is not closed runs to the end.
2. A backslash takes the next character literally, in atoms too.
3. `%`, `!` and `|`, no specials of RFC 822, are operators as well: addresses have been routed with them.
4. Every text gives tokens: nothing is an error here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

OPERATORS = "<>@,;:.%!|"
"""Characters that are tokens of their own."""

_ATOM_END = frozenset(OPERATORS + '"([ \t\r\n')
_BLANK = " \t\r\n"
_NEEDS_QUOTES = re.compile(r'[()<>\[\]:;@\\," \x00-\x1f\x7f]')
_ESCAPED = re.compile(r'(["\\])')


class Kind(Enum):
    """What a token is."""

    ATOM = "atom"
    QUOTED = "quoted string"
    LITERAL = "domain literal"
    COMMENT = "comment"
    OPERATOR = "operator"


WORDS = frozenset({Kind.ATOM, Kind.QUOTED, Kind.LITERAL})
"""Kinds of which two may not stand side by side in an address."""


@dataclass(frozen=True, slots=True)
class Token:
    """One token. `text` is its meaning, without quotes and backslashes; `source` how it was written."""

    kind: Kind
    text: str
    source: str


def is_dot_string(text: str) -> bool:
    """Whether a local part may stand without quotes (Dot-string of RFC 5321 section 4.1.2, 8-bit text included)."""
    return bool(text) and not _NEEDS_QUOTES.search(text) and not (text[0] == "." or text[-1] == "." or ".." in text)


def quoted(text: str) -> str:
    """The text as a quoted string."""
    return '"' + _ESCAPED.sub(r"\\\1", text) + '"'


def scan(text: str) -> list[Token]:
    """Take a text apart."""
    found: list[Token] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char in _BLANK:
            at += 1
            continue
        start = at
        if char == '"':
            value, at = _delimited(text, at + 1, '"')
            kind = Kind.QUOTED
        elif char == "(":
            at = _comment_end(text, at)
            kind, value = Kind.COMMENT, text[start:at]
        elif char == "[":
            value, at = _delimited(text, at + 1, "]")
            kind, value = Kind.LITERAL, f"[{value}]"
        elif char in OPERATORS:
            at += 1
            kind, value = Kind.OPERATOR, char
        else:
            value, at = _atom(text, at)
            kind = Kind.ATOM
        found.append(Token(kind, value, text[start:at]))
    return found


def _delimited(text: str, at: int, closing: str) -> tuple[str, int]:
    """The text up to the closing character, without backslashes, and the place after it."""
    value: list[str] = []
    while at < len(text):
        char = text[at]
        if char == closing:
            return "".join(value), at + 1
        if char == "\\" and at + 1 < len(text):
            at += 1
            char = text[at]
        if char not in "\r\n":
            value.append(char)
        at += 1
    return "".join(value), at


def _comment_end(text: str, at: int) -> int:
    depth = 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 1
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if not depth:
                return at + 1
        at += 1
    return len(text)


def _atom(text: str, at: int) -> tuple[str, int]:
    value: list[str] = []
    while at < len(text) and text[at] not in _ATOM_END:
        if text[at] == "\\" and at + 1 < len(text):
            at += 1
        value.append(text[at])
        at += 1
    return "".join(value), at
