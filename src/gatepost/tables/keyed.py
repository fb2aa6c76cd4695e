"""hash, btree, lmdb and texthash: key and value pairs, read from the text that postmap(1) or postalias(1) would read.

No index has to be built. Duplicates: the first counts, with a warning; a texthash with duplicates is no table at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gatepost.tables.aliases import alias_pair
from gatepost.tables.registry import Opening, table_type
from gatepost.tables.reread import FileTable, Parsed, Unparsable
from gatepost.tables.source import SPACE, Fault, Line, decode, fold, is_utf8, logical_lines, printable
from gatepost.tables.table import Pairs, Table

_PLAIN = re.compile(rf'([^{SPACE}"\\]+)[{SPACE}]+(.*)', re.DOTALL)
_QUOTED = re.compile(rf'((?:"(?:\\.|[^"\\])*"|\\.|[^{SPACE}"\\])+\\?)(?:[{SPACE}]+(.*))?', re.DOTALL)


@table_type("hash", "btree", "lmdb")
def indexed(opening: Opening) -> Table:
    """A table that Postfix reads through an index; the index is not needed here."""
    return FileTable(
        opening, lambda data: parse_pairs(data, opening, unique=False), partial_keys=True, verb="open database"
    )


@table_type("texthash")
def texthash(opening: Opening) -> Table:
    """A table that Postfix reads as text, too."""
    return FileTable(
        opening, lambda data: parse_pairs(data, opening, unique=True), partial_keys=True, verb="open database"
    )


def parse_pairs(data: bytes, opening: Opening, *, unique: bool) -> Parsed:
    """The pairs of the text. With `unique`, a duplicate raises Unparsable."""
    faults: list[Fault] = []
    pairs: dict[str, str] = {}
    for line, key, value in _pairs(decode(data), opening, faults):
        folded = fold(key, utf8=opening.utf8)
        if folded not in pairs:
            pairs[folded] = value
            continue
        message = f'duplicate entry: "{folded}"'
        place = f"{opening.name}, line {line.number}"
        if unique:
            raise Unparsable(f"{place}: {message}")
        faults.append(Fault(place, message, line.text, loses=False))
    return Parsed(Pairs(pairs), tuple(faults))


def _pairs(text: str, opening: Opening, faults: list[Fault]) -> Iterator[tuple[Line, str, str]]:
    split = alias_pair if opening.alias_syntax else map_pair
    for line in logical_lines(text, faults, opening.name):
        place = f"{opening.name}, line {line.number}"
        if opening.utf8 and not is_utf8(line.text):
            message = f'non-UTF-8 input "{printable(line.text)}" -- ignoring this line'
            faults.append(Fault(place, message, line.text))
            continue
        try:
            key, value = split(line.text)
        except ValueError as error:
            faults.append(Fault(place, str(error), line.text))
            continue
        if key.endswith(":") and not opening.alias_syntax:
            message = 'record is in "key: value" format; is this an alias file?'
            faults.append(Fault(place, message, line.text, loses=False))
        yield line, key, value


def map_pair(text: str) -> tuple[str, str]:
    """Key and value of a postmap line; quotes stay part of the key. Raises ValueError with the fault's message."""
    found = _PLAIN.fullmatch(text) or _QUOTED.fullmatch(text)
    if not found:
        raise ValueError(f"unbalanced '\"' in '{text}' -- ignoring this line")
    key, value = found.groups(default="")
    value = value.strip(SPACE)
    if not value:
        raise ValueError("expected format: key whitespace value -- ignoring this line")
    return key, value
