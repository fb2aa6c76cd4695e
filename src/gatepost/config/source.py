"""Text that knows where each of its characters was written.

A value of main.cf may be spread over continuation lines, and after expansion over several parameters. `SourceText`
keeps the file, line and column of every part, so that a finding or an explanation can point at the very word.
Text that no file contains (a default) has no place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from gatepost.config.findings import Place

SEPARATORS = ", \t\r\n"
"""What stands between the words of a list."""


@dataclass(frozen=True, slots=True)
class Span:
    """Characters that stand together on one line. `place` is that of the first one, None for built-in text."""

    text: str
    place: Place | None = None

    def cut(self, start: int, end: int) -> Span:
        """The part from start to end (within the span)."""
        if self.place is None or start == 0:
            return Span(self.text[start:end], self.place)
        return Span(self.text[start:end], replace(self.place, column=self.place.column + start))


@dataclass(frozen=True, slots=True)
class SourceText:
    """A text made of spans. `str()` gives the plain text."""

    spans: tuple[Span, ...] = ()

    @classmethod
    def of(cls, text: str, place: Place | None = None) -> SourceText:
        """The text as one span."""
        return cls((Span(text, place),))

    @classmethod
    def join(cls, parts: Iterable[SourceText]) -> SourceText:
        """The parts one after another."""
        return cls(tuple(span for part in parts for span in part.spans))

    def __str__(self) -> str:
        if len(self.spans) == 1:
            return self.spans[0].text
        return "".join(span.text for span in self.spans)

    def place(self, offset: int = 0) -> Place | None:
        """Where the character at the offset stands; past the end: just behind the last one."""
        for span in self.spans:
            if offset < len(span.text):
                return span.cut(offset, offset).place
            offset -= len(span.text)
        if not self.spans:
            return None
        last = self.spans[-1]
        return last.cut(len(last.text) + offset, len(last.text) + offset).place

    def cut(self, start: int, end: int) -> SourceText:
        """The characters from start to end."""
        spans = []
        for span in self.spans:
            length = len(span.text)
            if start < length and end > 0:
                spans.append(span.cut(max(start, 0), min(end, length)))
            start -= length
            end -= length
        return SourceText(tuple(spans))

    def strip(self) -> SourceText:
        """The text without blanks at both ends."""
        plain = str(self)
        start = len(plain) - len(plain.lstrip())
        return self.cut(start, len(plain.rstrip()))


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a list: its text, braces included, and where it was written."""

    text: str
    place: Place | None = None
    source: SourceText = field(default=SourceText(), compare=False, repr=False)

    @property
    def grouped(self) -> bool:
        """Whether braces enclose the whole word."""
        return self.text.startswith("{") and _closing(self.text, 0) == len(self.text) - 1

    def inside(self) -> SourceText:
        """The text between the outer braces, blanks at both ends removed; the whole text of a word without braces."""
        source = self.source if self.source.spans else SourceText.of(self.text, self.place)
        return source.cut(1, len(self.text) - 1).strip() if self.grouped else source

    def words(self) -> tuple[Word, ...]:
        """The words of a group, each with its own place; the word itself where it is no group."""
        return split_words(self.inside()) if self.grouped else (self,)


def split_words(source: SourceText, separators: str = SEPARATORS) -> tuple[Word, ...]:
    """The words between separators. Separators inside `{}` belong to the word."""
    text = str(source)
    words = []
    start, end = 0, len(text)
    while start < end:
        if text[start] in separators:
            start += 1
            continue
        stop = _word_end(text, start, separators)
        part = source.cut(start, stop)
        words.append(Word(text[start:stop], part.place(), part))
        start = stop
    return tuple(words)


def _word_end(text: str, start: int, separators: str) -> int:
    """The index of the first separator that no open brace encloses."""
    depth = 0
    for index in range(start, len(text)):
        character = text[index]
        if character == "{":
            depth += 1
        elif character == "}" and depth:
            depth -= 1
        elif not depth and character in separators:
            return index
    return len(text)


def _closing(text: str, start: int) -> int:
    """The index of the brace that closes the one at start, -1 where it stays open."""
    depth = 0
    for index in range(start, len(text)):
        if text[index] == "{":
            depth += 1
        elif text[index] == "}":
            depth -= 1
            if not depth:
                return index
    return -1
