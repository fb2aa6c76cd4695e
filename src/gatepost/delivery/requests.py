"""What the helper is asked and what it answers: values, and how they go over its socket.

A request is a file in memory that goes over as a descriptor, so that its size has no other limit than `REQUEST_LIMIT`;
a second descriptor is the message. An answer is one packet, and a descriptor where it has content.
"""

from __future__ import annotations

import errno
import json
import os
from dataclasses import asdict, dataclass, replace
from typing import Any

from gatepost.delivery.command import Command
from gatepost.delivery.exits import Ending
from gatepost.delivery.mailbox import MailboxKind, Target
from gatepost.delivery.userfile import Found, UserFile

HELLO = b"?"
"""The packet that descriptors travel with."""

REQUEST_LIMIT = 4_194_304
"""Bytes of a request."""

ANSWER_LIMIT = 65_536
"""Bytes of an answer."""

CONTENT_LIMIT = 67_108_864
"""Bytes of the content that comes with an answer."""

Request = Target | Command | UserFile
"""What may be asked: write a message, run a command, read a file."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a mailbox was not written to: the text for the log and the system's error number."""

    text: str
    code: int


def packed(request: Request) -> int:
    """A descriptor of a file with the request, at its beginning. Raises OSError."""
    fields = asdict(request)
    if isinstance(request, Target):
        fields["kind"] = request.kind.value
    return memory({"do": type(request).__name__, **fields})


def memory(value: object) -> int:
    """A descriptor of a file in memory with a value as JSON. Raises OSError."""
    return filled(json.dumps(value).encode("ascii"))


def filled(content: bytes) -> int:
    """A descriptor of a file in memory. Raises OSError."""
    file = os.memfd_create("gatepost", os.MFD_CLOEXEC)
    with open(file, "wb", closefd=False) as stream:
        stream.write(content)
    return file


def unpacked(file: int, limit: int = CONTENT_LIMIT) -> bytes:
    """The content of such a file. Raises OSError, also where it is too large."""
    size = os.fstat(file).st_size
    if size > limit:
        raise OSError(errno.EMSGSIZE, os.strerror(errno.EMSGSIZE))
    content = b""
    while len(content) < size and (piece := os.pread(file, size - len(content), len(content))):
        content += piece
    return content


def read_request(content: bytes) -> Request:
    """A request as a value; raises ValueError, TypeError or KeyError where it is none."""
    fields: dict[str, Any] = json.loads(content)
    match fields.pop("do"):
        case "Target":
            return Target(**{**fields, "kind": MailboxKind(fields["kind"]), "locks": tuple(fields["locks"])})
        case "Command":
            environment = tuple((str(name), str(value)) for name, value in fields.pop("environment"))
            argv, fallback = tuple(fields.pop("argv")), tuple(fields.pop("fallback"))
            return Command(argv, fallback, fields.pop("uid"), fields.pop("gid"), environment, **fields)
        case "UserFile":
            return UserFile(**fields)
        case other:
            raise ValueError(f"unknown request: {other}")


def write_failure(failure: Failure | None) -> bytes:
    """An answer to a Target."""
    return json.dumps(asdict(failure) if failure else {}).encode("ascii")


def read_failure(answer: bytes) -> Failure | None:
    """What became of a message for a mailbox."""
    fields: dict[str, Any] = json.loads(answer)
    return Failure(str(fields["text"]), int(fields["code"])) if fields else None


def write_ending(ending: Ending) -> bytes:
    """An answer to a Command."""
    return json.dumps({**asdict(ending), "output": ending.output.decode("latin-1")}).encode("ascii")


def read_ending(answer: bytes) -> Ending:
    """How a command ended."""
    fields: dict[str, Any] = json.loads(answer)
    return Ending(**{**fields, "output": str(fields["output"]).encode("latin-1")})


def write_found(found: Found) -> bytes:
    """An answer to a UserFile, but for the content."""
    return json.dumps({**asdict(found), "content": None}).encode("ascii")


def read_found(answer: bytes, content: bytes | None) -> Found:
    """What reading came to."""
    fields: dict[str, Any] = json.loads(answer)
    return replace(Found(**fields), content=content)
