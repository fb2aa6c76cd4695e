r"""POSIX regular expressions in the words of RE2.

RE2 decides in time that is linear in the input, whatever the pattern, so that no client can stall the server. Its
syntax is close to POSIX. What differs is translated here:

1. In a bracket expression a backslash is itself, and `[.x.]` and `[=x=]` are x.
2. `{,n}` is `{0,n}`; a quantifier needs something before it; a closing parenthesis too many is itself.
3. GNU's `\w \W \s \S \b \B`, `` \` `` and `\'` keep their meaning; any other escaped letter is that letter.
4. `\<` and `\>` become `\b` where a literal word character stands beside them.

What RE2 cannot do (a backreference, `\<` beside anything else, repetition above 1000) raises ValueError, with a remedy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOKEN = re.compile(r"\\(.)|(\[)|(.)", re.DOTALL)
_INTERVAL = re.compile(r"([0-9]*)(,?)([0-9]*)")
_CLASSES = frozenset(
    {"alpha", "digit", "alnum", "upper", "lower", "space", "blank", "punct", "print", "graph", "cntrl", "xdigit"}
)
_SWAPPED = frozenset("(){}|+?")
"""What basic expressions escape to make special, and extended ones to make plain."""

_KEPT = {"w": r"\w", "W": r"\W", "s": r"\s", "S": r"\S", "b": r"\b", "B": r"\B"}
_ENDS = {"`": "^", "'": "$"}
_REMEDY = "use a pcre: table for this rule"


def to_re2(pattern: str, *, extended: bool = True, newline: bool = False) -> str:
    """The pattern for RE2. `newline`: a negated bracket expression does not match the end of a line.

    Raises ValueError with what is wrong.
    """
    return _Translation(pattern, extended=extended, newline=newline).run()


class _Translation:
    def __init__(self, pattern: str, *, extended: bool, newline: bool) -> None:
        self._pattern = pattern
        self._extended = extended
        self._newline = newline
        self._at = 0
        self._depth = 0
        self._out: list[str] = []
        self._quantifiable = False  # whether something stands before that can be repeated
        self._word_before = False  # whether that is a literal word character

    def run(self) -> str:
        while self._at < len(self._pattern):
            special, character = self._next()
            if special:
                self._special(character)
            else:
                self._literal(character)
        if self._depth:
            raise ValueError(r"Unmatched ( or \(")
        return "".join(self._out)

    def _next(self) -> tuple[bool, str]:
        r"""The next character, and whether it has a special meaning there. `\x` is given as special, two long."""
        found = _TOKEN.match(self._pattern, self._at)
        if not found or found[0] == "\\":
            raise ValueError("Trailing backslash")
        self._at = found.end()
        escaped, bracket, plain = found.groups()
        if bracket:
            return True, "["
        if escaped is None:
            return self._plain_is_special(plain), plain
        if escaped in _SWAPPED:
            return not self._extended, escaped
        if escaped.isalnum() or escaped in "<>`'":
            return True, "\\" + escaped
        return False, escaped

    def _plain_is_special(self, character: str) -> bool:
        if self._extended:
            return character in "(){|+?*^$." and not (character == ")" and not self._depth)
        rest = self._pattern[self._at :]
        match character:
            case "*":
                return self._quantifiable
            case "^":
                return not self._out or self._out[-1] in ("(", "|")
            case "$":
                return not rest or rest.startswith((r"\)", r"\|"))
            case _:
                return character == "."

    def _literal(self, character: str) -> None:
        self._put(re.escape(character) if character.isascii() else character, quantifiable=True)
        self._word_before = character.isalnum() or character == "_"

    def _put(self, text: str, *, quantifiable: bool) -> None:
        self._out.append(text)
        self._quantifiable = quantifiable
        self._word_before = False

    def _special(self, character: str) -> None:
        match character:
            case "[":
                self._put(self._bracket(), quantifiable=True)
            case "(" | ")" | "|":
                self._depth += (character == "(") - (character == ")")
                if self._depth < 0:
                    raise ValueError(r"Unmatched ) or \)")
                self._put(character, quantifiable=character == ")")
            case "*" | "+" | "?" | "{":
                self._repeat(character)
            case "^" | "$":
                self._put(character, quantifiable=False)
            case ".":
                self._put(".", quantifiable=True)
            case _:
                self._escape(character[1:])

    def _repeat(self, character: str) -> None:
        text = self._interval() if character == "{" else character
        if not self._quantifiable:
            raise ValueError("Invalid preceding regular expression")
        if self._out[-1][-1] in "+}" and text == "?" and not self._out[-1].startswith("\\"):
            raise ValueError(f"`?` behind another quantifier is not supported; {_REMEDY}")
        self._put(text, quantifiable=True)

    def _interval(self) -> str:
        close = "}" if self._extended else r"\}"
        inner, found, _ = self._pattern[self._at :].partition(close)
        if not found:
            raise ValueError(r"Unmatched { or \{")
        numbers = _INTERVAL.fullmatch(inner)
        if not numbers or not inner:
            raise ValueError(r"Invalid content of {} or \{\}")
        self._at += len(inner) + len(close)
        return "{" + (numbers[1] or "0") + numbers[2] + numbers[3] + "}"

    def _escape(self, letter: str) -> None:
        if letter in "123456789":
            raise ValueError(rf"the backreference \{letter} is not supported; {_REMEDY}")
        if letter in "<>":
            self._word_edge(letter)
        elif letter in _ENDS and not self._newline:
            self._put(_ENDS[letter], quantifiable=False)
        elif letter in _ENDS:
            raise ValueError(rf"\{letter} is not supported with the flag m; {_REMEDY}")
        elif letter in _KEPT:
            self._put(_KEPT[letter], quantifiable=letter in "wWsS")
        else:
            self._literal(letter)

    def _word_edge(self, which: str) -> None:
        following = self._pattern[self._at : self._at + 1]
        beside = following.isalnum() or following == "_" if which == "<" else self._word_before
        if not beside:
            raise ValueError(rf"\{which} is supported only beside a letter or digit; {_REMEDY}")
        self._put(r"\b", quantifiable=False)

    def _bracket(self) -> str:
        negated = self._pattern.startswith("^", self._at)
        self._at += negated
        items = list(self._items())
        if negated and self._newline:
            items.append(r"\n")
        return f"[{'^' if negated else ''}{''.join(items)}]"

    def _items(self) -> Iterator[str]:
        first = self._at
        pattern = self._pattern
        while self._at < len(pattern):
            if pattern[self._at] == "]" and self._at > first:
                self._at += 1
                return
            if pattern.startswith("[:", self._at):
                yield self._class()
                continue
            low = self._member()
            if pattern.startswith("-", self._at) and pattern[self._at + 1 : self._at + 2] not in ("]", ""):
                self._at += 1
                high = self._member()
                yield f"{_in_bracket(low)}-{_in_bracket(high)}"
            else:
                yield _in_bracket(low)
        raise ValueError("Unmatched [, [^, [:, [., or [=")

    def _class(self) -> str:
        name, closed, _ = self._pattern[self._at + 2 :].partition(":]")
        if not closed:
            raise ValueError("Unmatched [, [^, [:, [., or [=")
        if name not in _CLASSES:
            raise ValueError("Invalid character class name")
        self._at += len(name) + 4
        return f"[:{name}:]"

    def _member(self) -> str:
        """One character of a bracket expression."""
        opening = self._pattern[self._at : self._at + 2]
        if opening not in ("[.", "[="):
            self._at += 1
            return self._pattern[self._at - 1]
        name, closed, _ = self._pattern[self._at + 2 :].partition(opening[1] + "]")
        if not closed or len(name) != 1:
            raise ValueError("Invalid collation character")
        self._at += len(name) + 4
        return name


def _in_bracket(character: str) -> str:
    return "\\" + character if character in "\\[]^-" else character
