"""What is wrong with a configuration, said so that it can be put right.

Rules of this module:

1. A fault is a `Finding`, never a bare exception text. All faults of a configuration are collected and shown at once.
2. The id is stable and never reused: GP00xx syntax, names and single values; GP01xx relations between values; GP02xx
   master.cf; GP03xx restriction lists; GP04xx certificates and logins; GP05xx tables; GP06xx the lint report.
3. The message says what is wrong, the hint what to do. Neither ends with a full stop.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """How serious a finding is. Only an ERROR stops the start."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Place:
    """A spot in a file: line and column count from 1; `source_line` is the whole line, for the caret."""

    file: str
    line: int
    column: int
    source_line: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault or remark. `place` is None where no line of a file is to blame."""

    id: str
    level: Level
    message: str
    place: Place | None = None
    hint: str = ""

    def render(self) -> str:
        """The finding as text: place and message, the source line with a caret, the hint."""
        where = f"{self.place}: " if self.place else ""
        lines = [f"{where}{self.level.value} {self.id}: {self.message}"]
        if self.place and self.place.source_line:
            lines += [f"    {self.place.source_line}", f"    {_caret(self.place)}"]
        if self.hint:
            lines.append(f"    hint: {self.hint}")
        return "\n".join(lines)


def _caret(place: Place) -> str:
    """The caret under the column; tabs before it stay tabs, so that both lines indent alike."""
    before = place.source_line[: place.column - 1]
    return "".join("\t" if character == "\t" else " " for character in before) + "^"


def render(findings: Iterable[Finding]) -> str:
    """All findings as text, in order, one after another."""
    return "\n".join(finding.render() for finding in findings)


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """Those findings that stop the start."""
    return [finding for finding in findings if finding.level is Level.ERROR]


class ConfigurationError(Exception):
    """A configuration that cannot be used. `findings` holds everything found, remarks included."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__(render(self.findings))
