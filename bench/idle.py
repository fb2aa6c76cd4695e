"""Clients that connect, greet, and then say nothing until standard input ends.

    python -m bench.idle HOST PORT SESSIONS [tls]

It says `ready` when all are there.
"""

from __future__ import annotations

import socket
import ssl
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from bench.client import Refused, make_context

TOGETHER = 20
"""Sessions that are opened side by side."""

PATIENCE = 60.0


def connect(address: tuple[str, int], context: ssl.SSLContext | None) -> socket.socket:
    """A session that has been greeted; over TLS where there is a context. Raises OSError, Refused."""
    made = socket.create_connection(address, PATIENCE)
    _hear(made, b"220")
    _ask(made, b"EHLO mail.client.example", b"250")
    if context is None:
        return made
    _ask(made, b"STARTTLS", b"220")
    inside = context.wrap_socket(made)
    _ask(inside, b"EHLO mail.client.example", b"250")
    return inside


def visit(address: tuple[str, int]) -> float:
    """Seconds that a new session takes from the connection to the farewell. Raises OSError, Refused."""
    begin = time.monotonic()
    with connect(address, None) as end:
        _ask(end, b"QUIT", b"221")
    return time.monotonic() - begin


def _ask(end: socket.socket, line: bytes, hoped: bytes) -> None:
    end.sendall(line + b"\r\n")
    _hear(end, hoped)


def _hear(end: socket.socket, hoped: bytes) -> None:
    text = b""
    while not text.endswith(b"\n") or text.splitlines()[-1][3:4] == b"-":
        part = end.recv(4096)
        if not part:
            raise Refused(f"the server hung up after {text!r}")
        text += part
    if not text.startswith(hoped):
        raise Refused(text.decode("ascii", "replace"))


def main(words: list[str]) -> None:
    """Connect, say so, wait."""
    host, port, sessions, *tls = words
    context = make_context() if tls else None
    with ThreadPoolExecutor(TOGETHER) as pool:
        kept = list(pool.map(lambda _: connect((host, int(port)), context), range(int(sessions))))
    print("ready", flush=True)
    sys.stdin.read()
    for end in kept:
        end.close()


if __name__ == "__main__":
    main(sys.argv[1:])
