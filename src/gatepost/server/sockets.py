"""The listening sockets: bound by the supervisor while it may use low ports, kept open for whoever serves them.

The rules:

1. Each worker has its own socket for each address and port (SO_REUSEPORT), so that the kernel shares clients out and a
   replacement inherits the queue of its predecessor.
2. SO_REUSEPORT would let a second server bind beside us without a word; so each address is bound once without it first.
3. All ports that cannot be had are reported together, with the line of master.cf that asks for them.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterable, Mapping

from gatepost.config.findings import ConfigurationError, Finding, Level
from gatepost.config.load import Configuration
from gatepost.config.services import Service

Endpoint = tuple[str, int]
"""Address and port."""

Sockets = dict[Endpoint, tuple[socket.socket, ...]]
"""The sockets of each endpoint, one a worker."""

PORT_UNAVAILABLE = "GP0701"
"""The finding: a port cannot be had."""


def served(configuration: Configuration) -> Iterable[tuple[Service, Endpoint]]:
    """The endpoints that the configuration wants, each with its service."""
    for service in configuration.services:
        for host, port in service.endpoints:
            yield service, (host, port)


def bind_all(configuration: Configuration, workers: int, kept: Mapping[Endpoint, tuple[socket.socket, ...]]) -> Sockets:
    """The sockets for a configuration; those in `kept` are taken over. Raises ConfigurationError with all faults."""
    bound: Sockets = {}
    findings: list[Finding] = []
    for service, endpoint in served(configuration):
        if endpoint in kept:
            bound[endpoint] = kept[endpoint]
            continue
        try:
            bound[endpoint] = _bind(endpoint, workers)
        except OSError as error:
            findings.append(_finding(service, endpoint, error))
    if findings:
        for endpoint, sockets in bound.items():
            if endpoint not in kept:
                close(sockets)
        raise ConfigurationError(findings)
    return bound


def close(sockets: Iterable[socket.socket]) -> None:
    """Close sockets."""
    for each in sockets:
        each.close()


def _bind(endpoint: Endpoint, workers: int) -> tuple[socket.socket, ...]:
    _open(endpoint, shared=False).close()
    opened: list[socket.socket] = []
    try:
        opened.extend(_open(endpoint, shared=True) for _ in range(workers))
    except OSError:
        close(opened)
        raise
    return tuple(opened)


def _open(endpoint: Endpoint, *, shared: bool) -> socket.socket:
    host, port = endpoint
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((host, port))
    except OSError:
        made.close()
        raise
    return made


def _finding(service: Service, endpoint: Endpoint, error: OSError) -> Finding:
    host, port = endpoint
    shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    match error.errno:
        case errno.EADDRINUSE:
            hint = f"see who listens there with: ss -ltnp 'sport = :{port}'; stop it, or give the service another port"
        case errno.EACCES:
            hint = "ports below 1024 need root; start as root, or use a port such as 2525"
        case errno.EADDRNOTAVAIL:
            hint = "this machine has no such address; look at inet_interfaces, or at the address in master.cf"
        case _:
            hint = ""
    reason = os.strerror(error.errno) if error.errno else str(error)
    text = f"service {service.name}: cannot listen on {shown}: {reason}"
    return Finding(PORT_UNAVAILABLE, Level.ERROR, text, service.entry.place, hint)
