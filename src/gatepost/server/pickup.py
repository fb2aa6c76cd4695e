"""From a program's request at the drop socket to a message of the queue, as Postfix's `pickup` does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gatepost.config.settings import Settings
from gatepost.mail.address import external
from gatepost.mail.dates import mail_date
from gatepost.mail.envelope import Envelope, Notify, Origin, Recipient, Ret
from gatepost.mail.events import Emit
from gatepost.mail.events.queue import PickedUp
from gatepost.mail.received import Stamp, received_internally
from gatepost.queue.intake import Accepted, Draft, Intake, Submission
from gatepost.server.drop import Incoming, Receipt, Request

TOO_BIG = Receipt(reason="message file too big", temporary=False)


class Pickup:
    """One message from a program; `limit` is in bytes, 0 for none."""

    def __init__(self, draft: Draft, submission: Submission, limit: int) -> None:
        self._draft = draft
        self._submission = submission
        self._limit = limit
        self._size = 0

    def write(self, data: bytes) -> None:
        """Take content with CRLF line ends."""
        self._size += len(data)
        if not self._limit or self._size <= self._limit:
            self._draft.write(data)

    async def finish(self) -> Receipt:
        """Put it into the queue."""
        if self._limit and self._size > self._limit:
            self._draft.discard()
            return TOO_BIG
        match await self._draft.commit(self._submission):
            case Accepted(queue_id):
                return Receipt(queue_id)
            case refused:
                return Receipt(reason=refused.reply.text, temporary=refused.reply.code < 500)  # noqa: PLR2004 - class of permanent replies

    def discard(self) -> None:
        """The program went away."""
        self._draft.discard()


@dataclass(frozen=True, slots=True)
class Desk:
    """Where messages are handed in: the queue, the log of process `pickup`, the settings in force, and the time."""

    intake: Intake
    emit: Emit
    settings: Settings
    now: Callable[[], float]

    def received(self, queue_id: str, uid: int) -> str:
        """The Received header."""
        moment = datetime.fromtimestamp(self.now()).astimezone()
        stamp = Stamp(self.settings.myhostname, self.settings.mail_name, queue_id, mail_date(moment))
        return received_internally(stamp, uid)


def begin(request: Request, uid: int, desk: Desk) -> Incoming | Receipt:
    """Begin a message, or refuse it."""
    for text in (request.sender, *request.recipients):
        if not text.isprintable():
            return Receipt(reason="an address has control characters", temporary=False)
    if not request.recipients:
        return Receipt(reason="no recipients", temporary=False)
    limit = desk.settings.message_size_limit
    if limit and request.size > limit:
        return TOO_BIG
    draft = desk.intake.draft()
    desk.emit(PickedUp(draft.queue_id, uid, external(request.sender)))
    notify = _notify(request.notify)
    recipients = tuple(Recipient(address, address, notify) for address in request.recipients)
    ret = Ret(request.ret) if request.ret in {"FULL", "HDRS"} else Ret.UNSET
    envelope = Envelope(request.sender, recipients, ret, request.envid, body_8bit=True, origin=Origin(is_local=True))
    submission = Submission(
        envelope,
        received_header=desk.received(draft.queue_id, uid),
        local_rewrite=True,
        full_name=request.full_name,
    )
    return Pickup(draft, submission, limit)


def _notify(words: str) -> Notify:
    wanted = Notify.DEFAULT
    for word in filter(None, words.split(",")):
        wanted |= Notify.__members__.get(word, Notify.DEFAULT)
    return wanted
