"""pcre: Perl-compatible regular expressions, through PCRE2.

A pattern may take exponential time, and keys come from clients. So each match has a limit of steps; a match that
reaches it fails the lookup, and mail is deferred rather than let past a rule.
"""

from __future__ import annotations

import pcre2

from gatepost.tables.patterns import Dialect, Matcher, open_patterns, text_of, toggled
from gatepost.tables.registry import Opening, table_type
from gatepost.tables.rules import Captures
from gatepost.tables.table import Table, Unanswered

MATCH_LIMIT = 1_000_000
"""Steps that one match may take: about 10 ms. PCRE2's own default is ten times that."""

_LIMIT = f"(*LIMIT_MATCH={MATCH_LIMIT})"

_ANCHORED, _DOLLAR_ENDONLY, _UNGREEDY = 0x8000_0000, 0x0000_0010, 0x0004_0000
"""Options of PCRE2 that the Python package has no names for (pcre2.h)."""

_OPTIONS = {
    "i": int(pcre2.IGNORECASE),
    "m": int(pcre2.MULTILINE),
    "s": int(pcre2.DOTALL),
    "x": int(pcre2.VERBOSE),
    "A": _ANCHORED,
    "E": _DOLLAR_ENDONLY,
    "U": _UNGREEDY,
    "X": 0,  # obsolete: what it asked for is always so in PCRE2
}

_STACK_EXHAUSTED = -46
"""PCRE2_ERROR_JIT_STACKLIMIT: the compiled form ran out of stack, the interpreted one uses the heap."""


@table_type("pcre")
def pcre(opening: Opening) -> Table:
    """Case does not matter and `.` matches all, unless the flags `i` and `s` turn that off; also m x A E U."""

    def compiled(pattern: str, flags: str, place: str) -> Matcher:
        return compile_pattern(pattern, flags, place, utf8=opening.utf8)

    return open_patterns(opening, Dialect("pcre", compiled, second_pattern=False))


class Pcre:
    """A compiled pattern; `place` begins what it says when it fails."""

    def __init__(self, pattern: bytes, options: int, place: str) -> None:
        self._source = (pattern, options)
        self._place = place
        self._pattern = pcre2.compile(pattern, options)
        self.groups: int = self._pattern.groups

    def __call__(self, key: bytes) -> Captures | None:
        """What matched. Raises Unanswered."""
        try:
            found = self._pattern.search(key)
        except pcre2.LibraryError as error:
            if error.code == _STACK_EXHAUSTED and self._pattern.jit:
                self._pattern = pcre2.compile(*self._source, jit=False)
                return self(key)
            raise Unanswered(f"{self._place}: {error.msg}") from error
        return None if found is None else tuple(text_of(found[group]) for group in range(self.groups + 1))


def compile_pattern(pattern: str, flags: str, place: str, *, utf8: bool) -> Matcher:
    """The pattern, ready to match; `place` begins what it may say then. Raises ValueError with what is wrong."""
    options = sum(_OPTIONS[flag] for flag in toggled(flags, "".join(_OPTIONS), on="is"))
    options |= int(pcre2.ASCII) | (int(pcre2.UNICODE) if utf8 else 0)
    try:
        return Pcre((_LIMIT + pattern).encode("utf-8", "surrogateescape"), options, place)
    except pcre2.PatternError as error:
        _, _, reason = error.msg.partition("; ")
        raise ValueError(f"error in regex at offset {max(error.pos - len(_LIMIT), 0)}: {reason}") from error
