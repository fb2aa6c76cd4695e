"""Remotes that answer rubbish of every kind at every state, hang up, and stall: nothing is lost, the server goes on.

Each pair of state and behaviour is a server of its own, to which one message goes. Afterwards each message was
delivered, waits, or was reported to its sender, and which of these it may be is what the pair allows. Then all of them
behave, and what waits is delivered.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import pytest

from tests.fakes.site import Site, site, wait_until

STATES = ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", ".")

RUBBISH = {
    "garbage": b"what do you want from me?\r\n",
    "binary": bytes(range(256)) * 4 + b"\r\n",
    "no code": b"-----\r\n",
    "code 999": b"999 beyond\r\n",
    "code 100": b"100 below\r\n",
    "wrong class": b"",  # filled in for each state
    "two codes": b"250-one\r\n550 two\r\n",
    "no end": b"250-for ever\r\n" * 5000,
    "long": b"250 " + b"x" * 300_000 + b"\r\n",
    "bare LF": b"250 ok\n",
    "half a line": b"25",
    "refuses for now": b"451 4.3.0 later\r\n",
    "refuses": b"550 5.7.1 never\r\n",
    "shuts": b"421 4.3.2 closing\r\n",
    "hangs up": b"",
    "stalls": b"",
}

LENIENT = {"bare LF", "long", "wrong class", "two codes", "code 999", "code 100"}
"""What a client may make sense of, in one way or another; but nothing of it may lose a message."""

TIMEOUTS = ("connect", "helo", "mail", "rcpt", "data_init", "data_xfer", "data_done", "rset", "quit")


@dataclass
class Remote:
    """One server; `state` is where it misbehaves, `how` in which way."""

    number: int
    state: str
    how: str
    port: int = 0
    behaves: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)
    sessions: set[asyncio.Task[None]] = field(default_factory=set)
    taken: list[bytes] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"r{self.number}.example"

    def unfit(self, statuses: dict[int, str]) -> bool:
        """Whether what became of the message is not what such a server may bring about."""
        status = statuses[self.number]
        if self.how == "refuses":
            return status == "sent"
        return self.how not in LENIENT and status != "deferred"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.sessions.add(task)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await self.answer(writer, "CONNECT", b"220 remote.example\r\n")
            while line := await reader.readline():
                verb = line[:4].decode("ascii", "replace").upper().strip()
                match verb:
                    case "EHLO" | "HELO":
                        await self.answer(writer, "EHLO", b"250 remote.example\r\n")
                    case "DATA":
                        await self.answer(writer, "DATA", b"354 go on\r\n")
                        content = await reader.readuntil(b"\r\n.\r\n")
                        await self.answer(writer, ".", b"250 2.0.0 taken\r\n")
                        self.taken.append(content)
                    case "QUIT":
                        writer.write(b"221 bye\r\n")
                        break
                    case _:
                        await self.answer(writer, verb, b"250 ok\r\n")
        writer.transport.abort()

    async def answer(self, writer: asyncio.StreamWriter, state: str, usual: bytes) -> None:
        if self.behaves or state != self.state:
            writer.write(usual)
            await writer.drain()
            return
        if self.how == "stalls":
            await self.over.wait()
        writer.write(
            (b"250 ok\r\n" if state == "DATA" else b"354 go on\r\n") if self.how == "wrong class" else self.answered
        )
        await writer.drain()
        if self.how == "half a line":
            await self.over.wait()
        raise ConnectionError

    @property
    def answered(self) -> bytes:
        return RUBBISH[self.how]


@pytest.fixture
def place() -> Iterator[Site]:
    with site() as made:
        yield made


def configuration(remotes: list[Remote]) -> str:
    rows = ", ".join(f"{{{remote.name}=smtp:[127.0.0.1]:{remote.port}}}" for remote in remotes)
    times = "".join(f"smtp_{name}_timeout = 2s\n" for name in TIMEOUTS)
    names = ", ".join(remote.name for remote in remotes)
    return (
        f"relay_domains = {names}\ntransport_maps = inline:{{ {rows} }}\n{times}gatepost_workers = 1\n"
        "minimal_backoff_time = 1000s\nqueue_run_delay = 1000s\nsmtp_connection_cache_on_demand = no\n"
    )


def submit(place: Site, remotes: list[Remote]) -> None:
    with place.client() as wire:
        for remote in remotes:
            to = f"RCPT TO:<bob@{remote.name}>"
            said = wire.say("MAIL FROM:<joe@box.example>", to, "DATA", f"Subject: {remote.number}\r\n\r\nhello\r\n.")
            assert said.startswith("250 2.0.0 Ok"), said


def statuses(output: list[str]) -> dict[int, str]:
    """The last status of each message."""
    found = (re.search(r"to=<bob@r(\d+)\.example>.* status=(\w+)", line) for line in output)
    return {int(match[1]): match[2] for match in found if match}


def test_every_message_ends_delivered_waiting_or_reported(place: Site) -> None:
    async def session() -> None:
        pairs = [(state, how) for state in STATES for how in RUBBISH]
        remotes = [Remote(number, state, how) for number, (state, how) in enumerate(pairs)]
        servers = []
        for remote in remotes:
            server = await asyncio.start_server(remote.serve, "127.0.0.1", 0, limit=1 << 20)
            remote.port = server.sockets[0].getsockname()[1]
            servers.append(server)
        try:
            await asyncio.to_thread(attack, remotes)
        finally:
            for server, remote in zip(servers, remotes, strict=True):
                server.close()
                remote.over.set()
                await asyncio.gather(*remote.sessions, return_exceptions=True)

    def attack(remotes: list[Remote]) -> None:
        with place.serving(configuration(remotes)) as server:
            submit(place, remotes)
            wait_until("a first status of all", partial(complete, server.output, len(remotes)))
            first = statuses(server.output)
            wrong = [
                f"{remote.state} {remote.how}: {first[remote.number]}" for remote in remotes if remote.unfit(first)
            ]
            assert not wrong
            assert not [remote.number for remote in remotes if remote.taken]
            bounced = {number for number, status in first.items() if status == "bounced"}
            waiting = {number for number, status in first.items() if status == "deferred"}
            sent = first.keys() - bounced - waiting
            assert {remotes[number].how for number in sent} <= {"bare LF", "long"}
            reports = place.mails(len(bounced))
            assert {int(found[1]) for raw in reports if (found := re.search(rb"bob@r(\d+)\.", raw))} == bounced
            listed = place.queue()
            assert {int(found) for found in re.findall(r"bob@r(\d+)\.example", listed)} == waiting
            for remote in remotes:
                remote.behaves = True
            assert place.command("queue", "flush").returncode == 0
            wait_until("an empty queue", lambda: "is empty" in place.queue())
            for remote in remotes:
                assert len(remote.taken) == (1 if remote.number in waiting else 0), f"{remote.state} {remote.how}"

    asyncio.run(session())


def complete(output: list[str], count: int) -> bool:
    return len(statuses(output)) == count
