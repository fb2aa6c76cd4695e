"""Mail that a local delivery sends on (aliases, .forward): messages of their own, stored in one write with the result.

The rules:

1. The messages are ready to be stored before the result counts. One that cannot be made fails the delivery, for now or
   for good as the intake says, and none of them is sent.
2. The log tells of each: `forwarded as`, and its queue id.
"""

from __future__ import annotations

from dataclasses import replace

from gatepost.mail.delivery import Result, Status
from gatepost.mail.reply import Reply
from gatepost.queue.active import ActiveMessage
from gatepost.queue.plan import Plan
from gatepost.queue.record import StoredMessage


async def send_on(active: ActiveMessage, result: Result, plan: Plan) -> Result:
    """Make the messages of a result; the result with what the log is to tell, or as a failure (rule 1)."""
    made: list[StoredMessage] = []
    told = list(result.told or ())
    for forwarding in result.forwards:
        message = await plan.forward(active.message, forwarding)
        if isinstance(message, Reply):
            status = Status.BOUNCED if message.code >= 500 else Status.DEFERRED  # noqa: PLR2004 - SMTP's classes
            dsn = message.dsn or f"{message.code // 100}.3.0"
            failed = Result(result.row, status, dsn, f"unable to forward: {message.text}", result.relay)
            return replace(failed, told=(*told, failed))
        made.append(message)
        told.append(
            Result(
                result.row,
                Status.SENT,
                "2.0.0",
                f"forwarded as {message.queue_id}",
                result.relay,
                address=result.address,
            )
        )
    active.made += made
    return replace(result, told=tuple(told))
