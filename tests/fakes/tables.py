"""Opening tables in tests: what they say is kept, files are `FakeFiles`."""

from __future__ import annotations

import asyncio

from gatepost import maillog
from gatepost.config.settings import Settings
from gatepost.mail.events import Event
from gatepost.oracle import LookupFailed
from gatepost.tables.view import Tables
from tests.fakes.files import FakeFiles


class TableBench:
    """Tables over fake files; `said` holds the log's lines."""

    def __init__(self, main_cf: str = "compatibility_level = 3.6\n", **texts: str | bytes) -> None:
        self.files = FakeFiles()
        for name, text in texts.items():
            self.files.write(f"/{name}", text)
        self.said: list[str] = []
        self.tables = Tables(Settings.parse(main_cf), self.emit, self.files)

    def emit(self, event: Event) -> None:
        self.said.append(maillog.text(event))

    def ask(self, spec: str, key: str) -> str | None:
        """One question, in a transaction of its own; the reason in angle brackets where it fails."""
        return asyncio.run(self.answer(spec, key))

    async def answer(self, spec: str, key: str) -> str | None:
        try:
            return await self.tables.view().lookup(spec, key)
        except LookupFailed as error:
            return f"<{error.reason}>"
