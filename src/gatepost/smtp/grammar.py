r"""The grammar of SMTP command lines (RFC 5321 section 4.1), as generously read as Postfix reads it.

1. A line is cut at blanks into words. Blanks inside `"..."` and `<...>` do not cut, nor does one after a backslash.
2. The word behind MAIL and RCPT is cut once more after its colon, so that `FROM:<a@b>` and `FROM: <a@b>` are the same.
3. A word whose quote or bracket is not closed is `broken`; it is refused where it is used.
4. NUL ends a line: what follows it would be seen by some programs and not by others.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_BLANKS = " \t\r\f\v"
_WORD = re.compile(
    r"""
    (?: \\(?s:.)                                            # anything escaped
      | "(?:[^"\\]|\\(?s:.))*"                              # a quoted string
      | <(?:[^<>"\\]|\\(?s:.)|"(?:[^"\\]|\\(?s:.))*"|<)*>   # an address in angle brackets
      | [^ \t\r\f\v"<\\]
    )+
    """,
    re.VERBOSE,
)
_HEADER = re.compile(r"[!-9;-~]+\s*:")
"""A word and a colon: the beginning of a message header, never of a command."""


class Word(NamedTuple):
    """A word of a command line, as it was sent. `broken`: an open quote or bracket runs to the end of the line."""

    text: str
    broken: bool = False


def words(line: str) -> list[Word]:
    """Cut a line into its words."""
    line = line.partition("\0")[0]
    found: list[Word] = []
    position = 0
    while position < len(line):
        if line[position] in _BLANKS:
            position += 1
        elif (match := _WORD.match(line, position)) and not _open(line, match.end()):
            found.append(Word(match[0]))
            position = match.end()
        else:
            found.append(Word(line[position:], broken=True))
            break
    return found


def _open(line: str, position: int) -> bool:
    """Whether a quote, a bracket or a trailing backslash stopped the word here."""
    return position < len(line) and line[position] not in _BLANKS


def split_keyword(found: list[Word]) -> list[Word]:
    """Cut `FROM:<a@b>`, the second word, behind its colon."""
    if len(found) < 2:  # noqa: PLR2004 - verb and keyword
        return found
    keyword, colon, rest = found[1].text.partition(":")
    if not (colon and rest):
        return found
    return [found[0], Word(keyword + colon), Word(rest, found[1].broken), *found[2:]]


def looks_like_header(line: str) -> bool:
    """Whether the line is `Name:` something, as when a mail program sends a message where a command is due."""
    return _HEADER.match(line) is not None


def parameter(text: str) -> tuple[str, str | None]:
    """An ESMTP parameter as upper-case keyword and value; the value is None without `=` (RFC 5321 section 4.1.2)."""
    keyword, equals, value = text.partition("=")
    return keyword.upper(), value if equals else None
