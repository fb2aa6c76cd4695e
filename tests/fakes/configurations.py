"""Configuration folders for tests."""

from __future__ import annotations

import random
import socket
from contextlib import suppress
from pathlib import Path

from gatepost.config.load import Configuration, load

_DICE = random.SystemRandom()  # tests begin with the same numbers otherwise


def free_port() -> int:
    """A port nobody listens on, below those that the kernel gives to connections and to listeners that name none.

    One of those might be taken by somebody else between now and when it is listened on.
    """
    while True:
        port = _DICE.randrange(10_000, 32_000)  # the kernel's begin at 32,768 (ip_local_port_range)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def write(folder: Path, text: str = "", services: str = "") -> Path:
    """Write main.cf and master.cf into a folder, which is also the queue's; returns the folder."""
    base = (
        "compatibility_level = 3.6\nmyhostname = mx.example\nmydestination = mx.example\nlocal_recipient_maps =\n"
        "alias_maps =\nalias_database =\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\n"
        f"mynetworks = 127.0.0.0/8\nqueue_directory = {folder}/queue\ndata_directory = {folder}/data\n"
    )
    (folder / "main.cf").write_text(base + text, "utf-8")
    transports = "".join(f"{name} unix - - n - - {name}\n" for name in ("smtp", "lmtp", "local", "error", "discard"))
    rows = f"{services}relay unix - - n - - smtp\nretry unix - - n - - error\nvirtual unix - n n - - virtual\n"
    (folder / "master.cf").write_text(rows + transports, "utf-8")
    return folder


def configuration(folder: Path, text: str = "", services: str = "") -> Configuration:
    """The same, loaded."""
    return load(write(folder, text, services))
