"""The line syntax of aliases(5): `name: value, value`."""

from __future__ import annotations

import re

from gatepost.tables.source import SPACE

_NAME = re.compile(r'((?:"(?:\\.|[^"\\])*"|[^":])*):(.*)', re.DOTALL)
_QUOTED = re.compile(r'"((?:\\.|[^"\\])*)"', re.DOTALL)


def alias_pair(text: str) -> tuple[str, str]:
    """Name (unquoted) and value (as written) of a logical line. Raises ValueError with the fault's message."""
    found = _NAME.fullmatch(text)
    name, value = (part.strip(SPACE) for part in found.groups()) if found else ("", "")
    name = _QUOTED.sub(lambda quoted: re.sub(r"\\(.)", r"\1", quoted[1]), name)
    if not name or not value:
        raise ValueError("need name:value pair")
    if "@" in name:
        raise ValueError("name must be local")
    return name, value
