"""A whole server for a test: a folder with its configuration, its port, its mailboxes, and raw clients of it.

The folder is one that the mail owner can enter. Mail for anybody at box.example goes into one Maildir, mail for
far.example to `relay`, which a test may point to a server of its own. The client's address is not among `mynetworks`,
so that nothing is let through for being local.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from tests.fakes.configurations import free_port, write
from tests.fakes.running import PATIENCE, Running, running

_T = TypeVar("_T")

NOBODY = 65534


def wait_until(what: str, look: Callable[[], _T | None]) -> _T:
    """Look again until there is something; for what another process does without telling."""
    end = time.monotonic() + PATIENCE
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)


class Wire:
    """A client that sends what it is told, byte for byte."""

    def __init__(self, port: int, source: str = "127.0.0.1") -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE, (source, 0))
        self._stream = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._stream.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self.socket.sendall(data)

    def reply(self) -> str:
        """The last line of the next reply; empty where the server has hung up."""
        while True:
            line = self._stream.readline().decode("utf-8", "replace").rstrip("\r\n")
            if line[3:4] != "-":
                return line

    def say(self, *lines: str) -> str:
        """Say lines one after another; the last line of the last reply."""
        last = ""
        for line in lines:
            self.send(f"{line}\r\n".encode())
            last = self.reply()
        return last

    def rest(self) -> bytes:
        """All that the server says until it hangs up."""
        return self._stream.read()


@dataclass(frozen=True, slots=True)
class Site:
    """The folder of a server and the port of its one SMTP service."""

    folder: Path
    port: int

    def configure(self, text: str = "", services: str = "") -> None:
        """Write the configuration anew."""
        owner = os.getuid() or NOBODY
        group = os.getgid() or NOBODY
        base = (
            "mynetworks = 192.0.2.1/32\nvirtual_mailbox_domains = box.example\nvirtual_minimum_uid = 1\n"
            f"virtual_mailbox_base = {self.folder}/boxes\nvirtual_mailbox_maps = static:all/\n"
            f"virtual_uid_maps = static:{owner}\nvirtual_gid_maps = static:{group}\n"
            "relay_domains = far.example\ntransport_maps = inline:{far.example=discard:}\n"
        )
        write(self.folder, base + text, f"127.0.0.1:{self.port} inet n - n - - smtpd\n{services}")

    @contextmanager
    def serving(self, text: str = "", services: str = "", within: tuple[str, ...] = ()) -> Iterator[Running]:
        """The server, ready for clients. Afterwards it has said nothing that a programmer would have to explain."""
        self.configure(text, services)
        with running(self.folder, within=within) as server:
            yield server
        assert not [line for line in server.output if "Traceback" in line]

    def client(self) -> Wire:
        """A client that has been greeted and has said EHLO."""
        wire = Wire(self.port)
        assert wire.reply().startswith("220 mx.example")
        assert wire.say("EHLO client.example").startswith("250 ")
        return wire

    def mails(self, count: int) -> list[bytes]:
        """What is in the mailbox, once it is as many messages."""
        box = self.folder / "boxes" / "all" / "new"

        def look() -> list[bytes] | None:
            found = [path.read_bytes() for path in box.glob("*")] if box.exists() else []
            return found if len(found) >= count else None

        found = wait_until(f"{count} messages", look)
        assert count == len(found)
        return found

    def queue(self) -> str:
        """What `gatepost queue list` says."""
        return self.command("queue", "list").stdout

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a gatepost command on this server."""
        line = [str(Path(sys.executable).with_name("gatepost")), words[0], "-c", str(self.folder), *words[1:]]
        return subprocess.run(line, capture_output=True, text=True, check=False, timeout=PATIENCE)


@contextmanager
def site() -> Iterator[Site]:
    """A folder for a server; it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="gatepost.") as name:
        folder = Path(name)
        folder.chmod(0o755)
        boxes = folder / "boxes"
        boxes.mkdir()
        boxes.chmod(0o777)
        yield Site(folder, free_port())


def memory(pid: int, what: str = "VmRSS") -> int:
    """Bytes of memory that a process has now, or had at most (VmHWM)."""
    text = Path(f"/proc/{pid}/status").read_text("ascii")
    found = re.search(rf"^{what}:\s+(\d+) kB", text, re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024
