"""One session with one host: from the greeting to the goodbye, and the verdicts on the mails in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from gatepost.delivery.connect import Connection
from gatepost.delivery.content import Content
from gatepost.delivery.dialogue import Dialogue, ReplyFilter
from gatepost.delivery.terms import SessionTerms
from gatepost.delivery.tlsreports import GENERAL, NO_STARTTLS, result_type
from gatepost.mail.events import Emit, Noted
from gatepost.smtp.client import ClientMachine
from gatepost.smtp.client_opening import NOT_OFFERED
from gatepost.smtp.client_values import Mail, Outcome
from gatepost.tls.channel import TlsChannel
from gatepost.tls.client import ClientTls
from gatepost.tls.context import TlsUnavailable
from gatepost.tls.policy import Level


@dataclass(frozen=True, slots=True)
class SessionReport:
    """What came of one mail in a session.

    `failure` is set where no mail could be sent at all; otherwise there is one outcome for each recipient.
    `optional_tls_broke`: the handshake failed, and without TLS the server may do as well. `opened` is when the session
    stood ready (the loop's clock), `transmission` is in seconds. `uses` counts the mails of the session. `takes_dsn`:
    the server reports deliveries itself (RFC 3461). `was_stale`: the server had left a session that had been kept,
    before it heard of this mail.
    """

    failure: Outcome | None = None
    outcomes: tuple[Outcome, ...] = ()
    order: tuple[int, ...] = ()
    opened: float = 0.0
    transmission: float = 0.0
    uses: int = 1
    takes_dsn: bool = False
    optional_tls_broke: bool = False
    was_stale: bool = False


class Session:
    """A session on a connection that stands. `tls` is None where our side cannot do TLS."""

    def __init__(self, connection: Connection, terms: SessionTerms, tls: ClientTls | None) -> None:
        self.terms = terms
        self.uses = 0
        """Mails it was given."""
        self.began = self._clock()
        """When its connection was made, by the loop's clock."""
        self.is_lone = False
        """Whether its next hop has no other host."""
        self.idle_since = 0.0
        self.tls_result: str | None = None
        """What became of TLS, for reports: a result type, empty for success; None where it never came to it."""
        self._connection = connection
        self._tls = tls
        self._dialogue: Dialogue | None = None

    async def open(
        self, queue_id: str, waited: float, emit: Emit, reply_filter: ReplyFilter | None = None
    ) -> SessionReport | None:
        """Do all that comes before the first mail. None once the server is ready for it, else why it is not.

        `queue_id` is the mail's, `waited` for how many seconds it has been in the queue.
        """
        terms = self.terms
        machine = ClientMachine(terms.plan(queue_id, waited, tls_usable=self._tls is not None))
        dialogue = Dialogue(
            machine,
            self._connection,
            terms.rules.timeouts,
            emit,
            self._channel(emit),
            terms.rules.pix.delay,
            terms.rules.min_data_rate,
            reply_filter,
        )
        try:
            ready = await dialogue.open()
        except BaseException:
            self._connection.abort()
            raise
        if terms.rules.notes_tls_offers and terms.tls.level is Level.NONE and machine.offers("STARTTLS"):
            emit(Noted(f"Host offered STARTTLS: [{terms.server.host}]"))
        self.tls_result = _tls_result(dialogue, terms, ready=ready)
        if not ready:
            dialogue.leave()
            broke = dialogue.tls_broke and terms.tls.level is Level.MAY
            return SessionReport(machine.failure, opened=self._clock(), optional_tls_broke=broke)
        self._dialogue = dialogue
        return None

    async def send(
        self, mail: Mail, content: Content, emit: Emit, reply_filter: ReplyFilter | None = None
    ) -> SessionReport:
        """Hand over one mail; only in a session that is open."""
        dialogue = self._dialogue
        assert dialogue is not None  # noqa: S101 - see above
        began = self._clock()
        self.uses += 1
        dialogue.emit, dialogue.filter = emit, reply_filter
        try:
            await dialogue.send(mail, content)
        except BaseException:
            self._connection.abort()
            raise
        machine = dialogue.machine
        return SessionReport(
            outcomes=machine.outcomes,
            order=machine.order,
            opened=began,
            transmission=self._clock() - began,
            uses=self.uses,
            takes_dsn=machine.offers("DSN"),
            was_stale=self.uses > 1 and machine.unheard and not self.is_idle,
        )

    @property
    def is_idle(self) -> bool:
        """Whether it can take the next mail, as far as we know."""
        return self._dialogue is not None and self._dialogue.is_idle

    def leave(self) -> None:
        """Say goodbye. No mail waits for it."""
        if self._dialogue is not None:
            self._dialogue.leave()

    @staticmethod
    def _clock() -> float:
        return asyncio.get_running_loop().time()

    def _channel(self, emit: Emit) -> Callable[[], TlsChannel | None] | None:
        tls, terms = self._tls, self.terms
        if tls is None:
            return None

        def make() -> TlsChannel | None:
            try:
                return tls.channel(terms.tls, terms.server.relay)
            except TlsUnavailable as unavailable:
                for event in unavailable.events:
                    emit(event)
                return None

        return make


def _tls_result(dialogue: Dialogue, terms: SessionTerms, *, ready: bool) -> str | None:
    if dialogue.verdict is not None:
        return result_type(dialogue.verdict.fault, terms.tls)
    if dialogue.tls_broke:
        return GENERAL
    failure = dialogue.machine.failure
    without = ready or (failure is not None and failure.dsn == NOT_OFFERED)
    return NO_STARTTLS if without else None
