"""Events to log lines and back (logs(5) shapes of Postfix; JSON on request).

The rules:

1. `text` and `parse` are derived from the same template, so that `parse(text(e)) == e` for every event whose fields
   are what its template can tell apart.
2. A field never brings a control character into a line: each becomes `?`, as in Postfix.
3. A line carries at most 2,000 bytes of text.
"""

from __future__ import annotations

import json
import re
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache

from gatepost.mail.events import REGISTRY, Emit, Event

TEXT_LIMIT = 2000
"""Bytes of text a record carries (Postfix's limit for syslog records)."""

_TOKEN = re.compile(r"\\([\[\]])|\{(\w+)\}|([\[\]])|([^\\{\[\]]+)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A run of template that is shown as a whole: literal texts and field names in turn."""

    parts: tuple[tuple[bool, str], ...]  # (is a field, text or name)
    optional: bool


@cache
def _pieces(template: str) -> tuple[_Piece, ...]:
    pieces: list[_Piece] = []
    parts: list[tuple[bool, str]] = []
    optional = False
    for found in _TOKEN.finditer(template):
        escaped, name, bracket, literal = found.groups()
        if bracket:
            if parts:
                pieces.append(_Piece(tuple(parts), optional))
            parts, optional = [], bracket == "["
        elif name:
            parts.append((True, name))
        else:
            parts.append((False, escaped or literal))
    if parts:
        pieces.append(_Piece(tuple(parts), optional))
    return tuple(pieces)


def _clean(value: object) -> str:
    return _CONTROL.sub("?", str(value))


def _absent(value: object, *, null_shown: bool) -> bool:
    return value is None or (value == "" and not null_shown)


def text(event: Event) -> str:
    """The line's text, after `process[number]: `."""
    nullable = _nullable(type(event))
    shown: list[str] = []
    for piece in _pieces(event.TEMPLATE):
        values = {name: getattr(event, name) for is_field, name in piece.parts if is_field}
        if piece.optional and any(_absent(v, null_shown=n in nullable) for n, v in values.items()):
            continue
        shown += (_clean(values[part]) if is_field else part for is_field, part in piece.parts)
    line = "".join(shown)
    raw = line.encode("utf-8", "backslashreplace")
    return line if len(raw) <= TEXT_LIMIT else raw[:TEXT_LIMIT].decode("utf-8", "ignore")


@cache
def _types(kind: type[Event]) -> dict[str, type]:
    """Each field's type, `X | None` as X."""
    hints = typing.get_type_hints(kind)
    found: dict[str, type] = {}
    for field in fields(kind):  # type: ignore[arg-type]  # every Event is a dataclass; the type cannot say so
        hint = hints[field.name]
        if isinstance(hint, types.UnionType):
            hint = next(arg for arg in typing.get_args(hint) if arg is not types.NoneType)
        found[field.name] = hint
    return found


@cache
def _nullable(kind: type[Event]) -> frozenset[str]:
    """Fields that tell None (absent) from empty (shown)."""
    hints = typing.get_type_hints(kind)
    return frozenset(name for name in _types(kind) if isinstance(hints[name], types.UnionType))


@cache
def _pattern(kind: type[Event]) -> re.Pattern[str]:
    shapes = {int: r"-?\d+", str: r".*?"}
    wanted = _types(kind)
    built: list[str] = []
    for piece in _pieces(kind.TEMPLATE):
        inner = "".join(
            f"(?P<{part}>{shapes[wanted[part]]})" if is_field else re.escape(part) for is_field, part in piece.parts
        )
        built.append(f"(?:{inner})?" if piece.optional else inner)
    return re.compile("".join(built), re.DOTALL)


def parse(line: str, kinds: tuple[type[Event], ...] | None = None) -> Event | None:
    """The event whose text the line is; None where it is none of ours.

    `kinds` limits the candidates, where the process name tells them; otherwise all are tried, the shapeless last.
    """
    for kind in kinds or _candidates():
        found = _pattern(kind).fullmatch(line)
        if found:
            wanted = _types(kind)
            values = {name: wanted[name](value) for name, value in found.groupdict().items() if value is not None}
            return kind(**values)
    return None


@cache
def _candidates() -> tuple[type[Event], ...]:
    """All events, those with more literal text in their template first, so that the particular beats the general."""

    def weight(kind: type[Event]) -> int:
        return sum(len(part) for piece in _pieces(kind.TEMPLATE) for is_field, part in piece.parts if not is_field)

    return tuple(sorted(REGISTRY.values(), key=weight, reverse=True))


def as_json(event: Event, process: str, number: int, when: str) -> str:
    """The event as one line of JSON: its kind, its fields, and the text that the classic log would show."""
    values = {field.name: getattr(event, field.name) for field in fields(event)}  # type: ignore[arg-type]  # see _types
    record = {"time": when, "process": process, "number": number, "event": type(event).__name__, "text": text(event)}
    return json.dumps({**record, "fields": {k: v for k, v in values.items() if v not in (None, "")}}, ensure_ascii=True)


Sink = Callable[[str, int, Event], None]
"""Takes a process tag such as `postfix/smtpd`, a session or delivery number, and an event."""


@dataclass(frozen=True, slots=True)
class Logger:
    """Binds events to the process name and number under which they are logged."""

    sink: Sink
    syslog_name: str = "postfix"

    def bind(self, process: str, number: int, syslog_name: str | None = None) -> Emit:
        """The way to the log for one session or delivery; `syslog_name` is a service's own, if it has one."""
        tag = f"{syslog_name or self.syslog_name}/{process}"
        sink = self.sink

        def emit(event: Event) -> None:
            sink(tag, number, event)

        return emit
