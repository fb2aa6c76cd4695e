"""One delivery job under way: who is still open, what was decided, and what stands if nothing better comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gatepost.delivery.content import Content
from gatepost.delivery.dnsfilter import FilteredOracle
from gatepost.delivery.rules import ClientRules
from gatepost.delivery.session import SessionReport
from gatepost.mail.delivery import Job, Result, Status
from gatepost.mail.envelope import Origin, Recipient
from gatepost.mail.events import Emit
from gatepost.mail.events.queue import AttemptFailed
from gatepost.oracle import Oracle
from gatepost.smtp.client_values import Mail, Outcome, Server

_NOTHING = Outcome("4.3.0", "server unavailable or unable to receive mail")


class Attempt:
    """One job: `pending` are its open recipients with their rows, `results` what came of the others."""

    def __init__(self, job: Job, emit: Emit, oracle: Callable[[], Oracle], rules: ClientRules) -> None:
        self.job = job
        self.emit = emit
        self.pending = list(job.recipients)
        if len(self.pending) > 1:
            self.pending.sort(key=lambda pair: _sorting_key(pair[1].address))
        self.needs_utf8 = False
        self.origin: Origin | None = None
        """What servers may know of where the message came from."""
        self.content = Content(job.body, is_8bit=rules.converts_8bit and job.envelope.body_8bit)
        self.results: list[Result] = []
        self.sessions = 0
        self.last = _NOTHING
        """What happened last to all that are open."""
        self._own: dict[int, Result] = {}  # what happened to one row since then
        self._make_oracle = oracle
        self._oracle: Oracle | None = None
        self._rules = rules

    @property
    def oracle(self) -> Oracle:
        """Tables and DNS in one consistent view, made when it is first wanted."""
        if self._oracle is None:
            self._oracle = self._make_oracle()
            if self._rules.dns_filter:
                parameter = f"{self._rules.dialect.value}_dns_reply_filter"
                self._oracle = FilteredOracle(self._oracle, self._rules.dns_filter, parameter, self.emit)
        return self._oracle

    @property
    def waited(self) -> float:
        """For how many seconds the message has been in the queue."""
        return self.job.activated - self.job.arrived

    def mail(self) -> Mail:
        """The message for the recipients that are still open."""
        job = self.job
        envelope = job.envelope
        return Mail(
            sender=envelope.sender,
            recipients=tuple([recipient for _, recipient in self.pending]),
            size=job.body.size,
            body_8bit=envelope.body_8bit,
            smtputf8=envelope.smtputf8,
            needs_utf8=self.needs_utf8,
            converts_8bit=self._rules.converts_8bit,
            ret=envelope.ret,
            envid=envelope.envid,
            queue_id=job.queue_id,
            origin=self.origin,
        )

    async def filtered(self, line: str) -> str | None:
        """What to read in the place of a line of a reply (`smtp_reply_filter`). Raises LookupFailed."""
        for table in self._rules.reply_filter:
            found = await self.oracle.lookup(table, line)
            if found is not None:
                return found
        return None

    def postpone(self, outcome: Outcome) -> None:
        """A host failed for everybody; perhaps another one does better."""
        self.last = outcome
        self._own.clear()

    def account(self, server: Server, report: SessionReport, *, setup: float, is_final: bool) -> None:
        """Note what a session decided; a temporary failure is left to the next host, unless this one `is_final`."""
        left: list[tuple[int, Recipient]] = []
        told: set[int] = set()  # a verdict on the whole message is one object, and one line
        for index in report.order:
            (row, recipient), outcome = self.pending[index], report.outcomes[index]
            result = _result(row, outcome, server.relay, setup, report)
            if self._rules.assume_final and not report.takes_dsn:
                result = replace(result, relayed=False)
            if not outcome.is_soft or is_final:
                self.results.append(result)
                continue
            left.append((row, recipient))
            self._own[row] = result
            if id(outcome) not in told:
                self.emit(AttemptFailed(self.job.queue_id, outcome.text))
                told.add(id(outcome))
        self.pending = left

    def fail_all(
        self, outcome: Outcome, *, relay: str = "none", setup: float = 0.0, destination_failed: bool = True
    ) -> None:
        """The same for everybody: the destination failed, or, where that is not so, this attempt."""
        self.results += (
            _result(row, outcome, relay, setup, None, destination_failed=destination_failed) for row, _ in self.pending
        )
        self.pending = []

    def conclude(self) -> None:
        """No host is left: for everybody still open, what happened last stands."""
        rest = [(row, recipient) for row, recipient in self.pending if row not in self._own]
        self.results += (self._own[row] for row, _ in self.pending if row in self._own)
        self.pending = rest
        self.fail_all(self.last)


def _result(
    row: int,
    outcome: Outcome,
    relay: str,
    setup: float,
    report: SessionReport | None,
    *,
    destination_failed: bool = False,
) -> Result:
    refused = Status.DEFERRED if outcome.is_soft else Status.BOUNCED
    return Result(
        row,
        Status.SENT if outcome.is_sent else refused,
        outcome.dsn,
        outcome.text,
        relay=relay,
        connection_setup=setup,
        transmission=report.transmission if report else 0.0,
        connection_uses=report.uses if report else 1,
        remote_reply=outcome.reply.text if outcome.reply else "",
        remote_host=relay.partition("[")[0] if outcome.reply else "",
        relayed=outcome.is_sent,
        remote_takes_dsn=report.takes_dsn if report else False,
        destination_failed=destination_failed,
    )


def _sorting_key(address: str) -> tuple[str, str]:
    """By domain, then by local part: the order in which Postfix names recipients."""
    local, _, domain = address.rpartition("@")
    return domain.lower(), local.lower()
