r"""Dialogs as text: who says what, and what the log has to say of it.

    A sentence that names the dialog.
    [main.cf]            added to the configuration of tests.fakes.smtpd
    [client] 192.0.2.7 mail.good.example     address, and name if it has one
    [dialog]
    S: 220 mx.example ESMTP Postfix          the server says exactly this
    C: EHLO c.example                        the client says this; lines in a row leave together
    R: NOOP\n                                raw bytes with Python's escapes, without a line end
    T: 300                                   seconds pass
    H:                                       the client hangs up
    X:                                       the server has closed the connection
    [content]            of the message that was taken, if it matters
    [log]                the session's log lines, if they matter; `connect from` is left out

A part may be missing. The queue ids are Q00001 and so on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.smtpd import Service, service
from tests.fakes.wire import Wire

KEYWORDS = ("PIPELINING", "SIZE", "VRFY", "ETRN", "ENHANCEDSTATUSCODES", "8BITMIME", "DSN", "SMTPUTF8")
WIPED = tuple(f"250-{word}" for word in KEYWORDS)
"""EHLO lines that dialogs leave out, unless they are the last."""


@dataclass
class Dialog:
    """A dialog as it was read."""

    name: str
    main_cf: str = ""
    client: str = "192.0.2.7"
    names: dict[str, str] = field(default_factory=dict)
    steps: list[tuple[str, str]] = field(default_factory=list)
    content: str | None = None
    log: list[str] | None = None


def read(path: Path) -> Iterator[Dialog]:
    """The dialogs of a file; a line of equal signs stands between two."""
    for text in path.read_text("utf-8").split("\n====\n"):
        yield _parse(text.strip("\n"))


def _parse(text: str) -> Dialog:
    name, _, rest = text.partition("\n")
    dialog = Dialog(name)
    part = ""
    lines: dict[str, list[str]] = {}
    for line in rest.split("\n"):
        if line.startswith("["):
            part, _, argument = line[1:].partition("]")
            lines[part] = []
            if part == "client":
                dialog.client, _, peer_name = argument.strip().partition(" ")
                dialog.names = {dialog.client: peer_name} if peer_name else {}
        elif line:
            lines[part].append(line)
    dialog.main_cf = "\n".join(lines.get("main.cf", [])) + "\n"
    dialog.steps = [(line[0], line[3:]) for line in lines["dialog"]]
    if "content" in lines:
        dialog.content = "".join(f"{line}\r\n" for line in lines["content"])
    dialog.log = lines.get("log")
    return dialog


async def play(dialog: Dialog, *, at_once: int) -> tuple[list[tuple[str, str]], Service]:
    """Play the client's part, `at_once` bytes at a time; what was said by both, and the service that was spoken to."""
    played = service(dialog.main_cf, names=dialog.names)
    wire = played.connect(dialog.client)
    said: list[tuple[str, str]] = await _hear(wire)
    steps = list(dialog.steps)
    while steps:
        who, text = steps.pop(0)
        if who in "SX":
            continue
        said.append((who, text))
        match who:
            case "C":
                data = f"{text}\r\n"
                while steps and steps[0][0] == "C":
                    said.append(steps[0])
                    data += f"{steps.pop(0)[1]}\r\n"
                await wire.send(data.encode("utf-8", "surrogateescape"), at_once=at_once)
            case "R":
                await wire.send(_raw(text), at_once=at_once)
            case "T":
                await asyncio.sleep(float(text))
            case "H":
                await wire.hang_up()
        said += await _hear(wire)
    if not wire.transport.closed:
        await wire.hang_up()
    return said, played


def _raw(text: str) -> bytes:
    return text.encode("latin-1", "backslashreplace").decode("unicode_escape").encode("latin-1")


async def _hear(wire: Wire) -> list[tuple[str, str]]:
    lines = (await wire.heard()).decode("utf-8", "surrogateescape").split("\r\n")[:-1]
    said = [("S", line) for line in lines if not line.startswith(WIPED)]
    return [*said, ("X", "")] if wire.transport.closed else said
