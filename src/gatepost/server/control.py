"""What supervisor and worker say to each other, over one socket pair a worker.

The rules:

1. A message is one packet: JSON, with descriptors beside it. Packets keep their borders (SOCK_SEQPACKET).
2. The supervisor says `reload` (listeners and a memory file as descriptors), `reopen`, `ping` and `stop`; the worker
   says `ready`, `reloaded` or `refused` with a text, and `pong`.
3. End of file means that the other side is gone.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

MESSAGE_LIMIT = 64 * 1024
"""Bytes of a message; contents of files travel as memory files, not in it."""

DESCRIPTOR_LIMIT = 250
"""Descriptors a message carries (the kernel's SCM_MAX_FD is 253)."""


class Word(Enum):
    """What a message is about."""

    READY = "ready"
    RELOAD = "reload"
    RELOADED = "reloaded"
    REFUSED = "refused"
    REOPEN = "reopen"
    PING = "ping"
    PONG = "pong"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `text` is for people; `listeners` names the sockets in `descriptors`, `host port` each."""

    word: Word
    text: str = ""
    listeners: tuple[str, ...] = ()
    descriptors: tuple[int, ...] = field(default=(), compare=False)


def pair() -> tuple[socket.socket, socket.socket]:
    """The two ends: the supervisor's and the worker's."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def send(end: socket.socket, message: Message) -> bool:
    """Send a message; whether the other side is there to take it."""
    body = {"word": message.word.value, "text": message.text, "listeners": message.listeners}
    try:
        socket.send_fds(end, [json.dumps(body).encode("ascii")], list(message.descriptors))
    except OSError:
        return False
    return True


def receive(end: socket.socket) -> Message | None:
    """The next message; None at end of file. Raises BlockingIOError where the socket does not block."""
    try:
        data, descriptors, _, _ = socket.recv_fds(end, MESSAGE_LIMIT, DESCRIPTOR_LIMIT)
    except ConnectionError:
        return None
    if not data:
        return None
    body = json.loads(data)
    return Message(Word(body["word"]), body["text"], tuple(body["listeners"]), tuple(descriptors))


def seal(files: Mapping[str, bytes]) -> int:
    """A memory file with the contents of files, for a process that may not read them itself; the caller closes it."""
    index = json.dumps({name: len(content) for name, content in files.items()}).encode("ascii")
    descriptor = os.memfd_create("files", os.MFD_CLOEXEC)
    with os.fdopen(os.dup(descriptor), "wb") as stream:
        stream.write(len(index).to_bytes(8, "big") + index)
        for content in files.values():
            stream.write(content)
    return descriptor


def unseal(descriptor: int) -> dict[str, bytes]:
    """The files of a memory file, which is closed."""
    with os.fdopen(descriptor, "rb") as stream:
        stream.seek(0)
        index: dict[str, int] = json.loads(stream.read(int.from_bytes(stream.read(8), "big")))
        return {name: stream.read(length) for name, length in index.items()}


def adopt(descriptor: int) -> socket.socket:
    """The socket of a descriptor that came with a message."""
    return socket.socket(fileno=descriptor)
