"""One mail transaction of a client session: MAIL, RCPT, DATA, the content, and a verdict on every recipient.

The rules:

1. Where PIPELINING is offered, MAIL, all RCPT and DATA are one write (RFC 2920 section 3.1); else each waits for the
   reply to the one before.
2. What goes wrong belongs to every recipient that nothing had been decided about.
3. Once the dot is sent and the answer does not come, nobody knows who has the message; it is kept, and may come twice.
"""

from __future__ import annotations

from collections.abc import Generator

from gatepost.smtp.client_commands import mail_line, origin_lines, rcpt_line
from gatepost.smtp.client_content import DOT, ContentWriter
from gatepost.smtp.client_replies import RemoteReply
from gatepost.smtp.client_talk import GOOD, MORE, WAITING, Abandoned, Script, Talk
from gatepost.smtp.client_values import Dialect, Mail, Outcome, Stage, Step, Want

_Taken = Generator[Step, RemoteReply | None, list[int] | None]

_MAIL, _RCPT, _DATA, _DOT = (WAITING[stage] for stage in (Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.DOT))


class Transaction:
    """One message on its way. `outcomes` are by recipient, in the order in which they were decided."""

    def __init__(self, talk: Talk, mail: Mail) -> None:
        self.mail = mail
        self.outcomes: dict[int, Outcome] = {}
        self.writer = ContentWriter(talk.plan.line_limit)
        self._talk = talk

    def run(self) -> Script:
        """Hand the message over. Raises Abandoned."""
        talk = self._talk
        unfit = self._unfit()
        if unfit is not None:
            self.decide_rest(unfit)
            return
        taken = yield from self._pipelined() if "PIPELINING" in talk.offered else self._step_by_step()
        if taken is None:
            yield from talk.command("RSET", Stage.RSET)
            return
        if taken:
            yield Want.CONTENT
            if "delay_dotcrlf" in talk.pix:
                yield Want.PAUSE
        talk.output.append(DOT)
        if talk.plan.dialect is Dialect.LMTP:
            yield from self._answers_of_lmtp(taken)
            return
        verdict = self._verdict((yield _DOT))
        for index in taken:
            self.outcomes[index] = verdict

    def decide_rest(self, outcome: Outcome) -> None:
        """The same for everybody about whom nothing was decided."""
        for index in range(len(self.mail.recipients)):
            self.outcomes.setdefault(index, outcome)

    def _pipelined(self) -> _Taken:
        """MAIL, RCPT and DATA. The accepted recipients once the server waits for content; None where it does not."""
        talk, mail = self._talk, self.mail
        talk.expect_silence(Stage.MAIL)
        origin = origin_lines(mail, talk.offered)
        ahead = (line for _, line in origin)
        talk.send(
            *ahead,
            mail_line(mail, talk.offered, dummy_auth=talk.dummy_auth),
            *(rcpt_line(to, talk.offered) for to in mail.recipients),
            "DATA",
        )
        for stage, _ in origin:
            self._note_refusal((yield WAITING[stage]), stage)
        welcome = self._is_welcome((yield _MAIL))
        taken: list[int] = []
        for index in range(len(mail.recipients)):
            reply = yield _RCPT
            assert reply is not None  # noqa: S101 - a waiting script is resumed with a reply only
            if reply.kind == MORE:
                raise self._out_of_step(index, reply)
            if self._is_taken(index, reply, welcome=welcome):
                taken.append(index)
        return taken if self._is_awaited((yield _DATA)) else None

    def _step_by_step(self) -> _Taken:
        """The same, without sending ahead."""
        talk, mail = self._talk, self.mail
        for stage, line in origin_lines(mail, talk.offered):
            self._note_refusal((yield from talk.command(line, stage)), stage)
        if not self._is_welcome(
            (yield from talk.command(mail_line(mail, talk.offered, dummy_auth=talk.dummy_auth), Stage.MAIL))
        ):
            return None
        taken: list[int] = []
        for index, recipient in enumerate(mail.recipients):
            reply = yield from talk.command(rcpt_line(recipient, talk.offered), Stage.RCPT)
            if self._is_taken(index, reply, welcome=True):
                taken.append(index)
        if not taken:
            return None
        return taken if self._is_awaited((yield from talk.command("DATA", Stage.DATA))) else None

    def _note_refusal(self, reply: RemoteReply | None, stage: Stage) -> None:
        """Nothing depends on whether the server takes the origin, but it said that it would."""
        assert reply is not None  # noqa: S101 - as above
        if reply.kind != GOOD:
            self._talk.warn(f"host {self._talk.plan.server.relay} said: {reply.text} (in reply to {stage.command})")

    def _is_welcome(self, reply: RemoteReply | None) -> bool:
        """Whether the sender is accepted."""
        assert reply is not None  # noqa: S101 - as above
        if reply.kind == GOOD:
            return True
        self.decide_rest(self._talk.said(reply, Stage.MAIL))
        return False

    def _is_taken(self, index: int, reply: RemoteReply, *, welcome: bool) -> bool:
        """Whether a recipient is accepted."""
        if reply.kind == GOOD:
            return welcome
        self.outcomes.setdefault(index, self._talk.said(reply, Stage.RCPT))
        return False

    def _is_awaited(self, reply: RemoteReply | None) -> bool:
        """Whether the content is."""
        assert reply is not None  # noqa: S101 - as above
        if reply.kind == MORE:
            return True
        self.decide_rest(self._talk.said(reply, Stage.DATA))
        return False

    def _out_of_step(self, index: int, reply: RemoteReply) -> Abandoned:
        """The server wants content where a recipient's reply is due: it lost count of our commands."""
        talk = self._talk
        self.outcomes.setdefault(index, talk.said(reply, Stage.RCPT))
        talk.advise_against_pipelining()
        text = f"host {talk.label} replied out of step: {reply.text}"
        return Abandoned(Outcome("4.5.0", text, reply), polite=False)

    def _answers_of_lmtp(self, taken: list[int]) -> Script:
        """One reply for each accepted recipient (RFC 2033 section 4.2)."""
        if not taken:  # the server broke the rule that DATA fails then; what it says next is anybody's guess
            text = f"host {self._talk.label} took DATA without a recipient"
            raise Abandoned(Outcome("4.5.0", text), polite=False)
        for index in taken:
            self.outcomes[index] = self._verdict((yield _DOT))

    def _unfit(self) -> Outcome | None:
        """Why the server cannot take this message, as far as its EHLO reply tells."""
        talk, mail = self._talk, self.mail
        if mail.smtputf8 and mail.needs_utf8 and "SMTPUTF8" not in talk.offered:
            return Outcome("5.6.7", f"SMTPUTF8 is required, but was not offered by host {talk.label}")
        limit = talk.offered.get("SIZE", "")
        if limit.isascii() and limit.isdigit() and 0 < int(limit[:20]) < mail.size:
            text = f"message size {mail.size} exceeds size limit {int(limit[:20])} of server {talk.label}"
            return Outcome("5.3.4", text)
        return None

    def _verdict(self, reply: RemoteReply | None) -> Outcome:
        """What the reply to the dot means for a recipient."""
        assert reply is not None  # noqa: S101 - as above
        return Outcome(reply.dsn, reply.text, reply) if reply.kind == GOOD else self._talk.said(reply, Stage.DOT)
