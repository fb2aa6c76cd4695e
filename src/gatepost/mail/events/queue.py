"""What happens to a queued message (processes `cleanup`, `qmgr`, `bounce`, `pickup`, `postsuper` and the agents)."""

from __future__ import annotations

from gatepost.mail.events import Event, event


@event("{queue_id}: message-id={message_id}")
class MessageId(Event):
    """The message's Message-ID header, as it stands, angle brackets included (`<>` for none)."""

    queue_id: str
    message_id: str


@event("{queue_id}: resent-message-id={message_id}")
class ResentMessageId(Event):
    """The Resent-Message-ID header of a message that somebody sent on."""

    queue_id: str
    message_id: str


@event("{queue_id}: uid={uid} from=<{sender}>")
class PickedUp(Event):
    """A program on this machine submitted a message."""

    queue_id: str
    uid: int
    sender: str


@event("{queue_id}: from=<{sender}>, size={size}, nrcpt={recipients} (queue active)")
class Activated(Event):
    """The message is up for delivery."""

    queue_id: str
    sender: str
    size: int
    recipients: int


@event("{queue_id}: from=<{sender}>, status=expired, returned to sender")
class Expired(Event):
    """The message has been in the queue for too long."""

    queue_id: str
    sender: str


@event("{queue_id}: removed")
class Removed(Event):
    """Nothing is left to do for the message."""

    queue_id: str


@event("{queue_id}: placed on hold")
class Held(Event):
    """An administrator put the message on hold."""

    queue_id: str


@event("{queue_id}: imported from {origin}")
class Imported(Event):
    """An administrator brought in a message of another queue; `origin` is its queue id there, and when it arrived."""

    queue_id: str
    origin: str


@event("{queue_id}: released from hold")
class Released(Event):
    """An administrator released the message."""

    queue_id: str


@event("{queue_id}: requeued")
class Requeued(Event):
    """An administrator had the message's recipients worked out anew."""

    queue_id: str


@event("{queue_id}: {kind}: {report_id}")
class Reported(Event):
    """A report was made; `kind` is `sender non-delivery notification` and the like."""

    queue_id: str
    kind: str
    report_id: str


@event(
    "{queue_id}: to=<{recipient}>[, orig_to=<{original}>], relay={relay}[, conn_use={connection_uses}], "
    "delay={delay}, delays={delays}, dsn={dsn}, status={status} ({text})"
)
class Delivered(Event):
    """What became of a recipient. `delay` and `delays` are in the log's notation; addresses in external form."""

    queue_id: str
    recipient: str
    relay: str
    delay: str
    delays: str
    dsn: str
    status: str
    text: str
    original: str = ""
    connection_uses: int | None = None


@event("{queue_id}: {reason}")
class AttemptFailed(Event):
    """One of several hosts did not work out; the next one is tried."""

    queue_id: str
    reason: str
