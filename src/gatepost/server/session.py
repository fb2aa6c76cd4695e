"""One SMTP session: what is known of the client, what it has done, and the way out for every reply.

The rules:

1. `say` is the only way out. It sleeps where the client has made too many errors, softens where `soft_bounce` says so,
   and moves the machine.
2. A transaction is one object. It is dropped whole as soon as the machine leaves the states of a transaction.
3. Commands (`server/commands`) answer with an `Answer`; what counts as an error is decided in `server/dialogue`.
"""

from __future__ import annotations

import asyncio
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from gatepost.config.matchlist import MatchList
from gatepost.mail import replies
from gatepost.mail.address import external
from gatepost.mail.dates import local_date
from gatepost.mail.events import Emit, Warned
from gatepost.mail.events.smtpd import ClientAccepted, ImproperPipelining, LimitExceeded, PolicyActed
from gatepost.mail.peer import Login, Peer, TlsDetails
from gatepost.mail.reply import Reply
from gatepost.oracle import LookupFailed, Oracle
from gatepost.policy.facts import Facts, Stage
from gatepost.policy.outcome import Carry, Fault, Outcome, Verdict
from gatepost.server.connection import Connection
from gatepost.server.limits import Counter, Counts
from gatepost.server.snapshot import Resources, ServiceSnapshot
from gatepost.server.statistics import Statistics
from gatepost.server.transaction import Draft, Transaction
from gatepost.server.transcript import Transcript
from gatepost.smtp.commands import Verb
from gatepost.smtp.machine import IN_TRANSACTION, Machine

INPUT_SHOWN = 100
"""Bytes of untimely input that the log shows."""

LONG_LINE_SHOWN = 30
"""Characters of a line above its limit that the log shows."""


class BareNewlines(Enum):
    """What `smtpd_forbid_bare_newline` means for this client."""

    ACCEPT = "no"
    NORMALIZE = "normalize"
    NOTE = "note"
    REJECT = "reject"

    @classmethod
    @lru_cache(maxsize=8)
    def of(cls, value: str) -> BareNewlines:
        """The parameter's value, `yes` included."""
        return cls.NORMALIZE if value == "yes" else cls(value)


class HangUp(Exception):  # noqa: N818 - said as it is
    """The session ends; the last words, if any, have been said."""


class Answer(NamedTuple):
    """What a command comes to.

    `verb` is the moment at which the machine is told of the reply: the command itself, unless content or a login came
    between. `error`: it counts against the client. `done`: the command was carried out, which the session's last log
    line tells.
    """

    reply: Reply
    verb: Verb | None = None
    error: bool | None = None
    done: bool | None = None

    @property
    def is_error(self) -> bool:
        """Whether it counts as an error: refusals do, unless it is said otherwise."""
        return self.reply.code >= 400 if self.error is None else self.error  # noqa: PLR2004 - RFC 5321 section 4.2.1

    @property
    def is_done(self) -> bool:
        """Whether the command counts as carried out."""
        return not self.is_error if self.done is None else self.done


