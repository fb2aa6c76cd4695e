"""Agents that deliver nothing: discard, error and retry.

The next hop is the text for the log and the sender, with a status code in front or not: `error:5.7.1 closed for good`.
A code that does not fit what happens is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from gatepost.mail.delivery import Job, Result, Status

_STATUS = re.compile(r"([245])\.\d{1,3}\.\d{1,3}(?:\s+|$)")


class Verdict(Enum):
    """What becomes of all mail: the status, the class of its code, and what is said if no text is given."""

    DISCARD = (Status.SENT, "2", "discarded")
    ERROR = (Status.BOUNCED, "5", "Address is undeliverable")
    RETRY = (Status.DEFERRED, "4", "Address is undeliverable")


@dataclass(frozen=True, slots=True)
class SimpleAgent:
    """Does the same with every recipient."""

    verdict: Verdict

    async def deliver(self, job: Job) -> Sequence[Result]:
        """Say the same for everybody."""
        status, kind, usual = self.verdict.value
        text, dsn = job.nexthop.strip(), f"{kind}.0.0"
        found = _STATUS.match(text)
        if found:
            text = text[found.end() :]
            dsn = found[0].strip() if found[1] == kind else dsn
        return [Result(row, status, dsn, text or usual) for row, _ in job.recipients]
