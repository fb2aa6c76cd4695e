r"""A message outside of any queue, as two files: NAME.eml with the content, NAME.json with the envelope.

The content is that of the queue, byte for byte: an RFC 5322 message whose lines end in CRLF. The envelope has all else
that a queue knows of the message; docs/queue-format.md names its members. Members that are left out have their
defaults; those that nobody knows are errors, so that nothing is lost unseen.

Text is encoded as in the database: `\xNN` for bytes that are no UTF-8, and a doubled backslash.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gatepost.mail.delivery import Result, Status
from gatepost.mail.envelope import Envelope, Notify, Origin, Recipient, Ret
from gatepost.queue.body import PIECE, MemoryBody
from gatepost.queue.record import Identity, MessageState, Row, RowState, StoredMessage, origin_of
from gatepost.queue.schema import decode_text, encode_text
from gatepost.queue.store import BodyDraft, QueueStore, StoreError

FORMAT = "gatepost message 1"
"""What stands in `format`; the number changes when members change their meaning."""

HEAD_LIMIT = 1024 * 1024
"""Bytes among which the end of the header section is looked for."""

Json = dict[str, Any]


class NotReadable(ValueError):  # noqa: N818 - said as it is
    """A pair of files that is no message; the text names the file and says why."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The two files of a message."""

    folder: Path
    name: str

    @property
    def content(self) -> Path:
        """The message itself."""
        return self.folder / f"{self.name}.eml"

    @property
    def envelope(self) -> Path:
        """All else; written last, so that a pair is complete where it is there."""
        return self.folder / f"{self.name}.json"


def pairs(folder: Path) -> list[Pair]:
    """The messages of a folder. Raises OSError."""
    return [Pair(folder, path.stem) for path in sorted(folder.iterdir()) if path.suffix == ".json"]


def envelope_of(message: StoredMessage, origin: str) -> Json:
    """A message without its content. `origin` is what it was imported as, empty where it came in here."""
    given = message.envelope
    return {
        "format": FORMAT,
        "origin": encode_text(origin or origin_of(message)),
        "queue_id": message.queue_id,
        "state": message.state.word,
        "arrived": message.arrived,
        "received": message.received,
        "due": message.due,
        "attempts": message.attempts,
        "reason": encode_text(message.reason),
        "warned": message.warned,
        "renew": message.renew,
        "route": encode_text(message.route),
        "redirect": encode_text(message.redirect),
        "sender": encode_text(given.sender),
        "ret": given.ret.value,
        "envid": encode_text(given.envid),
        "body_8bit": given.body_8bit,
        "smtputf8": given.smtputf8,
        "client": {name: _written(getattr(given.origin, name)) for name in Origin.__slots__},
        "recipients": [_recipient(row) for row in message.rows],
    }


