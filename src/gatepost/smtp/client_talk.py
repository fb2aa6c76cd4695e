"""What the scripts of one client session share: lines out, replies in, what the server offers, and the words for both.

A script is a generator. It yields what it needs (`Step`) and is resumed with the reply where it waited for one; so it
reads from top to bottom, and none of it knows of sockets.
"""

from __future__ import annotations

from collections.abc import Generator

from gatepost.mail.events import Event, Noted, Warned
from gatepost.smtp.client_replies import LINE_LIMIT, RemoteReply, ReplyReader, ReplyTooLong
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
    """One conversation. `queue_id` is that of the mail at hand, for log lines; `pix` the workarounds in force."""

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
        self.dummy_auth = False
        self.pix: frozenset[str] = frozenset()

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
        plan = self.plan
        if plan.discard and "SILENT-DISCARD" not in plan.discard:
            self.note(f"discarding EHLO keywords: {' '.join(sorted(plan.discard))}")
        for line in reply.lines[1:]:
            keyword, _, values = line.replace("=", " ", 1).partition(" ")
            if keyword.upper() not in plan.discard:
                self.offered[keyword.upper()] = values.strip()
        size = self.offered.get("SIZE", "")
        if size and not (size.isascii() and size.isdigit()):
            self.warn(f'bad EHLO SIZE limit "{size}" from {plan.server.relay}')

    def last_words(self) -> RemoteReply | None:
        """What the server said unasked, if it said anything whole."""
        try:
            return self.reader.next_reply()
        except ReplyTooLong:
            return None

    def note_oddities(self) -> None:
        """Log what the server said at excessive length, and what is no reply where that could make us lose count."""
        reader, relay = self.reader, self.plan.server.relay
        for beginning in reader.cut:
            self.warn(f"{relay}: response longer than {LINE_LIMIT}: {beginning[:30]}...")
        reader.cut.clear()
        if "PIPELINING" in self.offered:
            kind = "LMTP" if self.plan.dialect is Dialect.LMTP else "ESMTP"
            for line in reader.junk:
                self.warn(f"{self.queue_id}: non-{kind} response from {relay}: {line[:100]}")
                self.advise_against_pipelining()
        reader.junk.clear()

    def advise_against_pipelining(self) -> None:
        """Log how a server that loses count can be kept from being sent ahead to."""
        kind = "ehlo" if self.plan.dialect is Dialect.SMTP else "lhlo"
        parameter = f"{self.plan.dialect.value}_discard_{kind}_keyword_address_maps"
        address = self.plan.server.address
        self.warn(f"to prevent loss of mail, turn off command pipelining for {address} with the {parameter} parameter")

    def warn(self, text: str) -> None:
        """Log a warning."""
        self.events.append(Warned(text))

    def note(self, text: str) -> None:
        """Log a remark."""
        self.events.append(Noted(text))

    def said(self, reply: RemoteReply, stage: Stage) -> Outcome:
        """What a refusal means for a recipient; a success where none may be is one, for good."""
        text = f"host {self.label} said: {reply.text} (in reply to {stage.command})"
        return (
            Outcome("5.5.0", f"Protocol error: {text}", reply)
            if reply.kind == GOOD
            else Outcome(reply.dsn, text, reply)
        )


def first_word(reply: RemoteReply) -> str:
    """The name by which a server calls itself, in small letters."""
    return reply.lines[0].partition(" ")[0].lower()


def softened(dsn: str, *, soft: bool) -> str:
    """A permanent failure's status code as a temporary one's, where that is wanted."""
    return f"4{dsn[1:]}" if soft and dsn.startswith("5") else dsn
