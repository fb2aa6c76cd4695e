"""Certificates by server name: `tls_server_sni_maps`.

The rules:

1. A name is looked up in lower case, then as `.parent.domain` for each parent; there is no other wildcard.
2. A value is a list of files, each with a key and its certificates, or the base64 text of such a file.
3. The indexed table types (hash and its kind) hold base64 text, put there by `postmap -F` from a source that names
   files. We read that source, so file names are good where the index beside it shows that it was made so; otherwise
   they are what they are for Postfix, a malformed value that fails the handshake. `texthash:` needs no index.
4. Contexts are kept by value: a table that changes takes effect with the next client, and costs nothing until then.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from dataclasses import replace

from OpenSSL import SSL

from gatepost.tls.chains import Chain, ChainError, Read, read_chain_files
from gatepost.tls.details import Side
from gatepost.tls.setup import Terms, make_context

LookUp = Callable[[str], tuple[str, str] | None]
"""Asks the maps for a key: the value, and the `type:name` of the table it is from. Raises LookupFailed."""

CONTEXTS = 1000
"""Certificates kept ready; each costs some tens of kilobytes. Above that, all are dropped and read again as needed."""

_INDEXED = {"hash": ".db", "btree": ".db", "lmdb": ".lmdb", "cdb": ".cdb", "dbm": ".pag", "sdbm": ".pag"}
"""Table types that Postfix reads from an index, and the index's suffix."""

_PEM_IN_BASE64 = base64.b64encode(b"-----BEGIN ")[:14]
"""What base64 text of a PEM file begins with."""

_SHOWN = 30
"""Characters of a malformed value that log lines show."""


class ServerNames:
    """Finds the certificate for a server name."""

    def __init__(self, look_up: LookUp, read: Read) -> None:
        self._look_up = look_up
        self._read = read
        self._chains: dict[tuple[str, str], tuple[Chain, ...]] = {}
        self._contexts: dict[tuple[Chain, ...], SSL.Context] = {}

    def find(self, name: str) -> tuple[Chain, ...] | None:
        """The chains for a name, None where the maps have none. Raises LookupFailed and ChainError."""
        for key in _keys(name.lower().rstrip(".")):
            found = self._look_up(key)
            if found is not None:
                if found not in self._chains:
                    if len(self._chains) >= CONTEXTS:
                        self._chains.clear()
                        self._contexts.clear()
                    self._chains[found] = self._load(key, *found)
                return self._chains[found]
        return None

    def context(self, chains: tuple[Chain, ...], terms: Terms) -> SSL.Context:
        """A context with these chains, otherwise as the terms say. Raises ChainError."""
        if chains not in self._contexts:
            self._contexts[chains] = make_context(Side.SERVER, replace(terms, chains=chains))
        return self._contexts[chains]

    def _load(self, key: str, value: str, table: str) -> tuple[Chain, ...]:
        try:
            text = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            if not self._names_files(table):
                shown = value[:_SHOWN]
                raise ChainError(f"table {table}: key {key}: malformed BASE64 value: {shown}") from None
            return read_chain_files(value.replace(",", " ").split(), self._read)
        return read_chain_files([f"{table} {key}"], lambda _: text)

    def _names_files(self, table: str) -> bool:
        """Whether values of the table may be file names."""
        kind, _, name = table.removeprefix("proxy:").partition(":")
        if kind not in _INDEXED:
            return True
        try:
            return _PEM_IN_BASE64 in self._read(name + _INDEXED[kind])
        except OSError:
            return False


def _keys(name: str) -> Iterator[str]:
    yield name
    while "." in name:
        name = name.partition(".")[2]
        yield f".{name}"
