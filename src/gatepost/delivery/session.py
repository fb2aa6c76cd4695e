"""One session with one host: from the greeting to the verdict on every recipient."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from gatepost.delivery.connect import Connection
from gatepost.delivery.dialogue import Content, Dialogue
from gatepost.delivery.rules import ClientRules
from gatepost.mail.events import Emit, Noted
from gatepost.smtp.client import ClientMachine
from gatepost.smtp.client_values import Credentials, Mail, Outcome, Server, SessionPlan, TlsLevel
from gatepost.tls.channel import TlsChannel
from gatepost.tls.context import ClientTls


@dataclass(frozen=True, slots=True)
class SessionReport:
    """What came of a session.

    `failure` is set where no mail could be sent at all; otherwise there is one outcome for each recipient. `tls_broke`:
    the handshake failed. `transmission` is in seconds. `takes_dsn`: the server reports deliveries itself (RFC 3461).
    """

    failure: Outcome | None = None
    outcomes: tuple[Outcome, ...] = ()
    order: tuple[int, ...] = ()
    opened: float = 0.0
    transmission: float = 0.0
    takes_dsn: bool = False
    tls_broke: bool = False


@dataclass(frozen=True, slots=True)
class SessionTerms:
    """How to speak with this server: the service's rules, and what was decided for this attempt."""

    rules: ClientRules
    server: Server
    queue_id: str
    nexthop: str
    tls: TlsLevel
    credentials: Credentials | None
    detects_loops: bool
    discard: frozenset[str] = frozenset()

    def plan(self, *, tls_usable: bool) -> SessionPlan:
        """The machine's plan."""
        rules = self.rules
        return SessionPlan(
            server=self.server,
            name=rules.name,
            queue_id=self.queue_id,
            nexthop=self.nexthop,
            dialect=rules.dialect,
            hello=rules.hello,
            discard=self.discard,
            tls=self.tls,
            tls_first=rules.tls_first,
            tls_usable=tls_usable,
            credentials=self.credentials,
            soft_login=rules.login.soft_bounce,
            skip_5xx_greeting=rules.skip_5xx_greeting,
            skip_quit_reply=rules.skip_quit_reply,
            detects_loops=self.detects_loops,
            line_limit=rules.line_limit,
        )


class Sessions:
    """Holds sessions, and sees the ones that are done out of the door."""

    def __init__(self, tls: ClientTls | None) -> None:
        self._tls = tls
        self._leaving: set[asyncio.Task[None]] = set()

    async def hold(
        self, connection: Connection, terms: SessionTerms, mail: Mail, content: Content, emit: Emit
    ) -> SessionReport:
        """Send one mail over a fresh connection. The goodbye is said in the background: no mail waits for it."""
        clock = asyncio.get_running_loop().time
        machine = ClientMachine(terms.plan(tls_usable=self._tls is not None))
        dialogue = Dialogue(
            machine, connection, terms.rules.timeouts, emit, self._channel(terms), _judge(verifies=terms.rules.verifies)
        )
        try:
            ready = await dialogue.open()
            opened = clock()
            if terms.rules.notes_tls_offers and terms.tls is TlsLevel.NONE and "STARTTLS" in machine.offered:
                emit(Noted(f"Host offered STARTTLS: [{terms.server.host}]"))
            if ready:
                await dialogue.send(mail, content)
        except BaseException:
            connection.abort()
            raise
        self._see_off(dialogue)
        if not ready:
            return SessionReport(machine.failure, opened=opened, tls_broke=dialogue.tls_broke)
        return SessionReport(
            outcomes=machine.outcomes,
            order=machine.order,
            opened=opened,
            transmission=clock() - opened,
            takes_dsn="DSN" in machine.offered,
        )

    def _channel(self, terms: SessionTerms) -> Callable[[], TlsChannel] | None:
        tls = self._tls
        if tls is None:
            return None
        return lambda: tls.channel(server_name=terms.server.host, peer_label=terms.server.relay, level=terms.tls.value)

    def _see_off(self, dialogue: Dialogue) -> None:
        task = asyncio.get_running_loop().create_task(dialogue.close())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)


def _judge(*, verifies: bool) -> Callable[[TlsChannel], bool]:
    """Whether a TLS session will do. Levels above encrypt ask for more than is built yet, so nothing passes there."""
    return lambda _: not verifies
