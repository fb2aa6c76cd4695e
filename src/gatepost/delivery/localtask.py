"""One recipient under local delivery, and how what became of its parts adds up.

The rules:

1. What is done here comes first, in order. The first part that is put off ends it: nothing is sent on yet, and the
   whole recipient is tried again.
2. A part that fails does not keep the others from being delivered; the sender hears of the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gatepost.mail.delivery import Forwarding, Job, Result, Status
from gatepost.mail.envelope import Recipient
from gatepost.mail.events import Emit
from gatepost.oracle import Oracle


@dataclass(frozen=True, slots=True)
class Task:
    """One recipient of one job.

    `relay` is the log's word for the agent; `seen` are the addresses that the message has been delivered to, folded.
    """

    job: Job
    row: int
    recipient: Recipient
    oracle: Oracle
    emit: Emit
    relay: str
    seen: frozenset[str] = frozenset()

    @property
    def address(self) -> str:
        """Whom it is for."""
        return self.recipient.address

    @property
    def mark(self) -> str:
        """What Delivered-To says."""
        return self.recipient.via or self.recipient.address

    def result(self, status: Status, dsn: str, text: str, address: str = "") -> Result:
        """A result, or a part's; `address` is whom the log tells it of, if not the recipient."""
        shown = "" if address == self.recipient.address else address
        return Result(self.row, status, dsn, text, self.relay, address=shown)

    def deferred(self, dsn: str, text: str) -> Result:
        """A part that is put off."""
        return self.result(Status.DEFERRED, dsn, text)

    def bounced(self, dsn: str, text: str, address: str = "") -> Result:
        """A part that fails."""
        return self.result(Status.BOUNCED, dsn, text, address)


def is_put_off(parts: Sequence[Result]) -> bool:
    """Whether the last part ends the delivery for now (rule 1)."""
    return bool(parts) and parts[-1].status is Status.DEFERRED


def summed_up(
    task: Task, parts: Sequence[Result], rows: tuple[Recipient, ...] = (), forwards: tuple[Forwarding, ...] = ()
) -> Result:
    """The recipient's result; the log tells of the parts."""
    told = tuple(parts)
    if is_put_off(parts):
        return replace(parts[-1], told=told, address="")
    for part in parts:
        if part.status is Status.BOUNCED:
            return replace(part, told=told, address=task.recipient.via, new_recipients=rows, forwards=forwards)
    whole = parts[-1] if parts else task.result(Status.SENT, "2.0.0", "alias expanded")
    return replace(whole, told=told, address=task.recipient.via, new_recipients=rows, forwards=forwards)