def read_envelope(given: Json, identity: Identity) -> tuple[StoredMessage, str]:
    """The inverse of `envelope_of`, under an identity of the new queue; the content is empty. Raises NotReadable."""
    members = dict(given)
    if members.pop("format", None) != FORMAT:
        raise NotReadable(f"its format is not {FORMAT!r}")
    try:
        origin = str(members.pop("origin"))
        members.pop("queue_id", None)
        rows = tuple(_read_recipient(number, row) for number, row in enumerate(members.pop("recipients"), 1))
        envelope = Envelope(
            decode_text(members.pop("sender")),
            (),
            Ret(members.pop("ret", "")),
            decode_text(members.pop("envid", "")),
            bool(members.pop("body_8bit", False)),
            bool(members.pop("smtputf8", False)),
            Origin(**{name: _read(value) for name, value in members.pop("client", {}).items()}),
        )
        arrived = float(members.pop("arrived"))
        message = StoredMessage(
            identity,
            envelope,
            rows,
            MemoryBody(b""),
            arrived,
            float(members.pop("received", arrived)),
            float(members.pop("due", 0.0)),
            MessageState[members.pop("state", "active").upper()],
            int(members.pop("attempts", 0)),
            decode_text(members.pop("reason", "")),
            bool(members.pop("warned", False)),
            decode_text(members.pop("route", "")),
            decode_text(members.pop("redirect", "")),
            bool(members.pop("renew", False)),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise NotReadable(f"a member is missing or wrong: {error}") from error
    except NotReadable:
        raise
    except ValueError as error:
        raise NotReadable(str(error)) from error
    _refuse_others(members)
    if not rows:
        raise NotReadable("it has no recipients")
    return message, decode_text(origin)


async def take_in(pair: Pair, store: QueueStore, now: float) -> StoredMessage | None:
    """Import a message; None where its like was imported before. Raises NotReadable, OSError, StoreError."""
    identity = store.identify(now)
    given = load(pair)
    digest = given.pop("sha256", None)
    message, origin = read_envelope(given, identity)
    draft = store.draft(identity)
    try:
        head = await asyncio.to_thread(_copy, pair.content, draft, digest)
        message = replace(message, body=await draft.seal(head))
        if await store.adopt(message, origin):
            return message
    except (OSError, ValueError, StoreError):
        draft.discard()
        raise
    draft.discard()
    return None


def load(pair: Pair) -> Json:
    """The envelope file. Raises NotReadable, OSError."""
    try:
        given = json.loads(pair.envelope.read_bytes())
    except ValueError as error:
        raise NotReadable(f"it is no JSON: {error}") from error
    if not isinstance(given, dict):
        raise NotReadable("it is no JSON object")
    return given


def _copy(path: Path, draft: BodyDraft, digest: str | None) -> bytes:
    """Write all but the header section, which is returned, into a draft."""
    found = hashlib.sha256()
    with path.open("rb") as source:
        head = source.read(HEAD_LIMIT)
        found.update(head)
        end = head.find(b"\r\n\r\n") + 4
        if end >= len(b"\r\n\r\n"):
            draft.write(head[end:])
            head = head[:end]
        while piece := source.read(PIECE):
            found.update(piece)
            draft.write(piece)
    if digest is not None and found.hexdigest() != digest:
        raise NotReadable("the content is not what was exported: its SHA-256 differs")
    return head


def _recipient(row: Row) -> Json:
    given = row.recipient
    return {
        "number": row.number,
        "address": encode_text(given.address),
        "original": encode_text(given.original),
        "notify": [flag.name for flag in given.notify],
        "orcpt": encode_text(given.orcpt),
        "via": encode_text(given.via),
        "state": row.state.name.lower(),
        "depth": row.depth,
        "result": None if row.result is None else _result(row.result),
    }


_RESULT = ("dsn", "text", "relay", "remote_reply", "remote_host", "relayed", "remote_takes_dsn")
"""Members of a result that a queue keeps, besides its status."""


def _result(result: Result) -> Json:
    return {"status": result.status.value} | {name: _written(getattr(result, name)) for name in _RESULT}


def _read_recipient(place: int, given: Json) -> Row:
    members = dict(given)
    number = int(members.pop("number", place))
    address = decode_text(members.pop("address"))
    notify = Notify.DEFAULT
    for name in members.pop("notify", ()):
        notify |= Notify[name]
    recipient = Recipient(
        address,
        decode_text(members.pop("original", "")) or address,
        notify,
        decode_text(members.pop("orcpt", "")),
        decode_text(members.pop("via", "")),
    )
    result = members.pop("result", None)
    row = Row(number, recipient, RowState[members.pop("state", "pending").upper()], int(members.pop("depth", 0)))
    _refuse_others(members)
    return row if result is None else replace(row, result=_read_result(number, result))


def _read_result(row: int, given: Json) -> Result:
    members = {name: _read(value) for name, value in given.items()}
    _refuse_others(members.keys() - {"status", *_RESULT})
    status = Status(members.pop("status"))
    return Result(row, status, members.pop("dsn"), members.pop("text"), **members)


def _written(value: object) -> object:
    return encode_text(value) if isinstance(value, str) else value


def _read(value: Any) -> Any:  # noqa: ANN401 - a member of JSON
    return decode_text(value) if isinstance(value, str) else value


def _refuse_others(names: Iterable[str]) -> None:
    if unknown := sorted(names):
        raise NotReadable(f"members that are not known: {', '.join(unknown)}")
