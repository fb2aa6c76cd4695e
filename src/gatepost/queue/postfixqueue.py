"""The files of a Postfix queue, as messages for our own (`gatepost.queue.exchange`).

Found out by looking at what Postfix 3.7 writes, and at what its postcat shows of it. A queue file is a row of records:
a letter, a length (seven bits a byte, the lowest first, the eighth set where another follows), and so many bytes.

| letter | what it holds |
|---|---|
| C | sizes and flags; the last number is 1 where SMTPUTF8 was asked for |
| T | arrival: seconds and microseconds |
| A | `name=value`; `dsn_orig_rcpt` and `notify_flags` belong to the recipient that follows |
| S | the envelope sender |
| O, R | what the client called a recipient, and the recipient, still to be delivered; D in the place of R: done |
| M | the content begins; N is a line, L a piece of one that goes on |
| X | the content has ended; L is then the transport of FILTER, `>` the address of REDIRECT |
| p | go on at that offset, unless it is 0; where a content filter has changed the message |
| E | the end; a file without it is not complete |

What is in `maildrop` has not been completed by cleanup yet, and is left for Postfix.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from gatepost.mail.delivery import Result, Status
from gatepost.mail.envelope import Envelope, Notify, Origin, Recipient, Ret
from gatepost.queue.body import MemoryBody
from gatepost.queue.exchange import NotReadable, Pair, envelope_of
from gatepost.queue.record import Identity, MessageState, Row, StoredMessage

STATES = {
    "incoming": MessageState.ACTIVE,
    "active": MessageState.ACTIVE,
    "deferred": MessageState.DEFERRED,
    "hold": MessageState.HOLD,
}
"""Folders of a Postfix queue with messages in them."""

LONGEST = 1 << 24
"""Bytes of a record; Postfix's own are much shorter."""

MOST_JUMPS = 10_000
"""Pointers that are followed in one file."""

_COMPLETE = 0o100
"""Postfix makes a queue file executable when it is complete."""

_RET = (Ret.UNSET, Ret.FULL, Ret.HDRS)


def converted(queue: Path, folder: Path, complain: Callable[[str], None]) -> Iterator[Pair]:
    """The messages of a Postfix queue directory, written as pairs into a folder. Raises OSError.

    `complain` hears of each file that is not a message, or not one yet.
    """
    if not any((queue / name).is_dir() for name in STATES):
        raise FileNotFoundError(
            f"{queue} is no Postfix queue directory: it has no folder incoming, active, deferred or hold"
        )
    for path in sorted(path for path in (queue / "maildrop").rglob("*") if path.is_file()):
        complain(
            f"{path}: not imported, as Postfix has not completed it; start Postfix once, with defer_transports set"
        )
    reasons = {path.name: path for path in (queue / "defer").rglob("*") if path.is_file()}
    for name, state in STATES.items():
        for path in sorted(path for path in (queue / name).rglob("*") if path.is_file()):
            if not path.stat().st_mode & _COMPLETE:
                complain(f"{path}: not imported, as it is not complete")
                continue
            try:
                yield convert(path, state, folder, reasons.get(path.name))
            except NotReadable as error:
                complain(f"{path}: {error}")


def convert(path: Path, state: MessageState, folder: Path, reasons: Path | None = None) -> Pair:
    """Write one queue file as a pair; `reasons` is the file with the delay reasons. Raises NotReadable, OSError."""
    pair = Pair(folder, path.name)
    reader = _Reader(_delays(reasons) if reasons else {})
    with path.open("rb") as source, pair.content.open("wb") as content:
        for letter, data, offset in _records(source):
            reader.take(letter, data, offset, content)
    message = reader.message(path.name, state, path.stat().st_mtime)
    envelope = {**envelope_of(message, ""), "sha256": reader.digest.hexdigest()}
    pair.envelope.write_text(json.dumps(envelope), "ascii")
    return pair


def _records(source: BinaryIO) -> Iterator[tuple[bytes, bytes, int]]:
    """Letter, data and offset of each record, up to the last. Raises NotReadable."""
    jumps = 0
    while True:
        offset = source.tell()
        letter = source.read(1)
        length = _length(source)
        data = source.read(length)
        if len(data) != length:
            raise NotReadable("the file ends in the middle of a record")
        yield letter, data, offset
        if letter == b"E":
            return
        if letter == b"p" and (target := _number(data)):
            jumps += 1
            if jumps > MOST_JUMPS:
                raise NotReadable("its pointers go round in circles")
            source.seek(target)


