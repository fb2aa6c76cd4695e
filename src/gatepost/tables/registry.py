"""The table types: how one is written, declared and opened.

To add a type, write a class (or any callable) that takes an `Opening` and returns a `Table`, and declare it:

    @table_type("colour")
    class ColourTable:
        takes_partial_keys = True

        def __init__(self, opening: Opening) -> None: ...

        async def version(self) -> Answers: ...

1. A type that cannot be opened raises Unavailable; the table then fails every lookup, says why, and is tried again
   with the next configuration. The server stays up.
2. `version` gives the content as it is now: one that changes as a whole (a file) gives a value that stays the same; one
   that is asked over the network gives itself.
3. A site adds types of its own by an entry point in the group `gatepost.tables` that loads the module.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import TypeVar

from gatepost.config.settings import Settings
from gatepost.mail.events import Emit, Warned
from gatepost.tables.files import Files
from gatepost.tables.table import Table, Unavailable

GROUP = "gatepost.tables"
"""The entry-point group of table types that live outside this package."""

BUILT_IN = ("accounts", "cidr", "inline", "keyed", "pcre", "regexp")
"""The modules of this package that declare types."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What a table is opened with: `type:name`, and the surroundings."""

    type: str
    name: str
    settings: Settings
    files: Files
    emit: Emit
    alias_syntax: bool = False
    """The text has the form of aliases(5), not that of postmap(1)."""

    @property
    def spec(self) -> str:
        """`type:name`."""
        return f"{self.type}:{self.name}"

    @property
    def utf8(self) -> bool:
        """Whether keys and values are UTF-8 (`smtputf8_enable`) or just bytes."""
        return self.settings.smtputf8_enable

    def warn(self, text: str) -> None:
        """Log a warning about the table."""
        self.emit(Warned(text))


Factory = Callable[[Opening], Table]

_FACTORIES: dict[str, Factory] = {}

_F = TypeVar("_F", bound=Factory)


def table_type(*names: str) -> Callable[[_F], _F]:
    """Declare what opens tables of these types."""

    def declare(factory: _F) -> _F:
        for name in names:
            _FACTORIES[name] = factory
        return factory

    return declare


@cache
def _load() -> None:
    for module in BUILT_IN:
        importlib.import_module(f"gatepost.tables.{module}")
    for point in entry_points(group=GROUP):
        point.load()


def known_types() -> frozenset[str]:
    """Every type that `open_table` can open, `proxy` included."""
    _load()
    return frozenset({*_FACTORIES, "proxy"})


def open_table(opening: Opening) -> Table:
    """Open the table. Raises Unavailable."""
    _load()
    factory = _FACTORIES.get(opening.type)
    if factory is None:
        raise Unavailable(f"unsupported dictionary type: {opening.type}")
    if not opening.name:
        raise Unavailable(f'open dictionary: expecting "type:name" form instead of "{opening.spec}"')
    return factory(opening)
