"""The macro language of main.cf values.

    text       = *( literal / "$$" / reference )
    reference  = "$" name / "$(" body ")" / "${" body "}"
    body       = name [ choice ] / comparison [ choice ]
    choice     = "?" branch [ ":" branch ] / ":" branch
    branch     = "{" text "}" / text               ; before a second branch only the form with braces
    comparison = "{" text "}" operator "{" text "}"
    operator   = "==" / "!=" / "<" / "<=" / ">=" / ">", each also with "level" behind it

Blanks may stand around operators and around each `{text}`; inside the braces they belong to the text. A name that is
not defined is empty; so is a choice without a branch for the case (`${name:text}` is empty where name has a value).
`level` operators compare compatibility levels (`3.6`), the others numbers where both sides are
digits, else strings. Nothing is expanded before it is read, so that a master.cf override reaches every value.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from gatepost.config.findings import Place
from gatepost.config.source import SourceText

NESTING_LIMIT = 100
"""References within references; what goes deeper is taken for a loop (`a = $a`)."""

Scope = Callable[[str], SourceText | None]
"""The unexpanded value of a name, None where it is not defined."""

_Comparable = TypeVar("_Comparable", int, str, tuple[int, ...])
_NAME = re.compile(r"[A-Za-z0-9_]+")
_OPERATOR = re.compile(r"\s*(==|!=|<=|>=|<|>)(level(?![A-Za-z0-9_]))?\s*")
_CLOSERS = {"{": "}", "(": ")"}


class ExpansionError(Exception):
    """A text that cannot be expanded. `reason` says why, `place` where."""

    def __init__(self, reason: str, place: Place | None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.place = place


def expand(source: SourceText, scope: Scope, depth: int = 0) -> SourceText:
    """The text with every reference replaced. Parts keep the place where they were written.

    Raises:
        ExpansionError: a reference is malformed, or nested more than NESTING_LIMIT deep.
    """
    text = str(source)
    if "$" not in text:
        return source
    if depth > NESTING_LIMIT:
        raise ExpansionError("unreasonable macro call nesting", source.place())
    parts: list[SourceText] = []
    position = 0
    while (dollar := text.find("$", position)) >= 0:
        parts.append(source.cut(position, dollar))
        if text.startswith("$$", dollar):
            parts.append(source.cut(dollar, dollar + 1))
            position = dollar + 2
            continue
        body, position = _reference(source, text, dollar)
        parts.append(_evaluate(body, scope, depth))
    parts.append(source.cut(position, len(text)))
    return SourceText.join(parts)


def references(source: SourceText) -> set[str]:
    """The names that the text mentions in any branch, nested ones too. Malformed parts are passed over."""
    return {match.group(1) for match in _MENTION.finditer(str(source).replace("$$", ""))}


_MENTION = re.compile(r"\$[({]?\s*([A-Za-z0-9_]+)")


def _reference(source: SourceText, text: str, dollar: int) -> tuple[SourceText, int]:
    """The body of the reference that begins at the dollar, and the index behind it."""
    start = dollar + 1
    opener = text[start : start + 1]
    if opener in _CLOSERS and opener:
        end = _balanced(text, start, opener)
        if end < 0:
            raise ExpansionError("truncated macro reference", source.place(dollar))
        return source.cut(start + 1, end), end + 1
    match = _NAME.match(text, start)
    if match is None:
        raise ExpansionError("empty macro name (a dollar sign itself is written $$)", source.place(dollar))
    return source.cut(start, match.end()), match.end()


def _balanced(text: str, start: int, opener: str) -> int:
    """The index of the character that closes the opener at start, -1 where none does."""
    closer = _CLOSERS[opener]
    depth = 0
    for index in range(start, len(text)):
        if text[index] == opener:
            depth += 1
        elif text[index] == closer:
            depth -= 1
            if depth == 0:
                return index
    return -1


def _evaluate(body: SourceText, scope: Scope, depth: int) -> SourceText:
    """The value of what stands between `${` and `}`."""
    text = str(body)
    start = len(text) - len(text.lstrip())
    if text.startswith("{", start):
        holds, position = _compare(body, text, start, scope, depth)
        value = SourceText.of("true" if holds else "")
    else:
        match = _NAME.match(text, start)
        if match is None:
            reason = "attribute name syntax error" if text.strip() else "empty macro name"
            raise ExpansionError(reason, body.place(start))
        raw = scope(match.group())
        value = expand(raw, scope, depth + 1) if raw is not None else SourceText()
        holds, position = bool(str(value)), match.end()
    chosen = _Choice.parse(body, text, position)
    if chosen is None:
        return value
    branch = chosen.positive if holds else chosen.negative
    return expand(branch, scope, depth + 1) if branch is not None else SourceText()


@dataclass(frozen=True, slots=True)
class _Choice:
    """The texts behind `?` and `:`; None where there is none."""

    positive: SourceText | None
    negative: SourceText | None

    @classmethod
    def parse(cls, body: SourceText, text: str, position: int) -> _Choice | None:
        """Read what follows the name or comparison; None where nothing does."""
        position = _skip_blanks(text, position)
        if position == len(text):
            return None
        if text[position] not in "?:":
            raise ExpansionError("attribute name syntax error", body.place(position))
        mark = text[position]
        branch, position = _branch(body, text, position + 1)
        if mark == ":":
            _expect_end(body, text, position)
            return cls(None, branch)
        if position == len(text):
            return cls(branch, None)
        if text[position] != ":":
            raise ExpansionError('":" or "}" expected', body.place(position))
        other, position = _branch(body, text, position + 1)
        _expect_end(body, text, position)
        return cls(branch, other)


def _branch(body: SourceText, text: str, position: int) -> tuple[SourceText, int]:
    """One branch, and the index of what follows it: `{text}`, or all the rest."""
    start = _skip_blanks(text, position)
    if not text.startswith("{", start):
        return body.cut(position, len(text)), len(text)
    end = _balanced(text, start, "{")
    if end < 0:
        raise ExpansionError("truncated macro reference", body.place(start))
    return body.cut(start + 1, end), _skip_blanks(text, end + 1)


def _expect_end(body: SourceText, text: str, position: int) -> None:
    if position != len(text):
        raise ExpansionError("text after the last }", body.place(position))


def _skip_blanks(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def _compare(body: SourceText, text: str, start: int, scope: Scope, depth: int) -> tuple[bool, int]:
    """Whether the comparison that begins at start holds, and the index behind it."""
    left, position = _branch(body, text, start)
    match = _OPERATOR.match(text, position)
    if match is None:
        raise ExpansionError("relational operator expected (== != < <= >= >)", body.place(position))
    if not text.startswith("{", match.end()):
        raise ExpansionError('"{" expected behind the operator', body.place(match.end()))
    right, position = _branch(body, text, match.end())
    first, second = str(expand(left, scope, depth + 1)), str(expand(right, scope, depth + 1))
    if match.group(2):
        return _holds(_level(first, body), match.group(1), _level(second, body)), position
    if first.isdigit() and second.isdigit():
        return _holds(int(first), match.group(1), int(second)), position
    return _holds(first, match.group(1), second), position


def _level(text: str, body: SourceText) -> tuple[int, ...]:
    """A compatibility level as numbers: `3.6` is (3, 6, 0)."""
    parts = text.split(".")
    if len(parts) > 3 or not all(part.isdigit() for part in parts):  # noqa: PLR2004 - major.minor.patch
        raise ExpansionError(f"bad compatibility level {text!r}", body.place())
    return tuple(int(part) for part in parts) + (0,) * (3 - len(parts))


def _holds(left: _Comparable, operator: str, right: _Comparable) -> bool:
    """Whether the comparison is true."""
    match operator:
        case "==":
            return left == right
        case "!=":
            return left != right
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case _:
            return left >= right
