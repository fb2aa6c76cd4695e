"""Lines of configuration text: comments, continuation, and `name = value`.

Rules (the same for main.cf, master.cf and files of list elements):

1. A line whose first non-blank character is `#`, and a blank line, count for nothing, and end nothing.
2. A line that begins with a blank continues the one before it.
3. There are no comments behind text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gatepost.config.findings import Finding, Level, Place
from gatepost.config.source import SourceText, Span

_NAME = re.compile(r"[^\s=]+")


@dataclass(frozen=True, slots=True)
class Assignment:
    """`name = value` and where both stand. The value has no blanks at its ends."""

    name: str
    value: SourceText
    place: Place


@dataclass(frozen=True, slots=True)
class Assignments:
    """What a text assigns, in order of the text, and what is wrong with it. The last assignment of a name counts."""

    entries: tuple[Assignment, ...]
    findings: tuple[Finding, ...]

    def last(self) -> dict[str, Assignment]:
        """The assignment that counts, by name."""
        return {entry.name: entry for entry in self.entries}


def logical_lines(text: str, file: str) -> Iterator[SourceText]:
    """The lines of the text, continuation lines joined, comments left out.

    A first line that begins with a blank comes out as it is; what it means is for the caller to say.
    """
    spans: list[Span] = []
    for number, line in enumerate(text.split("\n"), 1):
        content = line.strip()
        if not content or content.startswith("#"):
            continue
        if spans and not line[0].isspace():
            yield SourceText(tuple(spans))
            spans = []
        spans.append(Span(line.rstrip("\r"), Place(file, number, 1, line.rstrip())))
    if spans:
        yield SourceText(tuple(spans))


def parse_assignments(text: str, file: str) -> Assignments:
    """Read main.cf text."""
    entries: dict[str, Assignment] = {}
    order: list[Assignment] = []
    findings: list[Finding] = []
    for line in logical_lines(text, file):
        if str(line)[0].isspace():
            findings.append(
                _finding("GP0001", Level.WARNING, "the first line begins with a blank; it is left out", line)
            )
            continue
        entry = parse_assignment(line)
        if isinstance(entry, Finding):
            findings.append(entry)
            continue
        if entry.name in entries:
            findings.append(_overridden(entries[entry.name], entry))
        entries[entry.name] = entry
        order.append(entry)
    return Assignments(tuple(order), tuple(findings))


def parse_assignment(line: SourceText) -> Assignment | Finding:
    """Read one `name = value`; a finding says why it is none."""
    text = str(line)
    match = _NAME.match(text)
    if match is None:
        return _finding("GP0002", Level.ERROR, "the name before '=' is missing", line)
    rest = text[match.end() :].lstrip()
    if not rest.startswith("="):
        return _finding("GP0003", Level.ERROR, f"missing '=' after {match.group()!r}", line, match.end())
    start = len(text) - len(rest) + 1
    place = line.place()
    assert place is not None, "lines come from a file"  # noqa: S101 - what this module itself guarantees
    return Assignment(match.group(), line.cut(start, len(text)).strip(), place)


def _overridden(before: Assignment, after: Assignment) -> Finding:
    return Finding(
        "GP0004",
        Level.WARNING,
        f"{after.name} is set again; this line overrides line {before.place.line}",
        after.place,
        "delete one of the two",
    )


def _finding(number: str, level: Level, message: str, line: SourceText, offset: int = 0) -> Finding:
    hint = "write `name = value`; a line that continues another begins with a blank" if level is Level.ERROR else ""
    return Finding(number, level, message, line.place(offset), hint)
