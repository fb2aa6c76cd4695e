"""regexp: POSIX regular expressions, through RE2."""

from __future__ import annotations

import re2

from gatepost.tables.patterns import Dialect, Matcher, open_patterns, text_of, toggled
from gatepost.tables.posix import to_re2
from gatepost.tables.registry import Opening, table_type
from gatepost.tables.rules import Captures
from gatepost.tables.table import Table

MEMORY = 8 << 20
"""Octets that one pattern may take while it matches (RE2's own default)."""


@table_type("regexp")
def regexp(opening: Opening) -> Table:
    """Case does not matter, unless the flag `i` turns that off; `m` for lines, `x` for basic expressions."""

    def compiled(pattern: str, flags: str, place: str) -> Matcher:  # noqa: ARG001 - RE2 cannot fail while matching
        return compile_pattern(pattern, flags, utf8=opening.utf8)

    return open_patterns(opening, Dialect("regexp", compiled, second_pattern=True))


class _Regexp:
    def __init__(self, pattern: re2._Regexp) -> None:
        self.groups: int = pattern.groups
        self._search = pattern.search

    def __call__(self, key: bytes) -> Captures | None:
        found = self._search(key)
        return None if found is None else tuple(text_of(found[group]) for group in range(self.groups + 1))


def compile_pattern(pattern: str, flags: str, *, utf8: bool) -> Matcher:
    """The pattern, ready to match. Raises ValueError with what is wrong."""
    state = toggled(flags, "imx", on="ix")
    options = re2.Options()
    options.posix_syntax = options.longest_match = options.perl_classes = options.word_boundary = True
    options.case_sensitive = "i" not in state
    options.dot_nl = options.one_line = "m" not in state
    options.log_errors = False
    options.max_mem = MEMORY
    options.encoding = re2.Options.Encoding.UTF8 if utf8 else re2.Options.Encoding.LATIN1
    text = to_re2(pattern, extended="x" in state, newline="m" in state)
    try:
        return _Regexp(re2.compile(text.encode("utf-8", "surrogateescape"), options))
    except re2.error as error:
        raise ValueError(str(error.args[0], "utf-8", "replace") if error.args else "bad pattern") from error
