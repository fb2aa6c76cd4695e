"""Files that only root may read, for processes that are not root any more.

The rules:

1. The supervisor reads what the mail owner cannot: keys, password maps, the users file. It never guesses by trying;
   it looks at owner and mode.
2. A worker that was forked has them in memory; a reload brings them as a memory file (`control.seal`).
3. Such a file is as it was when it was handed over: its changes take effect with the next reload.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from gatepost.config.load import Configuration
from gatepost.config.settings import Settings
from gatepost.server.privileges import Owner
from gatepost.tables.files import LocalFiles, Signature
from gatepost.tls.context import certificate_files

FILE_LIMIT = 64 * 1024 * 1024
"""Bytes of a file that is handed over; a table of that size has no business being readable by root alone."""

_TABLE = re.compile(r"\b(?:proxy:)?(?:hash|btree|lmdb|cdb|texthash|regexp|pcre|cidr):(/[^\s,{}]+)")
_PATH = re.compile(r"(?<![\w:])/[^\s,:]+")


def private_files(configuration: Configuration, *, owner: Owner | None) -> dict[str, bytes]:
    """The contents of the configuration's files that the owner may not read; none where we keep our own rights."""
    if owner is None:
        return {}
    found: dict[str, bytes] = {}
    for name in dict.fromkeys(_named_files(configuration)):
        try:
            status = Path(name).stat()
            if not _readable(status, owner) and status.st_size <= FILE_LIMIT:
                found[name] = Path(name).read_bytes()
        except OSError:
            continue  # who needs the file will say that it is missing
    return found


def _named_files(configuration: Configuration) -> Iterator[str]:
    """The files that the configuration names, in main.cf or in the overrides of a service."""
    for settings in (configuration.settings, *(service.settings for service in configuration.services)):
        for prefix in ("smtpd", "smtp", "lmtp"):
            yield from certificate_files(settings, prefix)
        if settings.gatepost_users_file:
            yield settings.gatepost_users_file
        for name in settings.names():
            yield from _TABLE.findall(settings.text(name))
        yield from _server_name_files(settings)


def _server_name_files(settings: Settings) -> Iterator[str]:
    """The certificates that `tls_server_sni_maps` names in its source texts."""
    for path in _TABLE.findall(settings.text("tls_server_sni_maps")):
        try:
            text = Path(path).read_text("utf-8", "replace")
        except OSError:
            continue
        yield from _PATH.findall(text)


def _readable(status: os.stat_result, owner: Owner) -> bool:
    if status.st_uid == owner.uid:
        return bool(status.st_mode & 0o400)
    if status.st_gid == owner.gid:
        return bool(status.st_mode & 0o040)
    return bool(status.st_mode & 0o004)


class HandedFiles(LocalFiles):
    """The file system, with the files that were handed over in place of those on disk."""

    def __init__(self, handed: Mapping[str, bytes]) -> None:
        super().__init__()
        self._handed = dict(handed)
        self._when = time.time_ns()

    def signature(self, path: str) -> Signature:
        """A handed file has one state for good. Raises OSError."""
        content = self._handed.get(path)
        return super().signature(path) if content is None else self._state(content)

    def read(self, path: str) -> tuple[bytes, Signature]:
        """The content. Raises OSError."""
        content = self._handed.get(path)
        return super().read(path) if content is None else (content, self._state(content))

    def content(self, path: str) -> bytes:
        """The content alone. Raises OSError."""
        return self.read(path)[0]

    def _state(self, content: bytes) -> Signature:
        return Signature(0, 0, len(content), 0, self._when)
