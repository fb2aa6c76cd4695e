"""A mail server that takes everything and keeps it as it came, byte for byte; it runs in a thread.

    with sink() as far:
        ...point a transport to far.port...
        far.contents(1)

A connection may be told to stall when the content has come (`stalls`), so that a test can do something meanwhile.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.fakes.running import PATIENCE


@dataclass
class Sink:
    """What came, in order. `stalls` are connections that get no answer to their content, the first ones."""

    port: int
    stalls: int = 0
    commands: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    stalled: threading.Event = field(default_factory=threading.Event)
    came: threading.Condition = field(default_factory=threading.Condition)

    def contents(self, count: int) -> list[bytes]:
        """The contents, once they are as many: all between DATA and CRLF.CRLF, dots still stuffed."""
        with self.came:
            assert self.came.wait_for(lambda: len(self.bodies) >= count, PATIENCE), f"{self.commands} {self.bodies}"
            return list(self.bodies)

    def serve(self, connection: socket.socket) -> None:
        """One session."""
        with suppress(OSError), connection, connection.makefile("rwb") as stream:
            connection.settimeout(PATIENCE)

            def say(text: str) -> None:
                stream.write(f"{text}\r\n".encode())
                stream.flush()

            say("220 sink.example ESMTP")
            while line := stream.readline():
                command = line.decode("utf-8", "replace").strip()
                self.commands.append(command)
                match command[:4].upper():
                    case "EHLO":
                        say("250-sink.example\r\n250-PIPELINING\r\n250 8BITMIME")
                    case "DATA":
                        say("354 go on")
                        body = b""
                        while not body.endswith(b"\r\n.\r\n"):
                            piece = stream.read1(65536)
                            if not piece:
                                return
                            body += piece
                        if self.stalls:
                            self.stalls -= 1
                            self.stalled.set()
                            stream.read1(1)
                            return
                        with self.came:
                            self.bodies.append(body)
                            self.came.notify_all()
                        say("250 taken")
                    case "QUIT":
                        say("221 bye")
                        return
                    case _:
                        say("250 ok")


@contextmanager
def sink(*, stalls: int = 0) -> Iterator[Sink]:
    """A sink on a free port, for the time of the block."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = Sink(listener.getsockname()[1], stalls)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=made.serve, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(PATIENCE)
