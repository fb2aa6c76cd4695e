"""What tables of rules (cidr, regexp, pcre) share: conditions, order, and `$1` in results.

1. Rules are tried in order; the first that matches gives the result.
2. The rules between `if` and `endif` count only where the condition holds; conditions nest. An `if` without `endif`
   reaches to the end.
3. A rule that cannot be understood is left out, with a fault. So is an `if`; its `endif` is then one too many.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from gatepost.tables.registry import Opening
from gatepost.tables.reread import FileTable, Parse, Parsed
from gatepost.tables.source import Fault, Line, inline_rules
from gatepost.tables.table import Constant, Table, Unavailable

K = TypeVar("K")
"""What a matcher looks at: the key's text, octets, or an address."""

Captures = Sequence[str | None]
"""The texts of a match: the whole, then each group, None for a group that took no part."""


@dataclass(frozen=True, slots=True)
class Rule(Generic[K]):
    """A rule or a condition, compiled."""

    matches: Callable[[K], Captures | None]
    result: Template | None  # None: a condition
    end: int = 0  # for a condition: the index of the rule after its `endif`


class Rules(Generic[K]):
    """Compiled rules."""

    def __init__(self, rules: Sequence[Rule[K]]) -> None:
        self._rules = tuple(rules)

    def first(self, key: K) -> str | None:
        """The result of the first rule that matches."""
        index, rules = 0, self._rules
        while index < len(rules):
            rule = rules[index]
            index += 1
            found = rule.matches(key)
            if rule.result is None:
                if found is None:
                    index = rule.end
            elif found is not None:
                return rule.result.fill(found)
        return None


class Builder(Generic[K]):
    """Collects the rules of one text, and their faults; `label` begins each fault (`regexp map /etc/x`)."""

    def __init__(self, label: str, faults: list[Fault]) -> None:
        self._label = label
        self._faults = faults
        self._rules: list[Rule[K]] = []
        self._open: list[tuple[int, Line]] = []  # conditions not yet ended: index of the rule, its line

    def fault(self, line: Line, message: str, *, loses: bool = True) -> None:
        """Note what is wrong with a line."""
        self._faults.append(Fault(f"{self._label}, line {line.number}", message, line.text, loses))

    def rule(self, matches: Callable[[K], Captures | None], result: Template) -> None:
        """The next rule."""
        self._rules.append(Rule(matches, result))

    def begin(self, line: Line, matches: Callable[[K], Captures | None]) -> None:
        """An `if`."""
        self._open.append((len(self._rules), line))
        self._rules.append(Rule(matches, None))

    def end(self) -> bool:
        """An `endif`; False where there is nothing to end."""
        if not self._open:
            return False
        index, _ = self._open.pop()
        self._rules[index] = Rule(self._rules[index].matches, None, len(self._rules))
        return True

    def finish(self) -> Rules[K]:
        """All rules, in order."""
        while self._open:
            _, line = self._open[-1]
            self.fault(line, "IF has no matching ENDIF", loses=False)
            self.end()
        return Rules(self._rules)


_PIECE = re.compile(r"\$(?:(\$)|(\d+)|\{([^{}]*)\}|\(([^()]*)\)|(\w+)|(.?))|([^$]+)", re.DOTALL)


class Template:
    """Result text with `$1`, `${1}`, `$(1)` for what groups matched, and `$$` for a dollar sign."""

    __slots__ = ("_parts", "highest")

    def __init__(self, parts: tuple[str | int, ...]) -> None:
        self._parts = parts
        self.highest = max((part for part in parts if isinstance(part, int)), default=0)

    @classmethod
    def parse(cls, text: str) -> Template:
        """Raises ValueError with the fault's message."""
        return cls(tuple(_pieces(text)))

    def fill(self, captures: Captures) -> str:
        """The result; a group that took no part gives nothing."""
        parts = self._parts
        if len(parts) == 1 and isinstance(parts[0], str):
            return parts[0]
        return "".join(part if isinstance(part, str) else captures[part] or "" for part in parts)


def _pieces(text: str) -> Iterator[str | int]:
    for found in _PIECE.finditer(text):
        dollar, number, braced, bracketed, name, _, literal = found.groups()
        index = next((given for given in (number, braced, bracketed, name) if given is not None), None)
        if literal or dollar:
            yield literal or dollar
        elif index is None:
            opened = found[0][1:2] in ("{", "(") and bool(found[0][1:2])
            raise ValueError(
                f'{"truncated macro reference" if opened else "empty macro name"}: "{text[found.start() :]}"'
            )
        elif not re.fullmatch(r"[0-9]+", index):
            raise ValueError(f'non-numeric replacement index "{index}"')
        elif int(index[:9]) == 0:
            raise ValueError(f'out of range replacement index "{index}"')
        else:
            yield int(index[:9])


def literal(text: str) -> Template:
    """A result in which `$` means nothing."""
    return Template((text,))


def open_rules(opening: Opening, kind: str, parse: Parse, parse_items: Callable[[list[str]], Parsed]) -> Table:
    """A rule table: a file, or `{{rule}, {rule}}` in place. Raises Unavailable."""
    if not opening.name.startswith("{"):
        return FileTable(opening, parse, partial_keys=False)
    try:
        parsed = parse_items(inline_rules(opening.name))
    except ValueError as error:
        raise Unavailable(f"{kind} map: {error}") from error
    for fault in parsed.faults:
        opening.warn(fault.text)
    return Constant(parsed.answers, partial_keys=False)
