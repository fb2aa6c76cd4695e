"""Putting a message into one mailbox, and what to say about it; common ground of local and virtual delivery."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass

from gatepost.delivery.mailbox import MailboxKind, Target, status_code
from gatepost.delivery.mailformat import delivery_head
from gatepost.delivery.writers import Failure, MailboxWriter, spooled
from gatepost.mail.delivery import Job, Result, Status
from gatepost.mail.envelope import Recipient
from gatepost.mail.events import Emit, Warned


@dataclass(frozen=True, slots=True)
class Deposit:
    """One recipient's mailbox.

    `relay` is the log's word for the agent, `usual` the status code of failures that tell nothing special. `trouble`
    is how the story of a failure with an mbox file begins. `marked`: with a Delivered-To header.
    """

    row: int
    recipient: Recipient
    target: Target
    relay: str
    usual: str
    trouble: str
    marked: bool = True


@dataclass(frozen=True, slots=True)
class Mailboxes:
    """The way to mailboxes. `clock` gives the time of delivery; `folder` is where large messages wait meanwhile."""

    writer: MailboxWriter
    clock: Callable[[], float]
    folder: str = ""

    async def put(self, job: Job, deposit: Deposit, emit: Emit) -> Result:
        """Add the message to the mailbox; the result is final once it is durable there."""
        target, mbox = deposit.target, deposit.target.kind is MailboxKind.MBOX
        started = self.clock()
        head = delivery_head(job.envelope.sender, deposit.recipient, started, mbox=mbox, marked=deposit.marked)
        try:
            async with spooled(job.body, head, mbox=mbox, folder=self.folder) as content:
                failure = await self.writer.deliver(target, content)
        except OSError as error:
            failure = Failure(f"cannot prepare the message: {error.strerror or error}", error.errno or 0)
        spent = max(0.0, self.clock() - started)
        if failure is None:
            text = f"delivered to {target.kind.value}"
            return Result(deposit.row, Status.SENT, "2.0.0", text, deposit.relay, transmission=spent)
        if not mbox:
            emit(Warned(f"maildir access problem for UID/GID={target.uid}/{target.gid}: {failure.text}"))
            if failure.code == errno.EACCES:
                emit(Warned("perhaps you need to create the maildirs in advance"))
        dsn = status_code(failure.code, deposit.usual)
        status = Status.DEFERRED if dsn.startswith("4") else Status.BOUNCED
        text = f"{deposit.trouble if mbox else 'maildir delivery failed: '}{failure.text}"
        return Result(deposit.row, status, dsn, text, deposit.relay, transmission=spent)
