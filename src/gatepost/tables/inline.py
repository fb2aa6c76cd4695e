"""inline, static and fail: tables that are written where they are named."""

from __future__ import annotations

from gatepost.tables.registry import Opening, table_type
from gatepost.tables.source import SPACE, closing_brace, fold, is_utf8, split_items
from gatepost.tables.table import Answers, Constant, Pairs, Table, Unanswered, Unavailable


@table_type("inline")
def inline(opening: Opening) -> Table:
    """`inline:{key=value, { key = text with blanks }}`. The last of equal keys counts."""
    try:
        pairs = dict(_pair(item) for item in _items(opening.name))
    except ValueError as error:
        raise Unavailable(f'{error}: "{opening.spec}"; need "{opening.type}:{{name=value...}}"') from error
    folded = {fold(key, utf8=opening.utf8): value for key, value in pairs.items()}
    sound = not opening.utf8 or all(map(is_utf8, folded.values()))
    return Constant(Pairs(folded, sound=sound), partial_keys=True)


def _items(name: str) -> list[str]:
    if not name.startswith("{") or closing_brace(name) != len(name) - 1 or name == "{}":
        raise ValueError("bad syntax")
    items = [item.text for item in split_items(name[1:-1])]
    if not items:
        raise ValueError("empty table")
    return items


def _pair(item: str) -> tuple[str, str]:
    key, equals, value = item.partition("=")
    key = key.rstrip(SPACE)
    if not equals or any(character in SPACE for character in key):
        raise ValueError("missing '=' after attribute name")
    return key, value.strip(SPACE)


@table_type("static")
def static(opening: Opening) -> Table:
    """`static:text` and `static:{ text with blanks }`: every key has this value."""
    value = opening.name
    if value.startswith("{"):
        end = closing_brace(value)
        if end < 0:
            raise Unavailable(f"bad static:name syntax: missing '}}' in \"{value}\"")
        if value[end + 1 :]:
            raise Unavailable(f"bad static:name syntax: syntax error after '}}' in \"{value}\"")
        value = value[1:end].strip(SPACE)
    return Constant(_Always(value), partial_keys=True)


class _Always:
    def __init__(self, value: str) -> None:
        self._value = value

    async def find(self, key: str) -> str | None:  # noqa: ARG002 - whatever it is
        return self._value


@table_type("fail")
class Fail:
    """`fail:label`: every lookup is an error."""

    takes_partial_keys = False

    def __init__(self, opening: Opening) -> None:
        """Nothing to open."""

    async def version(self) -> Answers:
        """Itself."""
        return self

    async def find(self, key: str) -> str | None:  # noqa: ARG002 - whatever it is
        """Raises Unanswered."""
        raise Unanswered
