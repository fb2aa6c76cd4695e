"""All tables of a configuration, and the view of them that one mail transaction has.

1. A table is opened when it is first asked, and once, however often the configuration names it.
2. A view sees one version of each table: the one that was in force when it first asked. Make a view for each mail
   transaction (and one for each delivery), and drop it with the transaction.
3. `proxy:type:name` is `type:name`. A name without type has `default_database_type`.
4. A table that `alias_maps` or `alias_database` names has the syntax of aliases(5) wherever it is asked.
5. An empty key has no value. With UTF-8, neither has a key that is not UTF-8.
"""

from __future__ import annotations

from collections.abc import Iterator

from gatepost.config.settings import Settings
from gatepost.mail.events import Emit, Warned
from gatepost.mail.events.tables import TableUnavailable
from gatepost.oracle import LookupFailed
from gatepost.tables.files import Files, LocalFiles
from gatepost.tables.registry import Opening, open_table
from gatepost.tables.source import fold, is_utf8, printable
from gatepost.tables.table import Answers, Broken, InMemory, Pairs, Table, Unanswered, Unavailable

NOT_UTF8 = "malformed UTF-8 or invalid codepoint"


class Tables:
    """The tables of one configuration. `emit` takes what they say as they are read."""

    def __init__(self, settings: Settings, emit: Emit, files: Files | None = None) -> None:
        self.utf8 = settings.smtputf8_enable
        self._settings = settings
        self._emit = emit
        self._files = files or LocalFiles()
        self._aliases = frozenset(map(self.plain, (*settings.alias_maps, *settings.alias_database)))
        self._open: dict[str, Table] = {}

    def plain(self, spec: str) -> str:
        """`type:name` as it is opened: without `proxy:`, with a type."""
        while spec.startswith("proxy:"):
            spec = spec.removeprefix("proxy:")
        kind, colon, _ = spec.partition(":")
        return spec if colon and "/" not in kind else f"{self._settings.default_database_type}:{spec}"

    def table(self, spec: str) -> Table:
        """The table, opened if it is not yet. One that cannot be opened fails every lookup."""
        found = self._open.get(spec)
        if found is None:
            plain = self.plain(spec)
            found = self._open.get(plain) or self._opened(plain)
            self._open[spec] = self._open[plain] = found
        return found

    def _opened(self, spec: str) -> Table:
        kind, _, name = spec.partition(":")
        opening = Opening(kind, name, self._settings, self._files, self._emit, alias_syntax=spec in self._aliases)
        try:
            return open_table(opening)
        except Unavailable as error:
            return Broken(error.reason)

    def view(self, emit: Emit | None = None) -> TableView:
        """What one transaction sees; `emit` takes what its lookups say, under its own number in the log."""
        return TableView(self, emit or self._emit)


class TableView:
    """One version of each table."""

    def __init__(self, tables: Tables, emit: Emit) -> None:
        self._tables = tables
        self._emit = emit
        self._versions: dict[str, Answers] = {}
        self._content: dict[str, dict[str, str] | None] = {}

    def partial_keys(self, spec: str) -> bool:
        """Whether keys derived from the first, full one may be asked of the table."""
        return self._tables.table(spec).takes_partial_keys

    def content(self, spec: str) -> dict[str, str] | None:
        """The table's folded keys and their values, where they are in memory; None where only `lookup` can tell."""
        try:
            return self._content[spec]
        except KeyError:
            found = self._content[spec] = self._in_memory(spec)
            return found

    def _in_memory(self, spec: str) -> dict[str, str] | None:
        version, table = self._versions.get(spec), self._tables.table(spec)
        if version is None and isinstance(table, InMemory):
            try:
                version = table.at_hand()
            except Unavailable:
                return None
            if version is not None:
                self._versions[spec] = version
        return version.pairs if isinstance(version, Pairs) and version.sound else None

    async def lookup(self, spec: str, key: str) -> str | None:
        """The value for the key, None where there is none. Raises LookupFailed."""
        if not key:
            return None
        table = self._tables.table(spec)
        utf8 = self._tables.utf8
        if utf8 and not is_utf8(key):
            self._emit(Warned(f'{spec}: non-UTF-8 key "{printable(key)}": {NOT_UTF8}'))
            return None
        try:
            version = self._versions.get(spec)
            if version is None:
                version = self._versions[spec] = await table.version()
            value = await version.find(fold(key, utf8=utf8) if table.takes_partial_keys else key)
        except Unavailable as error:
            self._emit(TableUnavailable(self._tables.plain(spec), error.reason))
            raise LookupFailed(spec, key, error.reason) from error
        except Unanswered as error:
            if error.reason:
                self._emit(Warned(error.reason))
            raise LookupFailed(spec, key, error.reason or "the table fails every lookup") from error
        if value is not None and utf8 and not is_utf8(value):
            reason = f'{spec}: key "{key}": non-UTF-8 value "{printable(value)}": {NOT_UTF8}'
            self._emit(Warned(reason))
            raise LookupFailed(spec, key, reason)
        return value

    async def pairs(self, spec: str) -> Iterator[tuple[str, str]]:
        """Every key and value of the table, in order. Raises LookupFailed, also where the table cannot tell."""
        try:
            version = await self._tables.table(spec).version()
        except Unavailable as error:
            raise LookupFailed(spec, "", error.reason) from error
        if not isinstance(version, Pairs):
            raise LookupFailed(spec, "", f"{spec} cannot list its content")
        return version.items()
