"""`gatepost run` as a process, for tests of what only processes do."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, Queue
from typing import Protocol

PATIENCE = 30.0
"""Seconds for anything to happen."""


class Running:
    """A server under test. Its output is read as it comes, so that waiting for a line needs no sleeping."""

    def __init__(self, folder: Path, environment: dict[str, str] | None = None, within: tuple[str, ...] = ()) -> None:
        """`within` is a command that becomes the server's, such as `unshare`."""
        self.process = subprocess.Popen(
            [*within, sys.executable, "-m", "gatepost.cli.main", "run", "-c", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
        self.lines: list[str] = []
        self.output: list[str] = []
        """All that it has said; `lines` are those that somebody waited through."""
        self._coming: Queue[str] = Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            text = line.decode("utf-8", "replace").rstrip("\n")
            self.output.append(text)
            self._coming.put(text)
        self._coming.put("(end of output)")

    def wait_for(self, text: str) -> str:
        """The next line with the text in it."""
        while True:
            try:
                line = self._coming.get(timeout=PATIENCE)
            except Empty as error:
                raise AssertionError(f"waited in vain for {text!r}: {self.lines}") from error
            self.lines.append(line)
            if text in line:
                return line
            assert line != "(end of output)", f"waited in vain for {text!r}: {self.lines}"

    def signal(self, number: signal.Signals) -> None:
        """Send the supervisor a signal."""
        self.process.send_signal(number)

    def workers(self) -> list[int]:
        """The process ids of its children."""
        text = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text("ascii")
        return [int(word) for word in text.split()]

    def end(self) -> int:
        """End it as an administrator does; the exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(PATIENCE)
        finally:
            self._tidy()

    def _tidy(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        if self.process.stdout is not None:
            self.process.stdout.close()


@contextmanager
def running(folder: Path, environment: dict[str, str] | None = None, within: tuple[str, ...] = ()) -> Iterator[Running]:
    """A server that has said that it is ready."""
    server = Running(folder, environment, within)
    try:
        server.wait_for("daemon started")
        yield server
    finally:
        server.end()


def talk(port: int, *lines: str) -> list[str]:
    """Say lines to a server, one after another; the last line of each reply, the greeting first."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as end, end.makefile("rwb") as stream:
        replies = [_reply(stream)]
        for line in lines:
            stream.write(f"{line}\r\n".encode())
            stream.flush()
            replies.append(_reply(stream))
    return replies


class _Lines(Protocol):
    def readline(self) -> bytes: ...


def _reply(stream: _Lines) -> str:
    while True:
        line = stream.readline().decode("utf-8", "replace").rstrip("\r\n")
        if line[3:4] != "-":
            return line
