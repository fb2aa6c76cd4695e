"""The environment of commands: made from scratch (`export_environment`, `import_environment`). Pure.

The rules:

1. PATH is a fixed one. What `export_environment` names is passed on, or set where it says `name=value`.
2. What is passed on comes from our own environment as far as `import_environment` lets it in; MAIL_CONFIG is always the
   directory of the configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gatepost.config.settings import Settings

PATH = "/usr/bin:/bin"
"""Where programs are looked for."""


@dataclass(frozen=True, slots=True)
class Exported:
    """The variables that every command has."""

    values: dict[str, str] = field(default_factory=lambda: {"PATH": PATH})

    @classmethod
    def of(cls, settings: Settings, ours: Mapping[str, str]) -> Exported:
        """Those that the settings make of our own environment. Raises ConfigurationError."""
        imported = _chosen(settings.import_environment, {**ours, "MAIL_CONFIG": settings.config_directory})
        return cls({**_chosen(settings.export_environment, imported), "PATH": PATH})


def _chosen(words: tuple[str, ...], known: Mapping[str, str]) -> dict[str, str]:
    """Each word names a variable that is taken over where it is known, or gives one a value."""
    chosen: dict[str, str] = {}
    for word in words:
        name, equals, value = word.strip("{} ").partition("=")
        if equals:
            chosen[name.strip()] = value.strip()
        elif name in known:
            chosen[name] = known[name]
    return chosen
