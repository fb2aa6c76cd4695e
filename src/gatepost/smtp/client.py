"""The client's side of SMTP (RFC 5321) and LMTP (RFC 2033): bytes in, bytes and requests out, no socket, no clock.

How a shell drives it:

    while (step := machine.next_step()) is not Want.CLOSE:
        write(machine.take_output())
        match step: ...        # read and `receive`; or do what is wanted and say so

The rules:

1. The session is one script, read from top to bottom; where it needs a reply it stops until `receive` has brought it.
2. What goes wrong is an `Outcome` with Postfix's text. In a session that could not be opened it is `failure`; in a
   mail it belongs to every recipient that nothing had been decided about.
3. Nothing that came before a command was sent can be the answer to it, or a peer could answer for another (RFC 2920
   section 3.1 asks for as much): such a session ends. Only a farewell (421) may come at any time.
4. What a server says while it is not asked is bounded; one that goes on and on is left.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from gatepost.mail.events import Event
from gatepost.smtp.client_mail import Transaction
from gatepost.smtp.client_opening import opening
from gatepost.smtp.client_replies import REPLY_LIMIT, RemoteReply, ReplyTooLong
from gatepost.smtp.client_talk import SHUTTING_DOWN, WAITING, Abandoned, Script, Talk
from gatepost.smtp.client_values import Dialect, Mail, Outcome, SessionPlan, Stage, Step, Waiting, Want


class ClientMachine:
    """One session with one server, for any number of mails."""

    def __init__(self, plan: SessionPlan) -> None:
        self._plan = plan
        self._talk = Talk(plan)
        self._transaction: Transaction | None = None
        self.failure: Outcome | None = None
        """Why the session ended before its time."""
        self.line: str | None = None
        """The line of a reply that is to be looked up."""
        self.turn = 0
        """Counts the replies; while it stands still, the server owes the same one."""
        self.unheard = False
        """Whether the server has not answered anything to the last mail, but perhaps with a farewell."""
        self._step: Step = Want.CLOSE
        self._script = self._session()
        self._resume(None)

    # What the shell calls

    def receive(self, data: bytes) -> None:
        """Take bytes that the server sent; those behind the end of the session are dropped."""
        if self._step is not Want.CLOSE:
            self._talk.reader.receive(data)

    def next_step(self) -> Step:
        """What is needed now. Never raises for what a server sends."""
        talk = self._talk
        reader = talk.reader
        while isinstance(self._step, Waiting):
            try:
                if self._plan.filters_replies and self._has_line():
                    return Want.LINE
                reply = None if self._plan.filters_replies else reader.next_reply()
            except ReplyTooLong:
                self._flooded()
                continue
            if reader.junk or reader.cut:
                talk.note_oddities()
            if reply is None:
                return self._step
            self._answered(reply)
        if reader.size > REPLY_LIMIT:
            self._flooded()
        return self._step

    def line_read(self, line: str) -> None:
        """What to read in the place of `line`; only where LINE was wanted."""
        self.line = None
        reply = self._talk.reader.add(line)
        if reply is not None:
            self._answered(reply)

    def data_failed(self) -> None:
        """What we need of our own cannot be had."""
        text = f"local data error while talking to {self._talk.label}"
        self._throw(Abandoned(Outcome("4.3.0", text), polite=False))

    @property
    def relay(self) -> str:
        """The server, as log lines show it."""
        return self._plan.server.relay

    def take_output(self) -> bytes:
        """The bytes to write now."""
        output = self._talk.output
        taken = output[0] if len(output) == 1 else b"".join(output)
        output.clear()
        return taken

    def take_events(self) -> tuple[Event, ...]:
        """Log lines since the last call."""
        taken = tuple(self._talk.events)
        self._talk.events.clear()
        return taken

    def begin(self, mail: Mail) -> None:
        """Hand a message over; only where MAIL was wanted."""
        self._transaction = Transaction(self._talk, mail)
        self._talk.queue_id = mail.queue_id or self._plan.queue_id
        self.unheard = True
        self._resume(None)

    def quit(self) -> None:
        """End the session in peace; only where MAIL was wanted."""
        self._transaction = None
        self._resume(None)

    def content(self, data: bytes) -> None:
        """A piece of the message, cut anywhere; only where CONTENT was wanted."""
        if self._transaction is not None:
            self._talk.output.append(self._transaction.writer.feed(data))

    def content_end(self) -> None:
        """The message is complete; the machine itself says so to the server."""
        if self._transaction is not None:
            writer = self._transaction.writer
            self._talk.output.append(writer.end())
            if writer.folded:
                limit = self._plan.line_limit
                self._talk.note(f"{self._talk.queue_id}: breaking line > {limit} bytes with <CR><LF>SPACE")
        self._resume(None)

    def paused(self) -> None:
        """The pause that was wanted is over."""
        self._resume(None)

    def tls_started(self, *, verified: bool = False, binding: bytes = b"") -> None:
        """The handshake that was wanted is done.

        `verified`: the server is who it should be. `binding` names the session for logins (RFC 9266).
        """
        self._talk.in_tls = True
        self._talk.verified, self._talk.binding = verified, binding
        self._resume(None)

    def tls_distrusted(self) -> None:
        """The handshake is done, and the server's certificate is not what it has to be."""
        self._throw(Abandoned(Outcome("4.7.5", "Server certificate not verified"), polite=True))

    def tls_failed(self, why: str = "Cannot start TLS: handshake failure") -> None:
        """The handshake that was wanted did not succeed; the connection is of no more use."""
        self._throw(Abandoned(Outcome("4.7.5", why), polite=False))

    def lost(self) -> None:
        """The connection is gone."""
        stage = self._stage
        if stage is Stage.BODY and (last := self._talk.last_words()) is not None:
            self._throw(Abandoned(self._talk.said(last, stage), polite=False))
            return
        text = f"lost connection with {self._talk.label} while {self._doing}"
        self._throw(Abandoned(Outcome("4.4.2", text), polite=False))

    def timed_out(self) -> None:
        """The server was silent, or took nothing from us, for too long."""
        text = f"conversation with {self._talk.label} timed out while {self._doing}"
        self._throw(Abandoned(Outcome("4.4.2", text), polite=False))

    @property
    def is_idle(self) -> bool:
        """Whether a mail may begin, and the server has not said anything out of turn."""
        return self._step is Want.MAIL and self._talk.reader.is_empty

    @property
    def order(self) -> tuple[int, ...]:
        """The recipients, as `outcomes` has them, in the order in which they were decided."""
        return tuple(self._transaction.outcomes) if self._transaction else ()

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What became of the recipients of the last mail, in their order; complete once MAIL or CLOSE is wanted."""
        if self._transaction is None:
            return ()
        found = self._transaction.outcomes
        return tuple(found[index] for index in range(len(self._transaction.mail.recipients)))

    @property
    def offered(self) -> AbstractSet[str]:
        """The extensions that the server offers, in capitals; a view that changes with them."""
        return self._talk.offered.keys()

    def offers(self, keyword: str) -> bool:
        """Whether the server offers an extension, named in capitals."""
        return keyword in self._talk.offered

    # The script and how it moves

    def _has_line(self) -> bool:
        """Whether there is a line to be looked up. Raises ReplyTooLong."""
        if self.line is None:
            self.line = self._talk.reader.next_line()
        return self.line is not None

    def _answered(self, reply: RemoteReply) -> None:
        self.turn += 1
        if reply.code != SHUTTING_DOWN:
            self.unheard = False
        self._resume(reply)

    def _resume(self, reply: RemoteReply | None) -> None:
        try:
            self._step = self._script.send(reply)
        except StopIteration:
            self._step = Want.CLOSE

    def _throw(self, abandoned: Abandoned) -> None:
        if self._step is Want.CLOSE:
            return
        try:
            self._step = self._script.throw(abandoned)
        except StopIteration:
            self._step = Want.CLOSE

    def _flooded(self) -> None:
        text = f"host {self._talk.label} sent more than {REPLY_LIMIT} bytes in one reply"
        self._throw(Abandoned(Outcome("4.5.0", text), polite=False))

    def _session(self) -> Script:
        try:
            yield from opening(self._talk)
            while True:
                yield Want.MAIL
                if self._transaction is None:
                    break
                yield from self._transaction.run()
        except Abandoned as end:
            self.failure = end.outcome
            if self._transaction is not None:
                self._transaction.decide_rest(end.outcome)
            if not end.polite:
                return
        yield from self._farewell()

    def _farewell(self) -> Script:
        self._talk.send("QUIT")
        if not self._plan.skip_quit_reply:
            try:
                yield WAITING[Stage.QUIT]
            except Abandoned:
                return  # everything is settled; how the peer goes is its own affair

    @property
    def _stage(self) -> Stage:
        match self._step:
            case Waiting(stage):
                return stage
            case Want.CONTENT | Want.PAUSE:
                return Stage.BODY
            case Want.TLS:
                return Stage.STARTTLS
            case _:
                return Stage.QUIT

    @property
    def _doing(self) -> str:
        """What we are at, in the words of log lines; there STARTTLS and AUTH are part of the handshake."""
        stage = self._stage
        if stage in (Stage.STARTTLS, Stage.AUTH):
            stage = Stage.LHLO if self._plan.dialect is Dialect.LMTP else Stage.EHLO
        return stage.doing
