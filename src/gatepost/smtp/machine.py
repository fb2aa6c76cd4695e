"""The server's side of SMTP as a machine: bytes in, events out, and a table that says where a dialogue stands.

The rules:

1. A command never moves the machine; the reply does. `replied(verb, reply)` looks up (state, verb, first digit of the
   code) in `TABLE`; what is not there changes nothing. A refused MAIL leaves everything as it was.
2. After a command nothing is read until it was replied to: `next_event` gives PAUSED. That is the back-pressure that
   pipelining needs (RFC 2920), and what lets STARTTLS drop what was sent behind it.
3. Codes 421 and 521 end a dialogue, whatever produced them.
4. Any bytes give events, never an exception. How they were cut changes nothing but the cut of content.

The states:

    CONNECTED   nothing was said yet
    IDLE        no mail transaction
    SENDER      MAIL was accepted
    RECIPIENTS  so was at least one RCPT
    CONTENT     354 was said: content follows, up to the closing dot
    CHUNKS      a BDAT chunk was taken, the last one was not
    BROKEN      a BDAT chunk was refused: all further ones are, up to the last, or RSET
    LOGIN       334 was said: a SASL response follows
    SECURING    220 was said to STARTTLS: a TLS handshake follows
    CLOSED      the last reply was said
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from gatepost.mail.reply import HANG_UP, Reply
from gatepost.smtp.commands import Verb
from gatepost.smtp.lines import ChunkReader, ContentReader, Input


class State(Enum):
    """Where a dialogue stands."""

    __hash__ = object.__hash__  # by identity, as in Verb

    CONNECTED = "connected"
    IDLE = "idle"
    SENDER = "sender"
    RECIPIENTS = "recipients"
    CONTENT = "content"
    CHUNKS = "chunks"
    BROKEN = "broken"
    LOGIN = "login"
    SECURING = "securing"
    CLOSED = "closed"


IN_TRANSACTION = frozenset({State.SENDER, State.RECIPIENTS, State.CONTENT, State.CHUNKS, State.BROKEN})
"""A mail transaction lives in these states, and is dropped when the machine leaves them."""

_READY = (State.IDLE, State.SENDER, State.RECIPIENTS, State.CHUNKS, State.BROKEN)
"""States in which the client's next line is a command."""


def _table() -> Mapping[tuple[State, Verb, int], State]:
    table = {
        (State.CONNECTED, Verb.GREETING, 2): State.IDLE,
        (State.CONNECTED, Verb.GREETING, 4): State.IDLE,  # refused, but the dialogue goes on, up to QUIT
        (State.CONNECTED, Verb.GREETING, 5): State.IDLE,
        (State.IDLE, Verb.MAIL, 2): State.SENDER,
        (State.SENDER, Verb.RCPT, 2): State.RECIPIENTS,
        (State.RECIPIENTS, Verb.DATA, 3): State.CONTENT,
        (State.RECIPIENTS, Verb.BDAT, 2): State.CHUNKS,
    }
    for digit in (2, 4, 5):
        table[State.CONTENT, Verb.END_OF_CONTENT, digit] = State.IDLE
    for state in (State.IDLE, State.SENDER, State.RECIPIENTS, State.CHUNKS, State.BROKEN):
        for digit in (2, 4, 5):
            table[state, Verb.LAST_CHUNK, digit] = State.IDLE
        table[state, Verb.BDAT, 4] = table[state, Verb.BDAT, 5] = State.BROKEN
    for state in _READY:
        for verb in (Verb.HELO, Verb.EHLO, Verb.RSET, Verb.XCLIENT):
            table[state, verb, 2] = State.IDLE
        table[state, Verb.STARTTLS, 2] = State.SECURING
        table[state, Verb.AUTH, 3] = State.LOGIN
        for verb in (Verb.QUIT, Verb.UNKNOWN):  # 221 to an unknown command: it is another protocol's
            table[state, verb, 2] = State.CLOSED
    for digit in (2, 4, 5):
        table[State.LOGIN, Verb.RESPONSE, digit] = State.IDLE
    return table


TABLE = _table()
"""(state, verb, first digit of the reply's code) → state; what is missing changes nothing."""


# Looking into an Enum class is slow, and these are looked at for each line.
_CLOSED, _SECURING, _LOGIN, _CONTENT, _CHUNKS, _BROKEN = (
    State.CLOSED,
    State.SECURING,
    State.LOGIN,
    State.CONTENT,
    State.CHUNKS,
    State.BROKEN,
)


class Signal(Enum):
    """What `next_event` says when there is no event."""

    NEED_DATA = "need data"  # more must come from the peer
    PAUSED = "paused"  # a reply is owed, or the dialogue is over


NEED_DATA = Signal.NEED_DATA
PAUSED = Signal.PAUSED


