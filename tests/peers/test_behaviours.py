"""What a real Postfix makes of servers that behave in all kinds of ways; the record that our client is held against.

GATEPOST_RECORD=1 writes the record anew.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import smtplib
import threading
from itertools import chain
from pathlib import Path
from typing import Self

from tests.fakes.behaviours import BEHAVIOURS
from tests.fakes.configurations import free_port
from tests.fakes.peer import FakePeer
from tests.peers.machines import Postfix, wait_for

RECORD = Path(__file__).parents[1] / "delivery" / "behaviours.json"

TIMEOUTS = ("connect", "helo", "lhlo", "mail", "rcpt", "data_init", "data_xfer", "data_done", "rset", "quit")

_LINE = re.compile(r"postfix/[ls]mtp\[(\d+)\]: (.*)")
_RESULT = re.compile(r"\w+: to=<([^>]*)>, (?:.*?, )?relay=([^,]*), .*?dsn=([\d.]+), status=(\w+) \((.*)")


class Peers:
    """All servers at once, in a thread of their own."""

    def __init__(self) -> None:
        self.servers: dict[str, list[FakePeer]] = {}
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._serve()))

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()
        self._loop.close()

    async def _serve(self) -> None:
        for name, behaviour in BEHAVIOURS.items():
            self.servers[name] = [await peer.__aenter__() for peer in behaviour.peers()]
        self._ready.set()
        await self._over.wait()
        for server in chain.from_iterable(self.servers.values()):
            await server.__aexit__(None, None, None)


def told(log: str, servers: list[FakePeer], queue_id: str) -> dict[str, object]:
    """What the log says of a message, with names in the place of numbers that change."""
    results: list[list[str]] = []
    lines: list[str] = []
    ours: dict[str, bool] = {}  # by process: whether what it said last was about these servers
    for process, line in _LINE.findall(log):
        if line.startswith("warning: to prevent loss of mail"):  # names no port; it follows a line that does
            ours[process] = ours.get(process, False)
        else:
            ours[process] = line.startswith(f"{queue_id}: ") or any(f":{server.port}" in line for server in servers)
        if not ours[process]:
            continue
        shown = line.replace(queue_id, "QID")
        for word, server in zip(("PORT", "PORT2"), servers, strict=False):
            shown = shown.replace(f":{server.port}", f":{word}")
        found = _RESULT.fullmatch(shown)
        if found:
            results.append([found[1], found[2], found[3], found[4], found[5].removesuffix(")")[:200]])
        else:
            lines.append(shown)
    commands = [command for server in servers for command in server.commands]
    return {"results": sorted(results), "lines": lines, "commands": commands}


def ask(postfix: Postfix, port: int) -> dict[str, dict[str, object]]:
    """One mail to each server; the messages stay where they are after one attempt."""
    ids: dict[str, str] = {}
    for number, (name, behaviour) in enumerate(BEHAVIOURS.items()):
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.ehlo("test")
            client.mail("a@a.example")
            for recipient in behaviour.recipients:
                client.rcpt(f"{recipient.partition('@')[0]}@case{number}.example")
            _, reply = client.data(b"From: a@a.example\r\nSubject: x\r\n\r\n.dot\r\n")
            ids[name] = reply.decode().rpartition(" ")[2]
    wanted = {name: len(behaviour.recipients) for name, behaviour in BEHAVIOURS.items()}

    def over() -> str | None:
        log = postfix.log()
        return log if all(log.count(f"{ids[name]}: to=<") >= count for name, count in wanted.items()) else None

    log = wait_for("all results", over)
    return {name: {"id": ids[name], "log": log} for name in BEHAVIOURS}


def test_postfix_still_does_what_is_recorded(folder: Path) -> None:
    with Peers() as peers:
        transports = "".join(
            f"case{number}.example {'lmtp' if behaviour.lmtp else 'smtp'}:{behaviour.nexthop(peers.servers[name])}\n"
            for number, (name, behaviour) in enumerate(BEHAVIOURS.items())
        )
        (folder / "transport").write_text(transports, "utf-8")
        port = free_port()
        parameters = {f"{kind}_{name}_timeout": "1s" for kind in ("smtp", "lmtp") for name in TIMEOUTS}
        parameters |= {
            "myhostname": "mx.ohio.net",
            "transport_maps": f"texthash:{folder}/transport",
            **{f"{kind}_connection_cache_on_demand": "no" for kind in ("smtp", "lmtp")},
            **{f"{kind}_generic_maps": "regexp:{{/^(.)@case.*/ $1@b.example}}" for kind in ("smtp", "lmtp")},
            "lmtp_lhlo_name": "mx.ohio.net",
            "disable_vrfy_command": "yes",
            "default_destination_concurrency_limit": "5",
        }
        postfix = Postfix(folder, parameters=parameters, services={f"127.0.0.1:{port}": {}}).start()
        try:
            found = ask(postfix, port)
        finally:
            postfix.stop()
        made = {name: told(str(entry["log"]), peers.servers[name], str(entry["id"])) for name, entry in found.items()}
    text = re.sub(r"@case\d+\.example", "@b.example", json.dumps(made, indent=1, ensure_ascii=False, sort_keys=True))
    if os.environ.get("GATEPOST_RECORD"):
        RECORD.write_text(text + "\n", "utf-8")
    assert json.loads(text) == json.loads(RECORD.read_text("utf-8"))
