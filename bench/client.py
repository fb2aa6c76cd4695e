"""A client that submits mail over TLS 1.3 with a login, on many connections side by side, one message on each.

    python -m bench.client HOST PORT MESSAGES SESSIONS SIZE USER PASSWORD

It says how many seconds it took. Any reply that is not the one that was hoped for ends it with an error.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import ssl
import sys
import time
from collections.abc import Iterator

import uvloop


class Refused(Exception):  # noqa: N818 - said as it is
    """The server said something else than was hoped for."""


class Session:
    """One connection."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port

    async def open(self, context: ssl.SSLContext) -> None:
        """Connect, and change to TLS."""
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        await self._hear(b"220")
        await self.ask(b"EHLO mail.client.example", b"250")
        await self.ask(b"STARTTLS", b"220")
        await self._writer.start_tls(context, server_hostname="mx.example")
        await self.ask(b"EHLO mail.client.example", b"250")

    async def ask(self, line: bytes, hoped: bytes) -> None:
        """Send a line and await its reply."""
        self._writer.write(line + b"\r\n")
        await self._hear(hoped)

    async def _hear(self, hoped: bytes) -> None:
        while (line := await self._reader.readline())[3:4] == b"-":
            pass
        if not line.startswith(hoped):
            raise Refused(line.decode("ascii", "replace"))

    async def close(self) -> None:
        """Say goodbye."""
        await self.ask(b"QUIT", b"221")
        self._writer.close()


def make_context() -> ssl.SSLContext:
    """TLS 1.3 only, any certificate: who the server is does not matter here."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def submit(address: tuple[str, int], plan: tuple[int, int, int], login: tuple[str, str]) -> None:
    """Submit `plan`: messages, sessions, bytes a message."""
    messages, sessions, size = plan
    context = make_context()
    token = base64.b64encode("\0".join(("", *login)).encode())
    content = b"From: a@client.example\r\nTo: b@sink.example\r\nSubject: bench\r\n\r\n"
    line = b"x" * 62 + b"\r\n"
    content += line * (size // len(line)) + b"."
    numbers: Iterator[int] = iter(range(messages))

    async def work() -> None:
        for _ in numbers:
            session = Session(*address)
            await session.open(context)
            await session.ask(b"AUTH PLAIN " + token, b"235")
            await session.ask(b"MAIL FROM:<a@client.example>", b"250")
            await session.ask(b"RCPT TO:<b@sink.example>", b"250")
            await session.ask(b"DATA", b"354")
            await session.ask(content, b"250")
            await session.close()

    await asyncio.gather(*itertools.starmap(work, itertools.repeat((), sessions)))


def main(words: list[str]) -> None:
    """Read the words, submit, say how long it took."""
    host, port, messages, sessions, size, user, password = words
    begin = time.monotonic()
    uvloop.run(submit((host, int(port)), (int(messages), int(sessions), int(size)), (user, password)))
    print(time.monotonic() - begin)


if __name__ == "__main__":
    main(sys.argv[1:])
