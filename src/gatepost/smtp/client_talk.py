"""What the scripts of one client session share: lines out, replies in, what the server offers, and the words for both.

A script is a generator. It yields what it needs (`Step`) and is resumed with the reply where it waited for one; so it
reads from top to bottom, and none of it knows of sockets.
"""

from __future__ import annotations

from collections.abc import Generator

from gatepost.mail.events import Event, Noted, Warned
from gatepost.smtp.client_replies import RemoteReply, ReplyReader, ReplyTooLong
from gatepost.smtp.client_values import Dialect, Outcome, SessionPlan, Stage, Step, Waiting

GOOD, MORE, BAD = 2, 3, 5
"""First digits of replies."""

SHUTTING_DOWN = 421
"""The one code that may come unasked (RFC 5321 section 3.8)."""

Script = Generator[Step, RemoteReply | None, None]
Replying = Generator[Step, RemoteReply | None, RemoteReply]

WAITING = {stage: Waiting(stage) for stage in Stage}
"""The steps that wait for a reply, made once."""


class Abandoned(Exception):  # noqa: N818 - it is how a script ends, not an error
    """The session cannot go on. `polite`: the peer still listens, so it gets a QUIT."""

    def __init__(self, outcome: Outcome, *, polite: bool) -> None:
        super().__init__(outcome.text)
        self.outcome = outcome
        self.polite = polite


class Talk:
    """One conversation. `queue_id` is that of the mail at hand, for log lines."""

    def __init__(self, plan: SessionPlan) -> None:
        self.plan = plan
        self.label = plan.server.label
        self.queue_id = plan.queue_id
        self.reader = ReplyReader()
        self.output: list[bytes] = []
        self.events: list[Event] = []
        self.offered: dict[str, str] = {}
        self.in_tls = False
        self.verified = False
        self.binding = b""

    def send(self, *lines: str) -> None:
        """Write lines, all in one piece."""
        text = "\r\n".join(lines) + "\r\n"
        self.output.append(text.encode("utf-8", "surrogateescape"))

    def command(self, line: str, stage: Stage) -> Replying:
        """Say a line, and wait for its reply."""
        self.expect_silence(stage)
        self.send(line)
        return (yield from self.reply(stage))

    def reply(self, stage: Stage) -> Replying:
        """Wait for a reply."""
        reply = yield WAITING[stage]
        assert reply is not None  # noqa: S101 - a waiting script is resumed with a reply only
        return reply

    def expect_silence(self, stage: Stage) -> None:
        """See to it that what comes next answers what is said next. Raises Abandoned."""
        if self.reader.is_empty:
            return
        reply = self.last_words()
        if reply is not None and reply.code == SHUTTING_DOWN:
            raise Abandoned(self.said(reply, stage), polite=False)
        text = f"host {self.label} sent a reply ahead of its command"
        raise Abandoned(Outcome("4.5.0", text), polite=False)

    def learn(self, reply: RemoteReply) -> None:
        """Take in what the server offers (RFC 5321 section 4.1.1.1)."""
        for line in reply.lines[1:]:
            keyword, _, values = line.replace("=", " ", 1).partition(" ")
            if keyword.upper() not in self.plan.discard:
                self.offered[keyword.upper()] = values.strip()

    def last_words(self) -> RemoteReply | None:
        """What the server said unasked, if it said anything whole."""
        try:
            return self.reader.next_reply()
        except ReplyTooLong:
            return None

    def note_junk(self) -> None:
        """Log what the server said that is no reply."""
        if self.reader.junk:
            kind = "LMTP" if self.plan.dialect is Dialect.LMTP else "ESMTP"
            for line in self.reader.junk:
                self.warn(f"{self.queue_id}: non-{kind} response from {self.plan.server.relay}: {line[:100]}")
            self.reader.junk.clear()

    def warn(self, text: str) -> None:
        """Log a warning."""
        self.events.append(Warned(text))

    def note(self, text: str) -> None:
        """Log a remark."""
        self.events.append(Noted(text))

    def said(self, reply: RemoteReply, stage: Stage) -> Outcome:
        """What a refusal means for a recipient; a reply of success where none may be defers."""
        text = f"host {self.label} said: {reply.text} (in reply to {stage.command})"
        return Outcome(reply.dsn if reply.kind != GOOD else "4.5.0", text, reply)


def first_word(reply: RemoteReply) -> str:
    """The name by which a server calls itself, in small letters."""
    return reply.lines[0].partition(" ")[0].lower()


def softened(dsn: str, *, soft: bool) -> str:
    """A permanent failure's status code as a temporary one's, where that is wanted."""
    return f"4{dsn[1:]}" if soft and dsn.startswith("5") else dsn
