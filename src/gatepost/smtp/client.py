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
4. Nothing received in the clear is read after STARTTLS (RFC 3207 section 4.2): bytes behind its reply end the session.
5. Once the dot is sent and the answer does not come, nobody knows who has the message; it is kept, and may come twice.
"""

from __future__ import annotations

from collections.abc import Generator

from gatepost.mail.events import Event, Noted, Warned
from gatepost.smtp.client_commands import mail_line, rcpt_line
from gatepost.smtp.client_content import ContentWriter
from gatepost.smtp.client_replies import REPLY_LIMIT, RemoteReply, ReplyReader, ReplyTooLong
from gatepost.smtp.client_values import (
    Dialect,
    Hello,
    LoginExchange,
    Mail,
    Outcome,
    SessionPlan,
    Stage,
    Step,
    TlsLevel,
    Waiting,
    Want,
)

_GOOD, _MORE, _BAD = 2, 3, 5
_SHUTTING_DOWN = 421
_LOGIN_STEPS = 10
"""Challenges answered before a login counts as a loop; no mechanism needs more than a few."""

_NO_TLS = Outcome("4.7.5", "TLS is required, but our TLS engine is unavailable")

_Script = Generator[Step, RemoteReply | None, None]
_Reply = Generator[Step, RemoteReply | None, RemoteReply]


class _Abandoned(Exception):  # noqa: N818 - it is how a script ends, not an error
    """The session cannot go on. `polite`: the peer still listens, so it gets a QUIT."""

    def __init__(self, outcome: Outcome, *, polite: bool) -> None:
        super().__init__(outcome.text)
        self.outcome = outcome
        self.polite = polite


class ClientMachine:
    """One session with one server."""

    def __init__(self, plan: SessionPlan) -> None:
        self._plan = plan
        self._reader = ReplyReader()
        self._output: list[bytes] = []
        self._offered: dict[str, str] = {}
        self._in_tls = False
        self._mail: Mail | None = None
        self._outcomes: dict[int, Outcome] = {}
        self._writer = ContentWriter(plan.line_limit)
        self._events: list[Event] = []
        self.failure: Outcome | None = None
        """Why the session ended before its time."""
        self._step: Step = Want.CLOSE
        self._script = self._session()
        self._resume(None)

    # What the shell calls

    def receive(self, data: bytes) -> None:
        """Take bytes that the server sent."""
        self._reader.receive(data)

    def next_step(self) -> Step:
        """What is needed now. Never raises for what a server sends."""
        while isinstance(self._step, Waiting):
            try:
                reply = self._reader.next_reply()
            except ReplyTooLong:
                text = f"host {self._plan.server.label} sent more than {REPLY_LIMIT} bytes in one reply"
                self._throw(_Abandoned(Outcome("4.5.0", text), polite=False))
                continue
            self._note_junk()
            if reply is None:
                break
            self._resume(reply)
        return self._step

    def take_output(self) -> bytes:
        """The bytes to write now."""
        taken = b"".join(self._output)
        self._output.clear()
        return taken

    def take_events(self) -> tuple[Event, ...]:
        """Log lines since the last call."""
        taken = tuple(self._events)
        self._events.clear()
        return taken

    def begin(self, mail: Mail) -> None:
        """Hand a message over; only where MAIL was wanted."""
        self._mail = mail
        self._outcomes = {}
        self._resume(None)

    def quit(self) -> None:
        """End the session in peace; only where MAIL was wanted."""
        self._mail = None
        self._resume(None)

    def content(self, data: bytes) -> None:
        """A piece of the message, cut anywhere; only where CONTENT was wanted."""
        self._output.append(self._writer.feed(data))

    def content_end(self) -> None:
        """The message is complete."""
        self._output.append(self._writer.end())
        if self._writer.folded:
            text = f"{self._plan.queue_id}: breaking line > {self._plan.line_limit} bytes with <CR><LF>SPACE"
            self._events.append(Noted(text))
        self._resume(None)

    def tls_started(self) -> None:
        """The handshake that was wanted is done."""
        self._in_tls = True
        self._resume(None)

    def tls_failed(self, why: str = "Cannot start TLS: handshake failure") -> None:
        """The handshake that was wanted did not succeed; the connection is of no more use."""
        self._throw(_Abandoned(Outcome("4.7.5", why), polite=False))

    def lost(self) -> None:
        """The connection is gone."""
        stage = self._stage
        if stage is Stage.BODY and (last := self._last_words()) is not None:
            self._throw(_Abandoned(self._said(last, stage), polite=False))
            return
        text = f"lost connection with {self._plan.server.label} while {self._doing}"
        self._throw(_Abandoned(Outcome("4.4.2", text), polite=False))

    def timed_out(self) -> None:
        """The server was silent, or took nothing from us, for too long."""
        text = f"conversation with {self._plan.server.label} timed out while {self._doing}"
        self._throw(_Abandoned(Outcome("4.4.2", text), polite=False))

    @property
    def order(self) -> tuple[int, ...]:
        """The recipients, as `outcomes` has them, in the order in which they were decided."""
        return tuple(self._outcomes)

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What became of the recipients of the last mail, in their order; complete once MAIL or CLOSE is wanted."""
        count = len(self._mail.recipients) if self._mail else 0
        return tuple(self._outcomes[index] for index in range(count))

    @property
    def offered(self) -> frozenset[str]:
        """The extensions that the server offers, in capitals."""
        return frozenset(self._offered)

    # The script and how it moves

    def _resume(self, reply: RemoteReply | None) -> None:
        try:
            self._step = self._script.send(reply)
        except StopIteration:
            self._step = Want.CLOSE

    def _throw(self, abandoned: _Abandoned) -> None:
        if self._step is Want.CLOSE:
            return
        try:
            self._step = self._script.throw(abandoned)
        except StopIteration:
            self._step = Want.CLOSE

    def _session(self) -> _Script:
        try:
            yield from self._open()
            while True:
                yield Want.MAIL
                if self._mail is None:
                    break
                yield from self._send_mail(self._mail)
        except _Abandoned as end:
            self.failure = end.outcome
            self._decide_rest(end.outcome)
            if not end.polite:
                return
        yield from self._farewell()

    def _open(self) -> _Script:
        if self._plan.tls_first:
            if not self._plan.tls_usable:
                raise _Abandoned(_NO_TLS, polite=False)
            yield Want.TLS
        greeting = yield from self._reply(Stage.GREETING)
        if greeting.kind != _GOOD:
            raise self._refused(greeting, soft=greeting.kind == _BAD and self._plan.skip_5xx_greeting)
        if self._first_word(greeting) == self._plan.name.lower():
            self._warn(f"host {self._plan.server.relay} greeted me with my own hostname {self._plan.name}")
        yield from self._hello(extended=self._is_extended(greeting))
        if self._plan.tls is not TlsLevel.NONE and not self._plan.tls_first:
            yield from self._start_tls(required=self._plan.tls is TlsLevel.ENCRYPT)
        if self._plan.credentials is not None and "AUTH" in self._offered:
            yield from self._log_in()

    def _is_extended(self, greeting: RemoteReply) -> bool:
        """Whether EHLO may be tried."""
        match self._plan.hello:
            case Hello.ALWAYS:
                return True
            case Hello.WHEN_GREETED:
                return "ESMTP" in greeting.text.upper().split()
            case Hello.NEVER:
                return self._plan.dialect is Dialect.LMTP

    def _hello(self, *, extended: bool = True) -> _Script:
        stage = Stage.EHLO if extended else Stage.HELO
        if self._plan.dialect is Dialect.LMTP:
            stage = Stage.LHLO
        reply = yield from self._command(f"{stage.name} {self._plan.name}", stage)
        self._offered = {}
        if reply.kind == _GOOD and stage is Stage.HELO:
            pass  # nothing is offered
        elif reply.kind == _GOOD:
            self._learn(reply)
        elif stage is not Stage.EHLO or reply.code == _SHUTTING_DOWN:
            raise self._refused(reply)
        else:
            reply = yield from self._command(f"HELO {self._plan.name}", Stage.HELO)
            if reply.kind != _GOOD:
                raise self._refused(reply)
        if self._plan.detects_loops and self._first_word(reply) == self._plan.name.lower():
            self._warn(f"host {self._plan.server.relay} replied to HELO/EHLO with my own hostname {self._plan.name}")
            text = f"mail for {self._plan.nexthop} loops back to myself"
            raise _Abandoned(Outcome("5.4.6", text), polite=True)

    def _start_tls(self, *, required: bool) -> _Script:
        label = self._plan.server.label
        if "STARTTLS" not in self._offered:
            if required:
                text = f"TLS is required, but was not offered by host {label}"
                raise _Abandoned(Outcome("4.7.4", text), polite=True)
            return
        if not self._plan.tls_usable:
            if required:
                raise _Abandoned(_NO_TLS, polite=True)
            return
        reply = yield from self._command("STARTTLS", Stage.STARTTLS)
        if reply.kind != _GOOD:
            if required:
                text = f"TLS is required, but host {label} refused to start TLS: {reply.text}"
                raise _Abandoned(Outcome(reply.dsn, text, reply), polite=True)
            return
        if not self._reader.is_empty:
            text = f"host {label} sent data ahead of the TLS handshake"
            raise _Abandoned(Outcome("4.7.5", text), polite=False)
        yield Want.TLS
        yield from self._hello()

    def _log_in(self) -> _Script:
        credentials, label = self._plan.credentials, self._plan.server.label
        if credentials is None:
            return
        offered = tuple(self._offered["AUTH"].upper().split())
        mechanisms = credentials.supported(offered)
        if not mechanisms:
            self._warn(f"{self._plan.server.relay} offered no supported AUTH mechanisms: '{' '.join(offered)}'")
            text = (
                f"SASL authentication failed: server {label} offered no compatible authentication mechanisms "
                "for this type of connection security"
            )
            raise _Abandoned(Outcome("4.7.0", text), polite=True)
        exchange = credentials.begin(mechanisms, tls=self._in_tls)
        if exchange is None:
            self._warn("SASL authentication failure: No worthy mechs found")
            text = f"SASL authentication failed; cannot authenticate to server {label}: no mechanism available"
            raise _Abandoned(Outcome("4.7.0", text), polite=True)
        reply = yield from self._exchange(exchange)
        if reply.kind != _GOOD:
            text = f"SASL authentication failed; server {label} said: {reply.text}"
            raise _Abandoned(Outcome(_softened(reply.dsn, soft=self._plan.soft_login), text, reply), polite=True)

    def _exchange(self, exchange: LoginExchange) -> _Reply:
        initial = exchange.initial()
        line = f"AUTH {exchange.mechanism}" + ("" if initial is None else f" {initial or '='}")
        reply = yield from self._command(line, Stage.AUTH)
        for _ in range(_LOGIN_STEPS):
            if reply.kind != _MORE:
                return reply
            answer = exchange.answer(reply.lines[-1].strip())
            reply = yield from self._command("*" if answer is None else answer, Stage.AUTH)
        text = f"SASL authentication failed; authentication protocol loop with server {self._plan.server.label}"
        raise _Abandoned(Outcome("4.7.0", text), polite=False)

    def _send_mail(self, mail: Mail) -> _Script:
        unfit = self._unfit(mail)
        if unfit is not None:
            self._decide_rest(unfit)
            return
        taken = yield from self._envelope(mail)
        if taken is None:
            yield from self._command("RSET", Stage.RSET)
            return
        self._writer = ContentWriter(self._plan.line_limit)
        if taken:
            yield Want.CONTENT
        else:
            self._output.append(self._writer.end())
        if self._plan.dialect is Dialect.LMTP:
            yield from self._answers_of_lmtp(taken)
        else:
            reply = yield from self._reply(Stage.DOT)
            for index in taken:
                self._outcomes[index] = self._verdict(reply)

    def _answers_of_lmtp(self, taken: list[int]) -> _Script:
        """One reply for each accepted recipient (RFC 2033 section 4.2)."""
        if not taken:  # the server broke the rule that DATA fails then; what it says next is anybody's guess
            text = f"host {self._plan.server.label} took DATA without a recipient"
            raise _Abandoned(Outcome("4.5.0", text), polite=False)
        for index in taken:
            reply = yield from self._reply(Stage.DOT)
            self._outcomes[index] = self._verdict(reply)

    def _envelope(self, mail: Mail) -> Generator[Step, RemoteReply | None, list[int] | None]:
        """MAIL, RCPT and DATA. The accepted recipients once the server waits for content; None where it does not."""
        ahead = "PIPELINING" in self._offered
        first = mail_line(mail, self._offered)
        lines = [rcpt_line(recipient, self._offered) for recipient in mail.recipients]
        if ahead:
            self._expect_silence(Stage.MAIL)
            self._send(first, *lines, "DATA")
        reply = yield from (self._reply(Stage.MAIL) if ahead else self._command(first, Stage.MAIL))
        welcome = reply.kind == _GOOD
        if not welcome:
            self._decide_rest(self._said(reply, Stage.MAIL))
        taken: list[int] = []
        for index, line in enumerate(lines if ahead or welcome else ()):
            reply = yield from (self._reply(Stage.RCPT) if ahead else self._command(line, Stage.RCPT))
            if reply.kind == _MORE and ahead:
                raise self._out_of_step(index, reply)
            if reply.kind != _GOOD:
                self._outcomes.setdefault(index, self._said(reply, Stage.RCPT))
            elif welcome:
                taken.append(index)
        if not ahead and not taken:
            return None
        reply = yield from (self._reply(Stage.DATA) if ahead else self._command("DATA", Stage.DATA))
        if reply.kind != _MORE:
            self._decide_rest(self._said(reply, Stage.DATA))
            return None
        return taken

    def _out_of_step(self, index: int, reply: RemoteReply) -> _Abandoned:
        """The server wants content where a recipient's reply is due: it lost count of our commands."""
        self._outcomes.setdefault(index, self._said(reply, Stage.RCPT))
        kind = "ehlo" if self._plan.dialect is Dialect.SMTP else "lhlo"
        parameter = f"{self._plan.dialect.value}_discard_{kind}_keyword_address_maps"
        server = self._plan.server
        self._warn(
            f"to prevent loss of mail, turn off command pipelining for {server.address} with the {parameter} parameter"
        )
        text = f"host {server.label} replied out of step: {reply.text}"
        return _Abandoned(Outcome("4.5.0", text, reply), polite=False)

    def _farewell(self) -> _Script:
        self._send("QUIT")
        if not self._plan.skip_quit_reply:
            try:
                yield Waiting(Stage.QUIT)
            except _Abandoned:
                return  # everything is settled; how the peer goes is its own affair

    # Words

    def _command(self, line: str, stage: Stage) -> _Reply:
        """Say a line, and wait for its reply."""
        self._expect_silence(stage)
        self._send(line)
        return (yield from self._reply(stage))

    def _reply(self, stage: Stage) -> _Reply:
        reply = yield Waiting(stage)
        assert reply is not None  # noqa: S101 - next_step resumes a waiting script with a reply only
        return reply

    def _expect_silence(self, stage: Stage) -> None:
        """See to it that what comes next answers what is said next."""
        if self._reader.is_empty:
            return
        reply = self._last_words()
        if reply is not None and reply.code == _SHUTTING_DOWN:
            raise _Abandoned(self._said(reply, stage), polite=False)
        text = f"host {self._plan.server.label} sent a reply ahead of its command"
        raise _Abandoned(Outcome("4.5.0", text), polite=False)

    def _send(self, *lines: str) -> None:
        text = "".join(f"{line}\r\n" for line in lines)
        self._output.append(text.encode("utf-8", "surrogateescape"))

    def _learn(self, reply: RemoteReply) -> None:
        for line in reply.lines[1:]:
            keyword, _, values = line.replace("=", " ", 1).partition(" ")
            if keyword.upper() not in self._plan.discard:
                self._offered[keyword.upper()] = values.strip()

    def _last_words(self) -> RemoteReply | None:
        """What the server said unasked, if it said anything whole."""
        try:
            return self._reader.next_reply()
        except ReplyTooLong:
            return None

    @property
    def _stage(self) -> Stage:
        match self._step:
            case Waiting(stage):
                return stage
            case Want.CONTENT:
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

    @staticmethod
    def _first_word(reply: RemoteReply) -> str:
        return reply.lines[0].partition(" ")[0].lower()

    def _note_junk(self) -> None:
        kind = "LMTP" if self._plan.dialect is Dialect.LMTP else "ESMTP"
        for line in self._reader.junk:
            self._warn(f"{self._plan.queue_id}: non-{kind} response from {self._plan.server.relay}: {line[:100]}")
        self._reader.junk.clear()

    def _warn(self, text: str) -> None:
        self._events.append(Warned(text))

    # Outcomes

    def _unfit(self, mail: Mail) -> Outcome | None:
        """Why the server cannot take this message, as far as its EHLO reply tells."""
        label = self._plan.server.label
        if mail.smtputf8 and mail.needs_utf8 and "SMTPUTF8" not in self._offered:
            return Outcome("5.6.7", f"SMTPUTF8 is required, but was not offered by host {label}")
        limit = self._offered.get("SIZE", "")
        if limit.isascii() and limit.isdigit() and 0 < int(limit[:20]) < mail.size:
            text = f"message size {mail.size} exceeds size limit {int(limit[:20])} of server {label}"
            return Outcome("5.3.4", text)
        return None

    def _said(self, reply: RemoteReply, stage: Stage) -> Outcome:
        text = f"host {self._plan.server.label} said: {reply.text} (in reply to {stage.command})"
        dsn = reply.dsn if reply.kind != _GOOD else "4.5.0"
        return Outcome(dsn, text, reply)

    def _verdict(self, reply: RemoteReply) -> Outcome:
        """What the reply to the dot means for a recipient."""
        return Outcome(reply.dsn, reply.text, reply) if reply.kind == _GOOD else self._said(reply, Stage.DOT)

    def _refused(self, reply: RemoteReply, *, soft: bool = False) -> _Abandoned:
        text = f"host {self._plan.server.label} refused to talk to me: {reply.text}"
        return _Abandoned(Outcome(_softened(reply.dsn, soft=soft), text, reply), polite=True)

    def _decide_rest(self, outcome: Outcome) -> None:
        for index in range(len(self._mail.recipients) if self._mail else 0):
            self._outcomes.setdefault(index, outcome)


def _softened(dsn: str, *, soft: bool) -> str:
    """A permanent failure's status code as a temporary one's, where that is wanted."""
    return f"4{dsn[1:]}" if soft and dsn.startswith("5") else dsn
