"""The intake: what comes in becomes a message of the queue. It does what Postfix's `cleanup` does, then commits.

The rules:

1. Content streams: the header section is kept until its end is seen, the rest goes to the store's draft. A header
   section that is larger than a limit is cut there, and what follows is passed on as it is.
2. Everything that decides about the message comes before the commit: hops, header completion, recipients. A message
   that is refused leaves nothing behind.
3. `commit` returns Accepted only when the message is durable. Whatever fails before that is Refused, with the reply for
   the client; a full disk is its own reply, and goes away with its cause.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from gatepost.mail import replies
from gatepost.mail.address import external
from gatepost.mail.delivery import Forwarding, Result, Status
from gatepost.mail.envelope import Envelope, Notify, Recipient
from gatepost.mail.events import Emit, Warned
from gatepost.mail.reply import Reply
from gatepost.oracle import Oracle
from gatepost.queue.cleanup import Cleanup
from gatepost.queue.record import (
    Identity,
    MessageState,
    Report,
    ReportOrder,
    ReportWriter,
    Row,
    RowState,
    StoredMessage,
)
from gatepost.queue.store import BodyDraft, QueueStore, StoreError, StoreFull
from gatepost.routing.expansion import Expansion, ExpansionRefused

HEADER_LIMIT = 1024 * 1024
"""Bytes of a header section that are looked at."""

_EMPTY_LINE = b"\r\n\r\n"
"""The end of a line, and the empty one that ends a header section."""

TOO_MANY_HOPS = Reply.of(554, "5.4.0", "Error: too many hops")


@dataclass(frozen=True, slots=True)
class Handling:
    """What access(5) actions want done with a message.

    `hold`: keep it back. `discard`: claim success and forget it. `route`: a content filter, `transport:nexthop`.
    `redirect`: who gets it instead of all recipients. `bcc`: who gets it besides.
    """

    hold: bool = False
    discard: bool = False
    route: str = ""
    redirect: str = ""
    bcc: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Submission:
    """What is known of a message at its end.

    `prepend` are header lines that go on top, without their ends, above `received_header`, our own (with its line ends;
    empty: the one for mail that this system makes). `local_rewrite`: headers are completed as those of our users are,
    in the name of `full_name`, if known. `oracle` shows the transaction's version of the tables; None: the current one.
    """

    envelope: Envelope
    prepend: tuple[str, ...] = ()
    received_header: str = ""
    handling: Handling = Handling()
    local_rewrite: bool = False
    oracle: Oracle | None = None
    full_name: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The message is ours."""

    queue_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The message is not taken; nothing of it was kept."""

    reply: Reply


class _NotTaken(Exception):  # noqa: N818 - said as it is: the message was not taken
    """Ends the intake of a message with a reply."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.text)
        self.reply = reply


class Draft:
    """A message that is arriving. Made by `Intake.draft`; dropped unless it is committed."""

    __slots__ = ("_began", "_body", "_head", "_identity", "_intake", "_section")

    def __init__(self, intake: Intake, identity: Identity, body: BodyDraft, began: float) -> None:
        self._intake = intake
        self._identity = identity
        self._body = body
        self._began = began
        self._head: bytearray | None = bytearray()  # None once the end of the header has been seen
        self._section = b""

    @property
    def queue_id(self) -> str:
        """The queue id that the message will have."""
        return self._identity.queue_id

    def write(self, data: bytes) -> None:
        """Take content: canonical, header first. Never raises; what goes wrong is told by `commit`."""
        if self._head is None:
            self._body.write(data)
            return
        seen = max(len(self._head) - len(_EMPTY_LINE) + 1, 0)
        self._head += data
        empty_line = self._head.find(_EMPTY_LINE, seen)
        if self._head.startswith(b"\r\n"):
            self._end_header(len(b"\r\n"))
        elif empty_line >= 0:
            self._end_header(empty_line + len(_EMPTY_LINE))
        elif len(self._head) > HEADER_LIMIT:
            self._end_header(self._head.rfind(b"\r\n", 0, HEADER_LIMIT) + len(b"\r\n"))

    async def commit(self, submission: Submission) -> Accepted | Refused:
        """End the message: clean it up and make it durable."""
        return await self._intake.commit(self, submission)

    def discard(self) -> None:
        """Drop it; harmless when it is dropped already."""
        self._body.discard()

    def abandon(self, *, local_rewrite: bool) -> None:
        """Drop what its client did not, or was not let, bring to an end; the log names it as far as it came."""
        cleanup, now = self._intake.cleanup, self._intake.clock()
        headers = cleanup.headers("", self.queue_id, now, local=local_rewrite)
        headers.feed(self._section if self._head is None else bytes(self._head))
        self.discard()

    def _end_header(self, end: int) -> None:
        assert self._head is not None  # noqa: S101 - only called before the end was seen
        self._section = bytes(self._head[:end])
        rest = bytes(self._head[end:])
        self._head = None
        if rest:
            self._body.write(rest)

    async def prepare(self, submission: Submission) -> StoredMessage:
        """The message as it may be committed. Raises _NotTaken, ExpansionRefused, StoreError."""
        if self._head is not None:
            self._end_header(len(self._head))
        intake, cleanup = self._intake, self._intake.cleanup
        now = intake.clock()
        envelope = submission.envelope
        sender, expansion = await cleanup.envelope(envelope.sender, _recipients(submission), submission.oracle)
        headers = cleanup.headers(sender, self.queue_id, now, submission.full_name, local=submission.local_rewrite)
        preface = headers.preface(submission.prepend)
        section = headers.feed(self._section) + headers.finish()
        if headers.looping:
            intake.emit(Warned(f"{self.queue_id}: message rejected: hopcount exceeded"))
            raise _NotTaken(TOO_MANY_HOPS)
        received = submission.received_header or cleanup.received(self.queue_id, now)
        handling = submission.handling
        return StoredMessage(
            identity=self._identity,
            envelope=Envelope(
                sender,
                (),
                envelope.ret,
                envelope.envid,
                envelope.body_8bit or headers.declares_8bit,
                envelope.smtputf8,
                envelope.origin,
            ),
            rows=_rows(expansion),
            body=await self._body.seal(preface + received.encode("utf-8", "surrogateescape") + section),
            arrived=self._began,
            received=now,
            due=now,
            state=MessageState.HOLD if handling.hold else MessageState.ACTIVE,
            route=handling.route,
            redirect=handling.redirect,
        )


