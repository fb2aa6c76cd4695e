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
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from operator import attrgetter

from gatepost.mail.events import REGISTRY, Emit, Event

TEXT_LIMIT = 2000
"""Bytes of text a record carries (Postfix's limit for syslog records)."""

_TOKEN = re.compile(r"\\([\[\]])|\{(\w+)\}|([\[\]])|([^\\{\[\]]+)")
_FIELD: dict[type, str] = {int: r"-?\d+", str: r".*?"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _values(names: tuple[str, ...]) -> Callable[[Event], tuple[object, ...]]:
    """What gives the values of the fields."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda event: tuple([getattr(event, name) for name in names])


@dataclass(frozen=True, slots=True)
class _Piece:
    """A run of template that is shown as a whole: literal texts and field names in turn."""

    parts: tuple[tuple[bool, str], ...]  # (is a field, text or name)
    optional: bool
    form: str  # the same with %s for each field
    fields: tuple[str, ...]
    values: Callable[[Event], tuple[object, ...]]

    @classmethod
    def of(cls, parts: list[tuple[bool, str]], *, optional: bool) -> _Piece:
        form = "".join("%s" if is_field else part.replace("%", "%%") for is_field, part in parts)
        fields = tuple(part for is_field, part in parts if is_field)
        return cls(tuple(parts), optional, form, fields, _values(fields))


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a template says, worked out once for each event class."""

    pieces: tuple[_Piece, ...]
    types: dict[str, type]  # each field's type, `X | None` as X
    nullable: frozenset[str]  # fields that tell None (absent) from empty (shown)
    pattern: re.Pattern[str]
    weight: int  # characters of literal text
    plain: tuple[str, Callable[[Event], object]] | None  # form and values, where nothing is optional


_SHAPES: dict[type[Event], _Shape] = {}


def _shape(kind: type[Event]) -> _Shape:
    found = _SHAPES.get(kind)
    if found is None:
        pieces = tuple(_pieces(kind.TEMPLATE))
        hints = typing.get_type_hints(kind)
        wanted = {field.name: _plain_type(hints[field.name]) for field in fields(kind)}
        nullable = frozenset(name for name in wanted if isinstance(hints[name], types.UnionType))
        weight = sum(len(part) for piece in pieces for is_field, part in piece.parts if not is_field)
        found = _SHAPES[kind] = _Shape(pieces, wanted, nullable, _pattern(pieces, wanted), weight, _plain(pieces))
    return found


def _plain(pieces: tuple[_Piece, ...]) -> tuple[str, Callable[[Event], object]] | None:
    names = [name for piece in pieces for name in piece.fields]
    if not names or any(piece.optional for piece in pieces):
        return None
    return "".join(piece.form for piece in pieces), attrgetter(*names)


def _pieces(template: str) -> Iterator[_Piece]:
    parts: list[tuple[bool, str]] = []
    optional = False
    for found in _TOKEN.finditer(template):
        escaped, name, bracket, literal = found.groups()
        if bracket:
            if parts:
                yield _Piece.of(parts, optional=optional)
            parts, optional = [], bracket == "["
        elif name:
            parts.append((True, name))
        else:
            parts.append((False, escaped or literal))
    if parts:
        yield _Piece.of(parts, optional=optional)


def _plain_type(hint: type | types.UnionType) -> type:
    if isinstance(hint, types.UnionType):
        return next(arg for arg in typing.get_args(hint) if arg is not types.NoneType)  # type: ignore[no-any-return]  # get_args tells Any
    return hint


def _pattern(pieces: tuple[_Piece, ...], wanted: dict[str, type]) -> re.Pattern[str]:
    built: list[str] = []
    for piece in pieces:
        inner = "".join(
            f"(?P<{part}>{_FIELD[wanted[part]]})" if is_field else re.escape(part) for is_field, part in piece.parts
        )
        built.append(f"(?:{inner})?" if piece.optional else inner)
    return re.compile("".join(built), re.DOTALL)


def text(event: Event) -> str:
    """The line's text, after `process[number]: `."""
    shape = _SHAPES.get(type(event)) or _shape(type(event))
    line = shape.plain[0] % shape.plain[1](event) if shape.plain else _pieced(event, shape)
    if not line.isprintable():
        line = _CONTROL.sub("?", line)
    if len(line) * 4 <= TEXT_LIMIT:
        return line
    raw = line.encode("utf-8", "backslashreplace")
    return line if len(raw) <= TEXT_LIMIT else raw[:TEXT_LIMIT].decode("utf-8", "ignore")


def _pieced(event: Event, shape: _Shape) -> str:
    """The text without what is optional and absent."""
    shown: list[str] = []
    for piece in shape.pieces:
        values = piece.values(event)
        if not piece.optional or not (
            None in values or ("" in values and (not shape.nullable or _is_absent(piece, values, shape)))
        ):
            shown.append(piece.form % values)
    return "".join(shown)


def _is_absent(piece: _Piece, values: tuple[object, ...], shape: _Shape) -> bool:
    return any(value == "" and name not in shape.nullable for name, value in zip(piece.fields, values, strict=True))


def parse(line: str, kinds: tuple[type[Event], ...] | None = None) -> Event | None:
    """The event whose text the line is; None where it is none of ours.

    `kinds` limits the candidates, where the process name tells them; otherwise all are tried, those with more literal
    text in their template first, so that the particular beats the general.
    """
    for kind in kinds or sorted(REGISTRY.values(), key=lambda kind: -_shape(kind).weight):
        shape = _shape(kind)
        found = shape.pattern.fullmatch(line)
        if found:
            given = {name: value for name, value in found.groupdict().items() if value is not None}
            return kind(**{name: shape.types[name](value) for name, value in given.items()})
    return None


def as_json(event: Event, process: str, number: int, when: str) -> str:
    """The event as one line of JSON: its kind, its fields, and the text that the classic log would show."""
    values = {field.name: getattr(event, field.name) for field in fields(event)}
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
