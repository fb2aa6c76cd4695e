"""Putting a message into one mailbox, and what to say about it; common ground of local and virtual delivery."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass, replace

from gatepost.delivery.mailbox import MailboxKind, Target, status_code
from gatepost.delivery.mailformat import MAILDIR, MBOX, mailbox_head
from gatepost.delivery.requests import Failure
from gatepost.delivery.writers import MailboxWriter, spooled
from gatepost.mail.delivery import Job, Result, Status
from gatepost.mail.envelope import Recipient
from gatepost.mail.events import Emit, Warned


@dataclass(frozen=True, slots=True)
class Deposit:
    """One recipient's mailbox.

    `relay` is the log's word for the agent, `usual` the status code of failures that tell nothing special. `trouble`
    is how the story of a failure with an mbox file begins, `told` what is said of a success with one. `marked`: with a
    Delivered-To header. `sender` stands in Return-Path.
    """

    row: int
    recipient: Recipient
    target: Target
    sender: str
    relay: str
    usual: str
    trouble: str
    told: str = "delivered to mailbox"
    marked: bool = True


@dataclass(frozen=True, slots=True)
class Mailboxes:
    """The way to mailboxes. `clock` gives the time of delivery; `folder` is where large messages wait meanwhile."""

    writer: MailboxWriter
    clock: Callable[[], float]
    folder: str = ""

    async def put(self, job: Job, deposit: Deposit, emit: Emit) -> Result:
        """Add the message to the mailbox; the result is final once it is durable there."""
        mbox = deposit.target.kind is MailboxKind.MBOX
        target = replace(deposit.target, name=_delivery_name(job, deposit.row), accepted=job.received)
        started = self.clock()
        head = mailbox_head(deposit.sender, deposit.recipient, started, mbox=mbox, marked=deposit.marked)
        try:
            async with spooled(job.body, head.text(), MBOX if mbox else MAILDIR, self.folder) as content:
                failure = await self.writer.deliver(target, content)
        except OSError as error:
            failure = Failure(f"cannot prepare the message: {error.strerror or error}", error.errno or errno.EIO)
        spent = max(0.0, self.clock() - started)
        if failure is None:
            text = deposit.told if mbox else "delivered to maildir"
            return Result(deposit.row, Status.SENT, "2.0.0", text, deposit.relay, transmission=spent)
        if not mbox:
            emit(Warned(f"maildir access problem for UID/GID={target.uid}/{target.gid}: {failure.text}"))
            if failure.code == errno.EACCES:
                emit(Warned("perhaps you need to create the maildirs in advance"))
        dsn = status_code(failure.code, deposit.usual)
        status = Status.DEFERRED if dsn.startswith("4") else Status.BOUNCED
        text = f"{deposit.trouble if mbox else 'maildir delivery failed: '}{failure.text}"
        return Result(deposit.row, status, dsn, text, deposit.relay, transmission=spent)


def _delivery_name(job: Job, row: int) -> str:
    """What tells this delivery from all others, however often it is tried: the message and the recipient's row."""
    seconds = int(job.arrived)
    return f"{seconds}.M{int((job.arrived - seconds) * 1e6):06d}Q{job.queue_id}R{row}"
