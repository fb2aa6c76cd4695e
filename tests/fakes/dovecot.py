"""A Dovecot auth server on a UNIX socket, which answers from a script."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

GREETING = (
    "VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nMECH\tLOGIN\tplaintext\nMECH\tCRAM-MD5\tdictionary\tactive\n"
    "MECH\tANONYMOUS\tanonymous\nMECH\tEXTERNAL\nSPID\t1\nCUID\t1\nCOOKIE\tabc\nDONE\n"
)

Answer = Callable[[list[str]], str | None]
"""Gets the fields of a request; gives the answer with its line ends, or None to hang up."""


@asynccontextmanager
async def auth_server(path: Path, answer: Answer, greeting: str = GREETING) -> AsyncIterator[list[list[str]]]:
    """Serve; gives the list of all lines received."""
    seen: list[list[str]] = []
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        writer.write(greeting.encode())
        while line := await reader.readline():
            fields = line.decode().rstrip("\n").split("\t")
            seen.append(fields)
            if fields[0] not in {"AUTH", "CONT"}:
                continue
            said = answer(fields)
            if said is None:
                break
            writer.write(said.encode())
        writer.close()

    server = await asyncio.start_unix_server(serve, path)
    try:
        yield seen
    finally:
        server.close()
        for writer in writers:
            writer.close()
        await server.wait_closed()
        await asyncio.sleep(0)