class Session:
    """The state of one session. `number` is the one in brackets on its log lines."""

    def __init__(self, connection: Connection, snapshot: ServiceSnapshot, resources: Resources) -> None:
        self.connection = connection
        self.snapshot = snapshot
        self.settings = snapshot.settings
        self.resources = resources
        syslog_name = self.settings.syslog_name
        self.emit: Emit = resources.logger.bind("smtpd", resources.number(), syslog_name)
        connection.emit = self.emit
        connection.timeout = self.settings.smtpd_timeout.total_seconds()
        if self.settings.smtpd_per_request_deadline:
            connection.data_rate = max(self.settings.smtpd_min_data_rate, 1)
        self.host = self.settings.myhostname
        self._peer = _NOBODY
        self.client = ""
        """The client as log lines and replies show it."""
        self._server: tuple[str, str] | None = None  # asked of the system when somebody wants to know
        self.statistics = Statistics()
        self.transcript = Transcript()
        self.stage = "CONNECT"
        self.errors = 0
        self.junk = 0
        self.out_of_turn = False
        self.bare_newlines = BareNewlines.ACCEPT
        self.noted_bare_newline = False
        self.quiet = False
        self._connected_as = ""
        self.may_xclient = False
        self.limited = True
        self.login: Login | None = None
        self.helo: str | None = None
        self.protocol = "SMTP"
        self.discarded_keywords: frozenset[str] = frozenset()
        self.denied = False
        self.certificate_refusal: str = ""
        self.carry = _NO_CARRY
        self.announced_size = 0
        """Bytes that the last SIZE announced, until HELO, RSET or the end of a transaction."""
        self.transaction: Transaction | None = None

    # What is known

    @property
    def machine(self) -> Machine:
        """The protocol machine."""
        return self.connection.machine

    @property
    def peer(self) -> Peer:
        """Who the client is: the host at the other end, or whom it speaks for by XCLIENT."""
        return self._peer

    @peer.setter
    def peer(self, peer: Peer) -> None:
        self._peer = peer
        shows_port = self.settings.smtpd_client_port_logging and peer.port
        self.client = f"{peer.label}:{peer.port}" if shows_port else peer.label

    @property
    def server_address(self) -> str:
        """Our address that the client connected to, or what XCLIENT says of it."""
        return self._our_end()[0]

    @server_address.setter
    def server_address(self, address: str) -> None:
        self._server = address, self._our_end()[1]

    @property
    def server_port(self) -> str:
        """Its port."""
        return self._our_end()[1]

    @server_port.setter
    def server_port(self, port: str) -> None:
        self._server = self._our_end()[0], port

    def _our_end(self) -> tuple[str, str]:
        if self._server is None:
            self._server = self.connection.address("sockname")
        return self._server

    @property
    def tls(self) -> TlsDetails | None:
        """The TLS session, if there is one."""
        channel = self.connection.channel
        return channel.details if channel and channel.established else None

    @property
    def sasl_active(self) -> bool:
        """Whether AUTH is possible in this session as it stands."""
        if self.snapshot.sasl is None or "AUTH" in self.discarded_keywords:
            return False
        return self.tls is not None or not self.snapshot.mode.login_only_in_tls

    @property
    def in_transaction(self) -> bool:
        """Whether MAIL was accepted."""
        return self.transaction is not None

    @property
    def queue_id(self) -> str:
        """The queue id of the message under way, empty where it has none."""
        return self.transaction.queue_id if self.transaction else ""

    def facts(self, stage: str) -> Facts:
        """What policy may know; `stage` is the word that log lines name this point of the dialogue by."""
        server_address, server_port = self._our_end()
        known = Facts(
            peer=self.peer,
            protocol_state=stage,
            helo=self.helo,
            protocol=self.protocol,
            login=self.login,
            sasl_active=self.sasl_active,
            tls=self.tls,
            pipelining_violation=self.out_of_turn,
            server_address=server_address,
            server_port=server_port,
            stress=bool(self.settings.stress),
            local_time=local_date(int(self.resources.now())),
        )
        return self.transaction.facts(known) if self.transaction else known

    # Acting

    def oracle(self) -> Oracle:
        """The door to tables and DNS: the transaction's own, where there is one."""
        return self.transaction.oracle if self.transaction else self.resources.oracle(self.emit)

    async def decide(self, stage: Stage, facts: Facts) -> Verdict:
        """Ask policy, log what it says, and keep what it says of actions and of later stages.

        Raises HangUp where policy wants the connection closed without a word.
        """
        verdict = await self.snapshot.decide(stage, facts, self.oracle(), self.carry)
        self.carry = verdict.carry
        if verdict.fault is not Fault.NONE:
            self.transcript.fault |= verdict.fault
        for event in verdict.events:
            self.emit(event)
        if self.transaction and verdict.actions:
            self.transaction.act(verdict.actions)
        if verdict.outcome is Outcome.HANGUP:
            self.machine.close()
            raise HangUp
        return verdict

    async def say(self, reply: Reply, verb: Verb) -> None:
        """Send a reply to `verb` and move the machine by it. Raises PeerSilent."""
        if self.errors >= self.settings.smtpd_soft_error_limit:
            pause = self.settings.smtpd_error_sleep_time.total_seconds()
            if pause:
                await self.connection.flush()
                await asyncio.sleep(pause)
        self.say_at_once(reply, verb)

    def say_at_once(self, reply: Reply, verb: Verb) -> None:
        """The same without patience: for last words."""
        if self.settings.soft_bounce:
            reply = reply.softened()
        connection = self.connection
        self.transcript.said(reply)
        connection.write(reply.render())
        connection.machine.replied(verb, reply)
        if self.transaction and connection.machine.state not in IN_TRANSACTION:
            self.transaction.close()
            self.transaction = None
            self.announced_size = 0

    def open_message(self, transaction: Transaction) -> Draft:
        """The queue's draft of the message; where it is new, the log tells its queue id."""
        draft = transaction.draft
        if draft is None:
            draft = transaction.open(self.resources.intake)
            login = self.login
            self.emit(
                ClientAccepted(
                    draft.queue_id,
                    self.client,
                    sasl_method=login.method if login else "",
                    sasl_username=login.username if login else "",
                    sasl_sender=transaction.parameters.auth,
                )
            )
        return draft

    def too_big(self, transaction: Transaction) -> bool:
        """Whether more content came than a message may have."""
        limit = self.settings.message_size_limit
        return bool(limit) and transaction.size > limit

    def forget_names(self) -> None:
        """Forget what the client said of itself: TLS begins, or XCLIENT tells of another client."""
        self.helo = None
        self.login = None

    async def matches(self, wanted: MatchList | None, *, name: str = "", address: str = "") -> bool:
        """Whether a list has the name or address. Raises LookupFailed."""
        return wanted is not None and await wanted.matches(self.oracle(), name=name, address=address)

    async def is_spared(self, wanted: MatchList | None) -> bool:
        """Whether the client is in a list of exceptions. One that cannot be asked excepts nobody."""
        try:
            return await self.matches(wanted, name=self.peer.name, address=self.peer.address)
        except LookupFailed as failure:
            self.emit(Warned(wanted.complaint(failure) if wanted else str(failure)))
            return False

    def connect(self) -> Counts:
        """Count the connection; `disconnect` ends that."""
        self._connected_as = self.peer.address
        return self.resources.limits.connect(self.snapshot.name, self._connected_as, self.resources.now())

    def disconnect(self) -> None:
        """The connection is over."""
        if self._connected_as:
            self.resources.limits.disconnect(self.snapshot.name, self._connected_as, self.resources.now())
            self._connected_as = ""

    async def spoke_early(self, verb: Verb) -> None:
        """The client sends before it may; noted, and where configuration says so the end. Raises HangUp."""
        self.out_of_turn = True
        stage = "CONNECT" if verb is Verb.GREETING else verb.name
        self.emit(ImproperPipelining(stage, self.client, escaped(self.machine.pending(INPUT_SHOWN))))
        if self.settings.smtpd_forbid_unauth_pipelining:
            await self.say(replies.SYNCHRONIZATION, verb)
            raise HangUp

    def count(self, counter: Counter, limit: int, what: str) -> bool:
        """Count an event; whether the client is above its limit for it (0: none), which is logged."""
        if not limit or not self.limited:
            return False
        number = self.resources.limits.count(self.snapshot.name, self.peer.address, counter, self.resources.now())
        if number > limit:
            self.emit(LimitExceeded(what, number, self.client, self.snapshot.name))
        return number > limit

    def rate(self, counter: Counter) -> int:
        """How often the client has done this lately."""
        return self.resources.limits.rate(self.snapshot.name, self.peer.address, counter, self.resources.now())

    def reject(self, stage: str, text: str, *, sender: str | None = None) -> None:
        """Log a refusal that no restriction list made; `sender` where there is no transaction yet."""
        transaction = self.transaction
        recipient = transaction.only_recipient if transaction else None
        sender = transaction.sender if transaction else sender
        self.emit(
            PolicyActed(
                verb="reject",
                stage=stage,
                client=self.client,
                text=text,
                queue_id=self.queue_id or "NOQUEUE",
                sender=external(sender) if sender is not None else None,
                recipient=external(recipient) if recipient is not None else None,
                protocol=self.protocol,
                helo=self.helo,
            )
        )


_NOBODY = Peer("unknown")
_NO_CARRY = Carry()
_ESCAPES = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 92: "\\\\"}


def escaped(data: bytes) -> str:
    """Bytes as C writes them, so that a line of the log stays one."""
    return "".join(
        chr(byte) if 32 <= byte < 127 and byte != 92 else _ESCAPES.get(byte, f"\\{byte:03o}")  # noqa: PLR2004 - ASCII
        for byte in data
    )
