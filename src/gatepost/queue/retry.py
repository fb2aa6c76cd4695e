"""When a message is tried again, when its sender is warned, when it is given up. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gatepost.queue.record import StoredMessage


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When to try again, when to warn, when to give up. All in seconds."""

    minimal_backoff: float = 300.0
    maximal_backoff: float = 4000.0
    lifetime: float = 5 * 86400.0
    bounce_lifetime: float = 5 * 86400.0
    warn_after: float = 0.0

    def next_attempt(self, arrived: float, now: float) -> float:
        """When a message that came in at `arrived`, and failed now, is due again.

        Whole seconds, so that it is due when the look for due mail comes round, and not a moment later.
        """
        return math.floor(now) + min(max(now - arrived, self.minimal_backoff), self.maximal_backoff)

    def has_expired(self, message: StoredMessage, now: float) -> bool:
        """Whether a message that nobody took is given up; reports have a lifetime of their own."""
        lifetime = self.lifetime if message.envelope.sender else min(self.bounce_lifetime, self.lifetime)
        return now - message.arrived >= lifetime

    def owes_warning(self, message: StoredMessage, now: float) -> bool:
        """Whether the sender is to hear now that the message is delayed."""
        waited = now - message.arrived
        return 0 < self.warn_after <= waited and not message.warned and bool(message.envelope.sender)