def _length(source: BinaryIO) -> int:
    length = shift = 0
    while byte := source.read(1):
        length |= (byte[0] & 0x7F) << shift
        if not byte[0] & 0x80:
            if length > LONGEST:
                break
            return length
        shift += 7
        if shift > LONGEST.bit_length() + 7:
            break
    raise NotReadable("this is no Postfix queue file, or it has no end")


def _number(data: bytes) -> int:
    try:
        return int(data)
    except ValueError as error:
        raise NotReadable(f"a number was expected, not {data[:40]!r}") from error


@dataclass
class _Reader:
    """Puts records together. `delays` are results by the offset of the recipient's record."""

    delays: dict[int, tuple[str, str]]
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    sender: str | None = None
    arrived: float = 0.0
    utf8: bool = False
    route: str = ""
    redirect: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    part: bytes = b""  # M in the content, X behind it, none before it
    original: str = ""
    whole: bool = False

    def take(self, letter: bytes, data: bytes, offset: int, content: BinaryIO) -> None:
        """The next record."""
        text = data.decode("utf-8", "surrogateescape")
        match letter:
            case b"N" | b"L" if self.part == b"M":
                line = data + b"\r\n" if letter == b"N" else data
                self.digest.update(line)
                content.write(line)
            case b"L":
                self.route = text
            case b">":
                self.redirect = text
            case b"M" | b"X":
                self.part = letter
            case b"A":
                name, _, value = text.partition("=")
                self.attributes[name] = value
            case b"S":
                self.sender = text
            case b"T":
                second, _, micro = text.partition(" ")
                self.arrived = _number(second.encode()) + _number((micro or "0").encode()) / 1_000_000
            case b"C":
                self.utf8 = bool(_number(data.split()[-1])) if len(data.split()) > 5 else False  # noqa: PLR2004 - Postfix 3 has six
            case b"O":
                self.original = text
            case b"R":
                self._recipient(text, offset)
            case b"D":
                self._forget()
            case b"E":
                self.whole = True
            case _:
                pass  # what pickup, cleanup or qmgr keep for themselves

    def _recipient(self, address: str, offset: int) -> None:
        number = len(self.rows) + 1
        notify = Notify(int(self.attributes.get("notify_flags", "0")) & 0xF)
        recipient = Recipient(address, self.original or address, notify, self.attributes.get("dsn_orig_rcpt", ""))
        delay = self.delays.get(offset)
        result = Result(number, Status.DEFERRED, delay[0], delay[1]) if delay else None
        self.rows.append(Row(number, recipient, result=result))
        self._forget()

    def _forget(self) -> None:
        """What was said of the recipient that has just come."""
        self.original = ""
        for name in ("notify_flags", "dsn_orig_rcpt"):
            self.attributes.pop(name, None)

    def message(self, queue_id: str, state: MessageState, due: float) -> StoredMessage:
        """All of it. Raises NotReadable."""
        if not self.whole or self.sender is None or not self.part:
            raise NotReadable("it is not complete")
        if not self.rows:
            raise NotReadable("all of its recipients are done")
        known = self.attributes.get
        client = known("log_message_origin", "")
        origin = Origin(
            client if known("log_client_name") else "",
            known("log_client_name", ""),
            known("log_client_address", ""),
            known("log_client_port", ""),
            known("log_helo_name", ""),
            known("log_protocol_name", ""),
            known("sasl_method", ""),
            known("sasl_username", ""),
            known("sasl_sender", ""),
            is_local=not known("log_client_name"),
        )
        ret = known("ret_flags", "0")
        envelope = Envelope(
            self.sender,
            (),
            _RET[int(ret)] if ret in ("0", "1", "2") else Ret.UNSET,
            known("envelope_id", ""),
            known("encoding") == "8bit",
            self.utf8,
            origin,
        )
        deferred = state is MessageState.DEFERRED
        reasons = [row.result.text for row in self.rows if row.result is not None]
        return StoredMessage(
            Identity(0, queue_id),
            envelope,
            tuple(self.rows),
            MemoryBody(b""),
            self.arrived,
            self.arrived,
            due if deferred else 0.0,
            state,
            attempts=int(deferred),
            reason=reasons[0] if reasons else "",
            route=self.route,
            redirect=self.redirect,
        )


def _delays(path: Path) -> dict[int, tuple[str, str]]:
    """Status and reason by offset, from the file that Postfix's bounce program keeps for a deferred message."""
    found: dict[int, tuple[str, str]] = {}
    for paragraph in path.read_text("utf-8", "surrogateescape").split("\n\n"):
        members = {
            name: value for name, equals, value in (line.partition("=") for line in paragraph.splitlines()) if equals
        }
        if members.get("offset", "").isdigit():
            found[int(members["offset"])] = members.get("status", "4.0.0"), members.get("reason", "")
    return found
