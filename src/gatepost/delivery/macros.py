"""Macros in texts of local delivery (`forward_path`, `luser_relay`, `command_execution_directory`) and their values.

The language is main.cf's: `$name`, `${name?with}`, `${name:without}`, `${name?{with}:{without}}`. What a message brings
along is a value and never read as a macro; characters that its filter does not list become `_`.
"""

from __future__ import annotations

from collections.abc import Mapping

from gatepost.config.expand import expand
from gatepost.config.source import SourceText


def filtered(value: str, allowed: str) -> str:
    """The value with `_` in the place of what is not allowed."""
    return "".join(character if character in allowed else "_" for character in value)


def expanded(text: str, values: Mapping[str, str], allowed: str | None = None) -> str:
    """The text with its macros replaced; unknown names are empty. None allows everything.

    Raises ExpansionError where the text is malformed.
    """
    # A dollar sign in a value is doubled, because values are expanded too.
    safe = {
        name: (value if allowed is None else filtered(value, allowed)).replace("$", "$$")
        for name, value in values.items()
    }
    return str(expand(SourceText.of(text), lambda name: SourceText.of(safe[name]) if name in safe else None))
