r"""The ledger's tables in SQLite, and how values become rows and back. The format is described in docs/queue-format.md.

Text columns hold UTF-8. What an address may have beyond that (bytes that are no UTF-8, kept as surrogate escapes)
is written `\xNN`, and a backslash is doubled, so that every address comes back as it was.
"""

from __future__ import annotations

import json
import re
import zlib
from typing import Any

from gatepost.mail.delivery import Body, Result, Status
from gatepost.mail.envelope import Envelope, Notify, Origin, Recipient, Ret
from gatepost.queue.body import FileBody, StoredBody
from gatepost.queue.record import Identity, MessageState, Row, RowState, StoredMessage

APPLICATION_ID = 0x47504F51
"""`GPOQ` in the file's header, so that `file` and this program know what it is."""

PAGE_SIZE = 16384
"""Bytes of a database page: a usual message fits in one, and a large one in few."""

VERSION = 3
"""Format of the tables (`user_version`)."""

CREATE = """
CREATE TABLE owner (
    slot INTEGER PRIMARY KEY,
    incarnation INTEGER NOT NULL,
    count INTEGER NOT NULL
) STRICT;
CREATE TABLE message (
    number INTEGER PRIMARY KEY,
    owner INTEGER NOT NULL,
    queue_id TEXT NOT NULL UNIQUE,
    state INTEGER NOT NULL,
    due REAL NOT NULL,
    attempts INTEGER NOT NULL,
    warned INTEGER NOT NULL,
    renew INTEGER NOT NULL,
    reason TEXT NOT NULL,
    arrived REAL NOT NULL,
    received REAL NOT NULL,
    size INTEGER NOT NULL,
    sender TEXT NOT NULL,
    route TEXT NOT NULL,
    redirect TEXT NOT NULL,
    envelope TEXT NOT NULL,
    checksum INTEGER NOT NULL
) STRICT;
CREATE INDEX message_due ON message (state, due);
CREATE TABLE recipient (
    message INTEGER NOT NULL,
    number INTEGER NOT NULL,
    state INTEGER NOT NULL,
    depth INTEGER NOT NULL,
    address TEXT NOT NULL,
    original TEXT NOT NULL,
    notify INTEGER NOT NULL,
    orcpt TEXT NOT NULL,
    via TEXT NOT NULL,
    domain TEXT NOT NULL,
    result TEXT,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (message, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE body (
    message INTEGER PRIMARY KEY,
    head BLOB NOT NULL,
    file_size INTEGER,
    file_checksum INTEGER
) STRICT;
"""

CREATE_ORIGIN = """
CREATE TABLE origin (
    id TEXT PRIMARY KEY,
    message INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX origin_message ON origin (message);
"""

MESSAGE, RECIPIENT, BODY = (
    tuple(re.findall(r"^    ([a-z_]+) ", table, re.MULTILINE)) for table in CREATE.split("CREATE TABLE ")[2:]
)
"""The columns of the tables."""

_ENCODE = json.JSONEncoder(separators=(",", ":")).encode
_ESCAPED = re.compile(r"\\(?:x([0-9a-f]{2})|\\)")
_UNSAFE = re.compile("[\\\\\x00\ud800-\udfff]")

Value = int | float | str | bytes | None


class Mismatch(ValueError):  # noqa: N818 - said as it is: row and checksum do not match
    """A row is not what was written."""


def encode_text(text: str) -> str:
    """Text that SQLite can hold."""
    if not text or _UNSAFE.search(text) is None:
        return text
    return _UNSAFE.sub(lambda found: "\\\\" if found[0] == "\\" else f"\\x{ord(found[0]) & 0xFF:02x}", text)


def decode_text(text: str) -> str:
    """The inverse of `encode_text`."""
    if "\\" not in text:
        return text
    return _ESCAPED.sub(lambda found: _unescape(int(found[1], 16)) if found[1] else "\\", text)


def _unescape(code: int) -> str:
    return chr(0xDC00 + code) if code >= 0x80 else chr(code)  # noqa: PLR2004 - surrogate escapes stand for 0x80 to 0xFF


def _envelope_text(given: Envelope) -> str:
    origin = given.origin
    return _ENCODE(
        [
            given.ret.value,
            given.envid,
            given.body_8bit,
            given.smtputf8,
            [
                origin.client,
                origin.client_name,
                origin.client_address,
                origin.client_port,
                origin.helo,
                origin.protocol,
                origin.sasl_method,
                origin.sasl_username,
                origin.sasl_sender,
                origin.is_local,
            ],
        ]
    )


