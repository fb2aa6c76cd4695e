"""One mail transaction: what MAIL, RCPT and the content have brought, as one object that is dropped whole.

It ends with the end of the content, RSET, HELO, EHLO, STARTTLS, or the session; the machine says when. Nothing of it
is ever reset by hand, so nothing can be forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Protocol

from gatepost.mail.envelope import Envelope, Origin, Recipient
from gatepost.oracle import Oracle
from gatepost.policy.facts import Facts
from gatepost.policy.outcome import Action, Discard, Hold
from gatepost.queue.intake import Accepted, Refused, Submission
from gatepost.smtp.commands import MailParameters

_SERIAL = count(1)


class Draft(Protocol):
    """What a transaction needs of a message that is arriving; `gatepost.queue.intake.Draft` is one."""

    @property
    def queue_id(self) -> str:
        """The queue id that the message will have."""
        ...

    def write(self, data: bytes) -> None:
        """Take content. Never raises."""
        ...

    async def commit(self, submission: Submission) -> Accepted | Refused:
        """End the message: accepted means durable."""
        ...

    def discard(self) -> None:
        """Drop it."""
        ...

    def abandon(self, *, local_rewrite: bool) -> None:
        """Drop what its client did not, or was not let, bring to an end; `local_rewrite` as in `Submission`."""
        ...


class Intake(Protocol):
    """What begins messages; `gatepost.queue.intake.Intake` is one."""

    def draft(self) -> Draft:
        """Begin a message."""
        ...


class Transaction:
    """From an accepted MAIL to its end. `oracle` shows it one version of each table. `began` is in epoch seconds."""

    def __init__(self, sender: str, parameters: MailParameters, oracle: Oracle, began: float) -> None:
        self.sender = sender
        self.parameters = parameters
        self.oracle = oracle
        self.began = began
        self.instance = f"{next(_SERIAL):x}.{int(began):x}.{int(began % 1 * 1_000_000):x}.0"
        """What policy services tell transactions apart by."""
        self.recipients: list[Recipient] = []
        self.actions: list[Action] = []
        self.local_rewrite = False
        self.over_limit = 0
        """Recipients that were refused because there were too many."""
        self.size = 0
        """Bytes of content that came, in canonical form."""
        self._draft: Draft | None = None

    @property
    def draft(self) -> Draft | None:
        """Where the content goes; None before the message has a queue id."""
        return self._draft

    @property
    def queue_id(self) -> str:
        """The queue id, empty before there is one."""
        return self._draft.queue_id if self._draft else ""

    @property
    def only_recipient(self) -> str | None:
        """The recipient, where there is exactly one."""
        return self.recipients[0].address if len(self.recipients) == 1 else None

    def open(self, intake: Intake) -> Draft:
        """Begin a message in the queue, and with it the queue id."""
        if self._draft is None:
            self._draft = intake.draft()
        return self._draft

    def facts(self, known: Facts) -> Facts:
        """What a session knows, and this transaction besides."""
        return known._replace(
            sender=self.sender,
            recipient_count=len(self.recipients),
            first_recipient=self.recipients[0].address if self.recipients else None,
            sasl_sender=self.parameters.auth,
            queue_id=self.queue_id,
            instance=self.instance,
            size=self.parameters.size,
            discarded=any(isinstance(action, Discard) for action in self.actions),
            held=any(isinstance(action, Hold) for action in self.actions),
        )

    def act(self, actions: Sequence[Action]) -> None:
        """Keep what policy wants done with the message."""
        self.actions += actions

    def take(self, data: bytes, limit: int) -> bool:
        """Take content up to `limit` bytes of it (0: no limit); False once there is more, which is dropped."""
        room = max(limit - self.size, 0) if limit else len(data)
        self.size += len(data)
        if self._draft and room:
            self._draft.write(data[:room])
        return room >= len(data)

    def envelope(self, origin: Origin) -> Envelope:
        """The envelope as accepted."""
        return Envelope(
            self.sender,
            tuple(self.recipients),
            self.parameters.ret,
            self.parameters.envid,
            self.parameters.body_8bit,
            self.parameters.smtputf8,
            origin,
        )

    def close(self) -> None:
        """Drop what was not committed."""
        if self._draft:
            self._draft.abandon(local_rewrite=self.local_rewrite)
            self._draft = None

    def hand_over(self) -> None:
        """From here on the queue decides what becomes of the draft, whatever happens to the session."""
        self._draft = None
