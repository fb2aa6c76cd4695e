"""systemd's end of the notification socket."""

from __future__ import annotations

import socket
from typing import Self

from tests.fakes.running import PATIENCE


class ServiceManager:
    """Listens at an address, a path or `@` and an abstract name."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._end.bind("\0" + address[1:] if address.startswith("@") else address)
        self._end.settimeout(PATIENCE)

    def heard(self) -> list[str]:
        """The lines of the next message."""
        return self._end.recv(4096).decode().split("\n")

    def heard_until(self, line: str) -> list[list[str]]:
        """All messages up to the first that has the line."""
        messages = [self.heard()]
        while line not in messages[-1]:
            messages.append(self.heard())
        return messages

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end.close()
