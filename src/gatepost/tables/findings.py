"""What is wrong with the tables that a configuration names, before any is asked."""

from __future__ import annotations

from collections.abc import Iterator

from gatepost.config.findings import Finding, Level
from gatepost.config.param import Tables
from gatepost.config.settings import PARAMETERS, Settings
from gatepost.config.source import Word
from gatepost.tables.registry import known_types

POSTFIX_TYPES = frozenset(
    {
        *("cdb", "dbm", "debug", "environ", "internal", "ldap", "memcache", "mongodb", "mysql", "netinfo", "nisplus"),
        *("pgsql", "pipemap", "randmap", "sdbm", "socketmap", "sqlite", "tcp", "unionmap"),
    }
)
"""Types of Postfix that are not built in here; an entry point may still bring one. Any list may name one of them."""

_OPTIONAL = frozenset({"nis"})
"""Types that stock configurations name on machines that have no such thing."""


def unsupported_tables(settings: Settings) -> list[Finding]:
    """An error for each table whose type there is not: every lookup in it would defer mail."""
    known = known_types()
    return [
        Finding(
            "GP0501",
            Level.ERROR,
            f"{name} asks {spec}, and there are no tables of type {kind}",
            word.place,
            "export the table to a text and name that as hash:, or install a package that brings the type",
        )
        for name in settings.names()
        for word in settings.words(name)
        for kind, spec in _tables(word)
        if kind in POSTFIX_TYPES - known or (isinstance(PARAMETERS.get(name), Tables) and kind not in known | _OPTIONAL)
    ]


def _tables(word: Word) -> Iterator[tuple[str, str]]:
    """Type and `type:name` of what a word, or a group in braces, may name."""
    text = str(word.text)
    parts = text.strip("{}").replace(",", " ").split() if text.startswith("{") else [text]  # a table may hold its rows
    for part in parts:
        kind, colon, name = part.removeprefix("proxy:").partition(":")
        if colon and name:
            yield kind, part
