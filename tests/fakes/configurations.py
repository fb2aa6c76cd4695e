"""Configuration folders for tests."""

from __future__ import annotations

import socket
from pathlib import Path

from gatepost.config.load import Configuration, load


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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
