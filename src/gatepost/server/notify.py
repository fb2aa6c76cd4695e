"""What systemd is told, where it asked to be told (sd_notify(3)): ready, reloading, stopping, alive, a line of status.

A datagram that does not arrive changes nothing: who does not listen does not need to know.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Self

SOCKET, WATCHDOG, WATCHDOG_FOR = "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"


@dataclass(frozen=True, slots=True)
class Notifier:
    """Speaks to the service manager. `address` is its socket, empty for none; a leading `@` is an abstract name.

    `watchdog`: seconds within which `alive` is expected again and again, 0 where nobody waits for it.
    """

    address: str = ""
    watchdog: float = 0.0

    @classmethod
    def of(cls, environment: MutableMapping[str, str]) -> Self:
        """From the environment, which loses what is for us alone, so that no program that we start sees it."""
        address = environment.pop(SOCKET, "")
        microseconds = environment.pop(WATCHDOG, "")
        meant = environment.pop(WATCHDOG_FOR, "") or str(os.getpid())
        ours = microseconds.isdigit() and meant == str(os.getpid())
        return cls(address, int(microseconds) / 1e6 if ours else 0.0)

    def ready(self, status: str) -> None:
        """The server accepts mail, or a reload is through."""
        self._tell("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """A reload begins; systemd wants to know when (monotonic clock, microseconds)."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The end begins."""
        self._tell("STOPPING=1", "STATUS=finishing what has begun")

    def alive(self) -> None:
        """All is well."""
        if self.watchdog:
            self._tell("WATCHDOG=1")

    def _tell(self, *lines: str) -> None:
        if not self.address:
            return
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as end:
            try:
                end.sendto("\n".join(lines).encode("utf-8", "replace"), address)
            except OSError:
                return  # nobody listens any more
