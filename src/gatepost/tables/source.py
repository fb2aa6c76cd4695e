"""The text of a table: logical lines, faults, and what both keyed and rule files share.

Rules (as in main.cf): a line whose first non-blank character is `#`, and a blank line, are ignored and never end a
logical line; a line that begins with a blank continues the one before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

SPACE = " \t\n\r\v\f"
"""Blanks: those of ASCII, not the wider ones that `str.strip` knows by itself."""

_WORD = re.compile(rf"[^{SPACE},]+")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in a table's text. `loses` says whether a line had to be left out because of it."""

    place: str  # such as `/etc/postfix/access, line 8`
    message: str
    source: str  # the line's text
    loses: bool = True

    @property
    def text(self) -> str:
        """As the log says it."""
        return f"{self.place}: {self.message}"

    @property
    def identity(self) -> tuple[str, str]:
        """The same for the same fault after lines were added above it."""
        return (self.message, self.source)


@dataclass(frozen=True, slots=True)
class Line:
    """A logical line and the number of its first physical line."""

    number: int
    text: str


def decode(data: bytes) -> str:
    """Table text; bytes that are not UTF-8 become surrogate escapes."""
    return data.decode("utf-8", "surrogateescape")


def is_utf8(text: str) -> bool:
    """Whether the text came from well-formed UTF-8."""
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def printable(text: str) -> str:
    """The text with `?` for each byte that is not UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


def fold(key: str, *, utf8: bool) -> str:
    """The key in the case that fixed-string tables store: Unicode folding with UTF-8, else that of ASCII."""
    if utf8:
        return key.casefold()
    return key.encode("utf-8", "surrogateescape").lower().decode("utf-8", "surrogateescape")


def logical_lines(text: str, faults: list[Fault], path: str) -> Iterator[Line]:
    """The logical lines; one that begins with a blank and continues nothing is left out, with a fault."""
    parts: list[str] = []
    start = 0
    for number, line in enumerate(text.split("\n"), 1):
        first = line[:1]
        if first and first not in SPACE and first != "#":
            if parts:
                yield Line(start, "".join(parts))
            parts, start = [line], number
        elif (content := line.strip(SPACE)) and not content.startswith("#"):
            if parts:
                parts.append(line)
            else:
                faults.append(Fault(path, f'logical line must not start with whitespace: "{line}"', line))
    if parts:
        yield Line(start, "".join(parts))


@dataclass(frozen=True, slots=True)
class Item:
    """A word, or the content of `{...}` without the blanks around it."""

    text: str
    braced: bool


def split_items(text: str) -> list[Item]:
    """The items of a list separated by blanks and commas. Raises ValueError with Postfix's words."""
    items: list[Item] = []
    while text := text.lstrip(SPACE + ","):
        braced = text.startswith("{")
        end = closing_brace(text) + 1 if braced else 0
        if braced and not end:
            raise ValueError(f"missing '}}' in \"{text}\"")
        after = _WORD.match(text, end)
        rest = after[0] if after else ""
        if braced and rest:
            raise ValueError(f"syntax error after '}}' in \"{text[:end]}{rest}\"")
        items.append(Item(text[1 : end - 1].strip(SPACE) if braced else rest, braced))
        text = text[end + len(rest) :]
    return items


def inline_rules(name: str) -> list[str]:
    """The rules of `{{rule}, {rule}}`, a table written where it is named. Raises ValueError with Postfix's words."""
    end = closing_brace(name)
    if end < 0:
        raise ValueError(f"missing '}}' in \"{name}\"")
    if name[end + 1 :]:
        raise ValueError(f"syntax error after '}}' in \"{name}\"")
    items = split_items(name[1:end])
    bare = next((item.text for item in items if not item.braced), "")
    if bare:
        raise ValueError(f"no '{{' at start of text in \"{bare}\"")
    return [item.text for item in items]


def closing_brace(text: str) -> int:
    """The index of the brace that closes the one at the start, -1 if there is none."""
    depth = 0
    for index, character in enumerate(text):
        depth += (character == "{") - (character == "}")
        if depth == 0:
            return index
    return -1
