"""The queue's log lines."""

from __future__ import annotations

from gatepost import maillog
from gatepost.mail.events.queue import Expired, MessageId, Removed, Reported, ResentMessageId


def test_lines() -> None:
    assert maillog.text(MessageId("A1", "<1@x>")) == "A1: message-id=<1@x>"
    assert maillog.text(ResentMessageId("A1", "<1@x>")) == "A1: resent-message-id=<1@x>"
    assert maillog.text(Removed("A1")) == "A1: removed"
    assert maillog.text(Expired("A1", "a@b")) == "A1: from=<a@b>, status=expired, returned to sender"
    assert maillog.text(Reported("A1", "sender non-delivery notification", "B2")) == (
        "A1: sender non-delivery notification: B2"
    )
