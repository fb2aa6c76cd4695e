"""Rule lines of regexp and pcre tables: `/pattern/flags result`, `!/pattern/flags result`, `if`, `endif`.

The two types differ in what compiles a pattern; the lines are the same, but for one old form of regexp,
`/pattern/flags!/pattern/flags result`: the first matches and the second does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from gatepost.tables.registry import Opening
from gatepost.tables.reread import Parsed
from gatepost.tables.rules import Builder, Captures, Rules, Template, open_rules
from gatepost.tables.source import SPACE, Fault, Line, decode, logical_lines
from gatepost.tables.table import Table

_KEYWORD = re.compile(rf"(if|endif)(?![a-z0-9])[{SPACE}]*(.*)", re.DOTALL | re.IGNORECASE)


class Matcher(Protocol):
    """A compiled pattern."""

    groups: int

    def __call__(self, key: bytes) -> Captures | None:
        """What matched. Raises table.Unanswered."""
        ...


@dataclass(frozen=True, slots=True)
class Dialect:
    """What tells the two types apart. `compile` raises ValueError with the fault's message."""

    kind: str
    compile: Callable[[str, str, str], Matcher]  # pattern, flags, place
    second_pattern: bool


def open_patterns(opening: Opening, dialect: Dialect) -> Table:
    """The table."""
    label = f"{dialect.kind} map {opening.name}"

    def parse(data: bytes) -> Parsed:
        faults: list[Fault] = []
        return parse_lines(dialect, label, list(logical_lines(decode(data), faults, opening.name)), faults)

    def parse_items(items: list[str]) -> Parsed:
        return parse_lines(dialect, label, [Line(number, item) for number, item in enumerate(items, 1)], [])

    return open_rules(opening, dialect.kind, parse, parse_items)


class _Patterns:
    """The rules."""

    def __init__(self, rules: Rules[bytes]) -> None:
        self._rules = rules

    async def find(self, key: str) -> str | None:
        return self._rules.first(key.encode("utf-8", "surrogateescape"))


def parse_lines(dialect: Dialect, label: str, lines: list[Line], faults: list[Fault]) -> Parsed:
    """The rules of the lines."""
    builder: Builder[bytes] = Builder(label, faults)
    for line in lines:
        try:
            _Line(dialect, builder, line, f"{label}, line {line.number}").add()
        except ValueError as error:
            builder.fault(line, f"{error}: skipping this rule")
    return Parsed(_Patterns(builder.finish()), tuple(faults))


@dataclass(frozen=True, slots=True)
class _Line:
    """One line on its way to a rule."""

    dialect: Dialect
    builder: Builder[bytes]
    line: Line
    place: str

    def add(self) -> None:
        """Add the rule. Raises ValueError with the fault's message."""
        text = self.line.text.rstrip(SPACE)
        keyword = _KEYWORD.fullmatch(text)
        if keyword and keyword[1].lower() == "if":
            self._condition(keyword[2])
        elif keyword:
            self._end(keyword[2])
        elif text[0].isalnum():
            self.builder.fault(self.line, "ignoring unrecognized request")
        else:
            self._rule(text)

    def _condition(self, text: str) -> None:
        matches, negated, rest = self._pattern(text)
        if rest.strip(SPACE):
            message = f'ignoring extra text after IF statement: "{rest.strip(SPACE)}"'
            self.builder.fault(self.line, message)
        self.builder.begin(self.line, _Negated(matches) if negated else matches)

    def _end(self, rest: str) -> None:
        if rest:
            self.builder.fault(self.line, "ignoring extra text after ENDIF", loses=False)
        if not self.builder.end():
            self.builder.fault(self.line, "ignoring ENDIF without matching IF", loses=False)

    def _rule(self, text: str) -> None:
        matches, negated, rest = self._pattern(text)
        if rest.startswith("!"):
            other, _, rest = self._pattern(rest[1:])
            matches = _ButNot(matches, other)
        result = rest.strip(SPACE)
        if not result:
            self.builder.fault(self.line, "no replacement text: using empty string", loses=False)
        template = Template.parse(result)
        if negated and template.highest:
            raise ValueError("$number found in negative match replacement text")
        if template.highest > matches.groups:
            raise ValueError(f'out of range replacement index "{template.highest}"')
        self.builder.rule(_Negated(matches) if negated else matches, template)

    def _pattern(self, text: str) -> tuple[Matcher, bool, str]:
        """The compiled pattern at the start, whether `!` stands before it, and the text behind its flags."""
        negated = False
        while text.startswith("!"):
            negated, text = not negated, text[1:].lstrip(SPACE)
        if not text:
            raise ValueError("no regexp")
        end = _closing(text)
        if end < 0:
            raise ValueError(f'no closing regexp delimiter "{text[0]}"')
        stop = SPACE + "!" if self.dialect.second_pattern else SPACE
        rest = text[end + 1 :]
        length = next((index for index, character in enumerate(rest) if character in stop), len(rest))
        return self.dialect.compile(text[1:end], rest[:length], self.place), negated, rest[length:]


def _closing(text: str) -> int:
    """Where the delimiter at the start comes again, not counting one behind a backslash; -1 where it does not."""
    index = 1
    while index < len(text):
        if text[index] == text[0]:
            return index
        index += 2 if text[index] == "\\" else 1
    return -1


def toggled(flags: str, known: str, on: str = "") -> frozenset[str]:
    """The flags in force: those `on` from the start, each letter turning one over. Raises ValueError."""
    state = set(on)
    for flag in flags:
        if flag not in known:
            raise ValueError(f'unknown regexp option "{flag}"')
        state ^= {flag}
    return frozenset(state)


class _Negated:
    """Matches what the pattern does not."""

    def __init__(self, matches: Matcher) -> None:
        self._matches = matches

    def __call__(self, key: bytes) -> Captures | None:
        return () if self._matches(key) is None else None


class _ButNot:
    """Matches what the first pattern matches and the second does not."""

    def __init__(self, matches: Matcher, other: Matcher) -> None:
        self.groups = matches.groups
        self._matches = matches
        self._other = other

    def __call__(self, key: bytes) -> Captures | None:
        found = self._matches(key)
        return None if found is None or self._other(key) is not None else found


def text_of(group: bytes | None) -> str | None:
    """What a group matched, as text."""
    return None if group is None else group.decode("utf-8", "surrogateescape")
