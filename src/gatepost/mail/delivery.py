"""What passes between the queue and the delivery agents: a request, a result a recipient, and the agent's interface."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from gatepost.mail.envelope import Envelope, Recipient


class Status(Enum):
    """What became of one recipient; the value is the word of the `status=` log field."""

    SENT = "sent"
    DEFERRED = "deferred"
    BOUNCED = "bounced"


class Body(Protocol):
    """A message's content as stored: header, empty line, body; every line ends in CRLF, no dot stuffing."""

    @property
    def size(self) -> int:
        """Length in bytes."""
        ...

    @property
    def whole(self) -> bytes | None:
        """All of the content, where it is in memory; else None."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """The content from its beginning, in pieces of at most 64 KiB, cut anywhere."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """One delivery attempt: the recipients of one message that share transport and next hop.

    `recipients` pairs each recipient with its row number in the store. `arrived`, `activated` and `started` are
    seconds since the epoch: when the message came in, when the queue manager took it up, when this attempt began.
    `number` stands in brackets in the log lines of this attempt, as a process id does.
    """

    queue_id: str
    envelope: Envelope
    recipients: tuple[tuple[int, Recipient], ...]
    transport: str
    nexthop: str
    body: Body
    arrived: float
    received: float
    activated: float
    attempts: int = 0
    number: int = 0


@dataclass(frozen=True, slots=True)
class Forwarding:
    """What a local delivery sends on as a message of its own.

    `sender` is in whose name; `mark` is the address in the Delivered-To header that it gets, empty for none.
    """

    sender: str
    recipients: tuple[Recipient, ...]
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one recipient of a job.

    `row` is the recipient's row number. `relay` is the log field (`host[addr]:port`, `local`, `none`). `text` is what
    stands in parentheses in the log and in reports. `remote_reply` and `remote_host` are set where another server
    said it, for RFC 3464's Diagnostic-Code and Remote-MTA. `new_recipients`: a local delivery that turned into other
    users of this machine puts them here, and in `forwards` what it sends on; the queue stores both in the same
    transaction. `told` is what the log tells in the place of this result, None where it tells this; `address` is whom
    it tells that of, where it is not the recipient itself.
    `destination_failed`: not this message but its next hop failed (no connection, refused at the greeting), so that the
    queue spares it further attempts for a while.
    """

    row: int
    status: Status
    dsn: str
    text: str
    relay: str = "none"
    connection_setup: float = 0.0
    transmission: float = 0.0
    connection_uses: int = 1
    remote_reply: str = ""
    remote_host: str = ""
    relayed: bool = False
    remote_takes_dsn: bool = False
    new_recipients: tuple[Recipient, ...] = ()
    destination_failed: bool = False
    forwards: tuple[Forwarding, ...] = ()
    told: tuple[Result, ...] | None = None
    address: str = ""


class Transport(Protocol):
    """A delivery agent."""

    async def deliver(self, job: Job) -> Sequence[Result]:
        """Try every recipient of the job once; one result each, in any order. Never raises for what a peer does."""
        ...


@dataclass(frozen=True, slots=True)
class Agent:
    """A transport as master.cf names it, with what its log lines are signed with.

    `process` is the program's name (`smtp`, `lmtp`, `local`, `virtual`, `error`, `discard`); `syslog_name` is the
    entry's own, None where it has none. `close` lets go of what is kept between deliveries, when the server stops.
    """

    transport: Transport
    process: str
    syslog_name: str | None = None
    close: Callable[[], None] = lambda: None
