"""Files and a clock for tables, both in the test's hand."""

from __future__ import annotations

from dataclasses import dataclass, field

from gatepost.tables.files import Signature


@dataclass
class FakeFiles:
    """Implements `gatepost.tables.files.Files`: texts by path, each with the time it was written."""

    time: float = 1_000_000.0
    texts: dict[str, bytes] = field(default_factory=dict)
    written: dict[str, float] = field(default_factory=dict)
    inodes: dict[str, int] = field(default_factory=dict)
    reads: int = 0

    def write(self, path: str, text: str | bytes, *, age: float = 0.0) -> None:
        """Write the file now, or some seconds ago."""
        self.texts[path] = text.encode() if isinstance(text, str) else text
        self.written[path] = self.time - age
        self.inodes[path] = self.inodes.get(path, 0) + 1

    def remove(self, path: str) -> None:
        del self.texts[path]

    def signature(self, path: str) -> Signature:
        if path not in self.texts:
            raise FileNotFoundError(2, "No such file or directory", path)
        written = int(self.written[path] * 1e9)
        return Signature(1, self.inodes[path], len(self.texts[path]), written, written)

    def read(self, path: str) -> tuple[bytes, Signature]:
        signature = self.signature(path)
        self.reads += 1
        return self.texts[path], signature

    def now(self) -> float:
        return self.time
