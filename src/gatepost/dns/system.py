"""What the system says about names: resolv.conf(5) and hosts(5), read again when they change."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

PORT = 53
SERVERS = 3
"""Servers that are used of those listed (as in resolv.conf(5))."""

TIMEOUT_LIMIT = 30
ATTEMPTS_LIMIT = 5

LOOK = 1.0
"""Seconds from one look at a file to the next: every question to the DNS, and every client, asks."""


@dataclass(frozen=True, slots=True)
class NameServer:
    """Where to ask. `vouches`: its authenticated-data bit is believed."""

    host: str
    port: int = PORT
    vouches: bool = False


@dataclass(frozen=True, slots=True)
class ResolverOptions:
    """How to ask: the servers in order, seconds to wait for each answer, rounds through the servers."""

    servers: tuple[NameServer, ...] = (NameServer("127.0.0.1", vouches=True),)
    timeout: float = 5.0
    attempts: int = 2

    @classmethod
    def parse(cls, text: str) -> ResolverOptions:
        """From the text of resolv.conf(5). Search lists are not for mail."""
        hosts: list[str] = []
        options: dict[str, str] = {}
        for line in text.splitlines():
            words = line.split()
            if words[:1] == ["nameserver"] and len(words) > 1 and _address(words[1]):
                hosts.append(words[1])
            elif words[:1] == ["options"]:
                options.update((name, value) for name, _, value in (word.partition(":") for word in words[1:]))
        hosts = hosts[:SERVERS] or ["127.0.0.1"]
        trusted = "trust-ad" in options
        return cls(
            tuple(NameServer(host, vouches=trusted or _is_loopback(host)) for host in hosts),
            float(_number(options.get("timeout", ""), 5, TIMEOUT_LIMIT)),
            _number(options.get("attempts", ""), 2, ATTEMPTS_LIMIT),
        )


def _number(text: str, default: int, limit: int) -> int:
    return max(1, min(int(text), limit)) if text.isdecimal() else default


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return address is not None and address.is_loopback


@dataclass(frozen=True, slots=True)
class Hosts:
    """The hosts file: addresses by name (lower case), and the first name by address."""

    addresses: dict[str, tuple[str, ...]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Hosts:
        """From the text of hosts(5)."""
        addresses: dict[str, list[str]] = {}
        names: dict[str, str] = {}
        for line in text.splitlines():
            words = line.partition("#")[0].split()
            address = _address(words[0]) if words else None
            if address is None or not words[1:]:
                continue
            names.setdefault(str(address), words[1])
            for name in words[1:]:
                known = addresses.setdefault(name.lower(), [])
                if str(address) not in known:
                    known.append(str(address))
        return cls({name: tuple(known) for name, known in addresses.items()}, names)


T = TypeVar("T")


class Watched(Generic[T]):
    """The parsed text of a file, as it is now. A file that is not there is an empty text."""

    def __init__(self, path: Path, parse: Callable[[str], T], clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._look = float("-inf")  # when it is to be looked at again
        self._parse = parse
        self._state: tuple[int, int, int] | None = None
        self._value = parse("")

    def __call__(self) -> T:
        """The value; whether the file has changed is looked at every second, if at all."""
        now = self._clock()
        if now < self._look:
            return self._value
        self._look = now + LOOK
        try:
            status = self._path.stat()
            state = (status.st_ino, status.st_size, status.st_mtime_ns)
            if state != self._state:
                self._value = self._parse(self._path.read_text("utf-8", "replace"))
                self._state = state
        except OSError:
            self._state, self._value = None, self._parse("")
        return self._value


def system_options(path: Path = Path("/etc/resolv.conf")) -> Watched[ResolverOptions]:
    """The system's name servers."""
    return Watched(path, ResolverOptions.parse)


def system_hosts(path: Path = Path("/etc/hosts")) -> Watched[Hosts]:
    """The system's hosts file."""
    return Watched(path, Hosts.parse)