def _read_envelope(sender: str, text: str) -> Envelope:
    ret, envid, body_8bit, smtputf8, origin = json.loads(text)
    return Envelope(sender, (), Ret(ret), envid, body_8bit, smtputf8, Origin(*origin))


def _message_checksum(texts: tuple[str, ...], head: bytes) -> int:
    """Over queue id, sender, route, redirect and envelope, and the head of the content."""
    return zlib.crc32(head, zlib.crc32("\0".join(texts).encode()))


def _recipient_checksum(address: str, original: str, notify: int, orcpt: str, via: str) -> int:
    return zlib.crc32(f"{address}\0{original}\0{notify}\0{orcpt}\0{via}".encode())


def message_values(message: StoredMessage, body: StoredBody, owner: int) -> tuple[Value, ...]:
    """The row of table `message`."""
    envelope = _envelope_text(message.envelope)
    sender = encode_text(message.envelope.sender)
    route, redirect = encode_text(message.route), encode_text(message.redirect)
    return (
        message.identity.number,
        owner,
        message.queue_id,
        message.state.value,
        message.due,
        message.attempts,
        int(message.warned),
        int(message.renew),
        encode_text(message.reason),
        message.arrived,
        message.received,
        body.size,
        sender,
        route,
        redirect,
        envelope,
        _message_checksum((message.queue_id, sender, route, redirect, envelope), body.head),
    )


def body_values(number: int, body: StoredBody) -> tuple[Value, ...]:
    """The row of table `body`."""
    if isinstance(body, FileBody):
        return (number, body.head, body.file_size, body.checksum)
    return (number, body.head, None, None)


def recipient_values(number: int, row: Row) -> tuple[Value, ...]:
    """The row of table `recipient`."""
    given = row.recipient
    address, orcpt = encode_text(given.address), encode_text(given.orcpt)
    original = address if given.original == given.address else encode_text(given.original)
    notify, via = given.notify.value, encode_text(given.via)
    return (
        number,
        row.number,
        row.state.value,
        row.depth,
        address,
        original,
        notify,
        orcpt,
        via,
        address.rpartition("@")[2].lower(),
        None if row.result is None else _result_text(row.result),
        _recipient_checksum(address, original, notify, orcpt, via),
    )


def _result_text(result: Result) -> str:
    return _ENCODE(
        [
            result.status.value,
            result.dsn,
            result.text,
            result.relay,
            result.remote_reply,
            result.remote_host,
            result.relayed,
            result.remote_takes_dsn,
        ]
    )


def _read_result(number: int, text: str) -> Result:
    status, dsn, said, relay, reply, host, relayed, takes_dsn = json.loads(text)
    return Result(
        number,
        Status(status),
        dsn,
        said,
        relay,
        remote_reply=reply,
        remote_host=host,
        relayed=relayed,
        remote_takes_dsn=takes_dsn,
    )


def read_row(values: tuple[Any, ...]) -> Row:
    """A recipient from columns `number` to `checksum`. Raises Mismatch."""
    number, state, depth, address, original, notify, orcpt, via, _, result, checksum = values
    if _recipient_checksum(address, original, notify, orcpt, via) != checksum:
        raise Mismatch(f"recipient {number} does not match its checksum")
    texts = decode_text(orcpt), decode_text(via)
    recipient = Recipient(decode_text(address), decode_text(original), Notify(notify), *texts)
    return Row(number, recipient, RowState(state), depth, None if result is None else _read_result(number, result))


def read_message(values: tuple[Any, ...], rows: tuple[Row, ...], body: Body) -> StoredMessage:
    """A message from all columns of its table; not checked."""
    number, _, queue_id, state, due, attempts, warned, renew, reason, arrived, received = values[:11]
    sender, route, redirect, text = values[12:16]
    return StoredMessage(
        Identity(number, queue_id),
        _read_envelope(decode_text(sender), text),
        rows,
        body,
        arrived,
        received,
        due,
        MessageState(state),
        attempts,
        decode_text(reason),
        bool(warned),
        decode_text(route),
        decode_text(redirect),
        bool(renew),
    )


def without_envelope(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """The columns of a message whose envelope cannot be read, with an empty one in its place."""
    return (*values[:15], _envelope_text(Envelope("", ())), values[16])


def check_message(values: tuple[Any, ...], head: bytes) -> None:
    """Raise Mismatch where envelope or head are not what was written."""
    *texts, checksum = values[12:17]
    if _message_checksum((values[2], *texts), head) != checksum:
        raise Mismatch("envelope or content does not match its checksum")