class CommandLine(NamedTuple):
    """A line where a command is due. `overlong`: the text is only its front."""

    text: str
    bare_newline: bool = False
    overlong: bool = False


class Response(NamedTuple):
    """The client's turn in a login; `overlong` where it is above its limit."""

    text: str
    overlong: bool = False


class Content(NamedTuple):
    """A piece of message content, canonical, cut anywhere; never empty."""

    data: bytes


class EndOfContent(NamedTuple):
    """The content, or the BDAT chunk, is complete. `bare_newline`: a line in it ended in LF alone."""

    bare_newline: bool = False


Event = CommandLine | Response | Content | EndOfContent | Signal
"""What `next_event` gives."""


@dataclass(slots=True)
class Limits:
    """Named limits of one connection, in bytes, and how strictly its line ends are read."""

    line_length: int = 2048  # line_length_limit
    response_length: int = 12288  # smtpd_sasl_response_limit, RFC 4954 section 4
    strict_newlines: bool = True  # smtpd_forbid_bare_newline
    replace_stray_cr: bool = True  # cleanup_replace_stray_cr_lf


class Machine:
    """One connection's dialogue."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.state = State.CONNECTED
        self._input = Input()
        self._content: ContentReader | None = None
        self._chunks: ChunkReader | None = None
        self._in_chunk = False
        self._discard = False
        self._owing = True  # the greeting

    def receive(self, data: bytes) -> None:
        """Take what came from the peer; it is read by `next_event`."""
        if self.state is not _CLOSED:
            self._input.feed(data)

    @property
    def waiting(self) -> int:
        """Bytes that came and were not consumed."""
        return len(self._input.data)

    def pending(self, count: int) -> bytes:
        """The front of what came and was not consumed: empty unless the peer went ahead of our replies."""
        return self._input.peek(count)

    def next_event(self) -> Event:
        """The next event; see rule 2 for PAUSED."""
        state = self.state
        if state is _CLOSED or state is _SECURING:
            return PAUSED
        if self._in_chunk and self._chunks:
            return self._next_chunk(self._chunks)
        if self._owing:
            return PAUSED
        if self._content:
            return self._next_content(self._content)
        if not self._input.data:
            return NEED_DATA
        response = state is _LOGIN
        line = self._input.line(self.limits.response_length if response else self.limits.line_length)
        if line is None:
            return NEED_DATA
        self._owing = True
        text = line.content.decode("utf-8", "surrogateescape")
        return Response(text, line.overlong) if response else CommandLine(text, line.bare, line.overlong)

    def replied(self, verb: Verb, reply: Reply) -> None:
        """A reply was said: move to where the table leads, and read on."""
        code, before = reply.code, self.state
        self.state = state = _CLOSED if code in HANG_UP else TABLE.get((before, verb, code // 100), before)
        self._owing = False
        if state is _CONTENT:
            self._content = ContentReader(
                strict=self.limits.strict_newlines, replace_stray_cr=self.limits.replace_stray_cr
            )
        elif state is not _CHUNKS and state is not _BROKEN:
            self._chunks = None

    def take_chunk(self, size: int, *, discard: bool) -> None:
        """BDAT announced a chunk: its content and an EndOfContent come before the reply; `discard`: it is of no use."""
        if self._chunks is None:
            self._chunks = ChunkReader(
                strict=self.limits.strict_newlines, replace_stray_cr=self.limits.replace_stray_cr
            )
        self._chunks.left = size
        self._in_chunk = True
        self._discard = discard

    def finish_chunks(self) -> bytes:
        """What is missing to the end of the content's last line, after the last chunk."""
        return self._chunks.finish() if self._chunks else b""

    @property
    def receiving(self) -> bool:
        """Whether message content is what comes next from the peer."""
        return self._content is not None or self._in_chunk

    def tls_started(self) -> None:
        """220 is about to be said to STARTTLS: what was sent behind it in the clear is dropped (RFC 3207 section 6)."""
        self._input.clear()

    def tls_established(self) -> None:
        """The handshake is over: the dialogue begins anew, without a greeting (RFC 3207 section 4.2)."""
        self.state = State.IDLE

    def close(self) -> None:
        """Nothing more is read."""
        self.state = _CLOSED
        self._input.clear()
        self._content = self._chunks = None
        self._in_chunk = False

    def _next_content(self, reader: ContentReader) -> Event:
        data = reader.read(self._input)
        if data:
            return Content(data)
        if not reader.ended:
            return NEED_DATA
        self._content = None
        self._owing = True
        return EndOfContent(reader.bare_newline)

    def _next_chunk(self, reader: ChunkReader) -> Event:
        while reader.left and self._input.data:
            data = reader.read(self._input)
            if data and not self._discard:
                return Content(data)
        if reader.left:
            return NEED_DATA
        self._in_chunk = False
        return EndOfContent(reader.bare_newline)