class Intake:
    """Takes messages into one store. `emit` is the log of process `cleanup`; `submit` tells who delivers.

    `clock` gives seconds since the epoch.
    """

    def __init__(
        self,
        store: QueueStore,
        cleanup: Cleanup,
        emit: Emit,
        submit: Callable[[StoredMessage], None],
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._submit = submit
        self.cleanup = cleanup
        self.emit = emit
        self.clock = clock

    def adopt(self, cleanup: Cleanup) -> None:
        """Go on with a new configuration."""
        self.cleanup = cleanup

    def draft(self) -> Draft:
        """Begin a message."""
        now = self.clock()
        identity = self._store.identify(now)
        return Draft(self, identity, self._store.draft(identity), now)

    async def commit(self, draft: Draft, submission: Submission) -> Accepted | Refused:
        """End a message: accepted means durable."""
        if submission.handling.discard:
            draft.discard()
            return Accepted(draft.queue_id)
        try:
            message = await draft.prepare(submission)
        except (_NotTaken, ExpansionRefused, StoreError) as error:
            draft.discard()
            return Refused(self._refusal(draft.queue_id, error))
        except BaseException:
            draft.discard()
            raise
        try:
            # Whoever is cancelled here does not learn whether the message was committed, so the content must stay.
            await self._store.commit(message)
        except StoreError as error:
            draft.discard()
            return Refused(self._refusal(draft.queue_id, error))
        self._submit(message)
        return Accepted(draft.queue_id)

    async def compose(self, report: Report) -> StoredMessage:
        """Make a report ready to be stored by whoever settles what it is about.

        Raises ExpansionRefused or StoreError.
        """
        draft = self.draft()
        draft.write(report.content)
        return await draft.prepare(Submission(report.envelope, local_rewrite=True))

    async def forward(self, message: StoredMessage, forwarding: Forwarding) -> StoredMessage | Reply:
        """Make a message that a local delivery sends on ready to be stored; the reply says why that cannot be."""
        draft = self.draft()
        envelope = replace(message.envelope, sender=forwarding.sender, recipients=forwarding.recipients)
        try:
            if forwarding.mark:
                draft.write(f"Delivered-To: {external(forwarding.mark)}\r\n".encode("utf-8", "surrogateescape"))
            async for piece in message.body.chunks():
                draft.write(piece)
            return replace(await draft.prepare(Submission(envelope)), arrived=message.arrived)
        except (_NotTaken, ExpansionRefused, StoreError) as error:
            draft.discard()
            return self._refusal(draft.queue_id, error)
        except BaseException:
            draft.discard()
            raise

    def reporting(self, write: ReportWriter) -> Callable[[ReportOrder], Awaitable[StoredMessage | None]]:
        """What `Plan.report` wants: reports written by `write`, ready to be stored."""

        async def report(order: ReportOrder) -> StoredMessage | None:
            written = await write(order)
            return None if written is None else await self.compose(written)

        return report

    def _refusal(self, queue_id: str, error: Exception) -> Reply:
        """Log what went wrong, and say it as the client is to hear it."""
        match error:
            case _NotTaken():
                return error.reply
            case ExpansionRefused():
                for warning in error.warnings:
                    self.emit(Warned(warning))
                self.emit(Warned(f"{queue_id}: {error}"))
                return error.reply
            case StoreFull():
                self.emit(Warned(f"{queue_id}: queue file write error: {error}"))
                return replies.STORAGE_FULL
            case _:
                self.emit(Warned(f"{queue_id}: queue file write error: {error}"))
                return replies.QUEUE_WRITE_ERROR


def _recipients(submission: Submission) -> tuple[Recipient, ...]:
    """The recipients, and those who get a copy, of whom nobody is to hear.

    But for the first one: Postfix says NEVER behind each of them, so that it counts for the next (judge: 3.7.11).
    """
    copies = tuple(
        Recipient(address, address, Notify.NEVER if number else Notify.DEFAULT)
        for number, address in enumerate(submission.handling.bcc)
    )
    return submission.envelope.recipients + copies


def _rows(expansion: Expansion) -> tuple[Row, ...]:
    """Those who are to get the message, then those whose place they took, of whom the sender is to hear."""
    rows = [Row(number, recipient) for number, recipient in enumerate(expansion.recipients, 1)]
    for number, recipient in enumerate(expansion.expanded, len(rows) + 1):
        told = Result(number, Status.SENT, "2.0.0", "alias expanded")
        rows.append(Row(number, recipient, RowState.EXPANDED, result=told))
    return tuple(rows)
