r"""Every log line as a value: one dataclass an event, its text declared beside its fields.

Rules of this package:

1. An event is a frozen dataclass under `@event("template")`; one module a subject.
2. The template is the text after `process[number]: `, severity word included. `{field}` stands for a field;
   `[...]` is left out unless every field in it has a value (neither None nor empty); `\[` and `\]` are brackets.
3. `gatepost.maillog` turns events into lines and back; nothing else formats a log line.
4. Field values are made safe there: control characters never reach the log.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, TypeVar, dataclass_transform


@dataclass(frozen=True)
class Event:
    """The base of all events. `TEMPLATE` is the declared text."""

    TEMPLATE: ClassVar[str]


Emit = Callable[[Event], None]
"""Takes an event to the log, under the process name and number that it was bound to."""

REGISTRY: dict[str, type[Event]] = {}
"""Event class by name, in order of declaration; `maillog.parse` tries them in this order."""

_E = TypeVar("_E", bound=Event)


@dataclass_transform(frozen_default=True)
def event(template: str) -> Callable[[type[_E]], type[_E]]:
    """Declare an event class with its log text."""

    def declare(cls: type[_E]) -> type[_E]:
        made = dataclass(frozen=True)(cls)
        made.TEMPLATE = template
        REGISTRY[made.__name__] = made
        return made

    return declare


@event("warning: {text}")
class Warned(Event):
    """A warning that has no shape of its own."""

    text: str


@event("{text}")
class Noted(Event):
    """A remark that has no shape of its own."""

    text: str


@event("fatal: {text}")
class Failed(Event):
    """A part of the server cannot go on."""

    text: str
