"""The dialogue: one session from connect to disconnect, line by line.

What a command line meets, in this order (smtpd(8) of Postfix, which log tools and clients know):

1. the hard error limit;
2. `line_length_limit`, bare newlines, UTF-8, `smtpd_command_filter`;
3. no word at all; `smtpd_noop_commands`; `smtpd_forbidden_commands`, and what looks like a header;
4. a missing client certificate; a client that was refused at connect time; an unknown command; mandatory TLS;
5. a client that spoke out of turn;
6. the command itself, and the count of errors and of junk commands after it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import NoReturn

from gatepost.mail import replies
from gatepost.mail.events import Warned
from gatepost.mail.events.smtpd import (
    CommandReplaced,
    ConnectionLost,
    Disconnected,
    LocalDataError,
    LongLine,
    NotSmtp,
    TimedOut,
    TooManyErrors,
)
from gatepost.oracle import LookupFailed
from gatepost.policy.outcome import Fault
from gatepost.server.commands.auth import auth
from gatepost.server.commands.content import bdat, data
from gatepost.server.commands.hello import hello
from gatepost.server.commands.mail import mail
from gatepost.server.commands.rcpt import rcpt
from gatepost.server.commands.simple import etrn, noop, quit_, rset, vrfy
from gatepost.server.commands.starttls import starttls
from gatepost.server.commands.xclient import xclient
from gatepost.server.connection import PeerLost, PeerSilent, Retired
from gatepost.server.notice import report
from gatepost.server.session import LONG_LINE_SHOWN, Answer, BareNewlines, HangUp, Session, escaped
from gatepost.server.welcome import welcome
from gatepost.smtp.commands import JUNK, PAUSING, Command, Refused, Verb, parse
from gatepost.smtp.grammar import looks_like_header
from gatepost.smtp.machine import CommandLine, State

COMMANDS: Mapping[Verb, Callable[[Session, Command], Awaitable[Answer | None]]] = {
    Verb.HELO: hello,
    Verb.EHLO: hello,
    Verb.XCLIENT: xclient,
    Verb.STARTTLS: starttls,
    Verb.AUTH: auth,
    Verb.MAIL: mail,
    Verb.RCPT: rcpt,
    Verb.DATA: data,
    Verb.BDAT: bdat,
    Verb.RSET: rset,
    Verb.NOOP: noop,
    Verb.QUIT: quit_,
    Verb.VRFY: vrfy,
    Verb.ETRN: etrn,
}
"""The commands there are. XFORWARD is not among them, so it is not announced either."""

STAGES: Mapping[Verb, str] = {verb: verb.name for verb in (*COMMANDS, Verb.UNKNOWN)}
"""What log lines name the point of the dialogue by."""

BEFORE_TLS = frozenset({Verb.HELO, Verb.EHLO, Verb.XCLIENT, Verb.STARTTLS, Verb.NOOP, Verb.QUIT})
"""What may be said before STARTTLS where TLS is mandatory (RFC 3207 section 4)."""

LINE_SHOWN = 100
"""Characters of a line that log lines show."""


async def serve(session: Session) -> None:
    """Talk to a client until one of the two ends it."""
    try:
        await welcome(session)
        while session.machine.state is not State.CLOSED:
            await _next(session)
    except HangUp:
        pass
    except PeerLost:
        _tell_lost(session)
    except PeerSilent:
        _tell_silent(session)
    except Retired:
        session.say_at_once(replies.shutting_down(session.host), Verb.UNKNOWN)
    except LookupFailed:
        _fail(session)
    except Exception as error:  # noqa: BLE001 - a fault of ours ends this session, not the server
        session.transcript.fault |= Fault.SOFTWARE
        session.emit(Warned(f"session ended by an internal error: {type(error).__name__}: {error}"))
        _fail(session)
    finally:
        await _end(session)


async def _next(session: Session) -> None:
    """The next command line, or the end of patience. What is rare stands in functions of its own."""
    if session.errors >= session.settings.smtpd_hard_error_limit:
        session.say_at_once(replies.too_many_errors(session.host), Verb.UNKNOWN)
        session.emit(TooManyErrors(session.stage, session.client))
        session.transcript.end = "too many errors"
        raise HangUp
    line = await session.connection.event()
    if not isinstance(line, CommandLine):
        raise AssertionError(f"a command was due: {line}")  # noqa: TRY004 - the machine's promise, not a type
    answer, verb = await _read(session, line)
    if answer is not None:
        session.errors += answer.is_error
        await session.say(answer.reply, answer.verb or verb)


async def _read(session: Session, line: CommandLine) -> tuple[Answer | None, Verb]:
    """The answer to a line, None where it was given already, and the verb it is for."""
    text, settings = line.text, session.settings
    session.transcript.heard(text)
    if line.overlong and _is_too_long(session, text):
        return Answer(replies.command_too_long(session.host), error=False), Verb.UNKNOWN
    if line.bare_newline:
        await _bare_newline(session)
    if settings.smtputf8_enable and not _is_utf8(text):
        return Answer(replies.BAD_UTF8), Verb.UNKNOWN
    if settings.smtpd_command_filter:
        text = await _filtered(session, text)
    command = parse(text)
    if command is None:
        return Answer(replies.BAD_SYNTAX), Verb.UNKNOWN
    noops = session.snapshot.lists.noop_commands
    if noops and await session.matches(noops, name=command.word):
        return _with_junk(session, Answer(replies.OK)), Verb.NOOP
    return await _obey(session, command), command.verb


def _is_too_long(session: Session, text: str) -> bool:
    """Note a line above the limit; whether that is an error."""
    session.emit(LongLine(session.client, session.settings.line_length_limit, text[:LONG_LINE_SHOWN]))
    return session.settings.gatepost_forbid_long_commands


async def _bare_newline(session: Session) -> None:
    """A command that ended in LF alone. Raises HangUp where that is refused."""
    if session.bare_newlines is BareNewlines.REJECT:
        session.reject(session.stage, "bare <LF> received")
        code = session.settings.smtpd_forbid_bare_newline_reject_code
        await session.say(replies.bare_newline(session.host, code), Verb.UNKNOWN)
        raise HangUp
    session.noted_bare_newline |= session.bare_newlines is BareNewlines.NOTE


def _is_utf8(text: str) -> bool:
    """Whether the line was UTF-8; what was not is there as surrogates."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


async def _filtered(session: Session, text: str) -> str:
    """The line, or what `smtpd_command_filter` puts in its place."""
    for table in session.settings.smtpd_command_filter:
        replaced = await session.oracle().lookup(table, text.lstrip())
        if replaced is not None:
            session.emit(CommandReplaced(session.client, text[:LINE_SHOWN], replaced[:LINE_SHOWN]))
            return replaced
    return text


async def _obey(session: Session, command: Command) -> Answer | None:
    """Count the command, test what stands before every command, and run it."""
    verb = command.verb if command.verb in COMMANDS else Verb.UNKNOWN
    if session.certificate_refusal:
        return Answer(replies.certificate_required(session.host, session.certificate_refusal))
    session.statistics.tried(verb)
    if verb is Verb.UNKNOWN and await _is_foreign(session, command):
        _hang_up_on_foreigner(session, command)
    answer = _obstacle(session, verb)
    if answer is None:
        if session.machine.waiting and not session.out_of_turn:
            await _watch_turns(session, verb)
        session.stage = STAGES[verb]
        try:
            answer = await COMMANDS[verb](session, command)
        except Refused as refused:
            session.transcript.fault |= Fault.PROTOCOL
            if refused.warning:
                session.emit(Warned(refused.warning))
            answer = Answer(refused.reply)
    if answer is None:
        return None
    if answer.is_done:
        session.statistics.done(verb)
    return _with_junk(session, answer) if verb in JUNK else answer


def _hang_up_on_foreigner(session: Session, command: Command) -> NoReturn:
    line = command.line.encode("utf-8", "surrogateescape")[:LINE_SHOWN]
    session.emit(NotSmtp(session.client, escaped(line)))
    session.say_at_once(replies.NOT_SMTP, Verb.UNKNOWN)
    raise HangUp


def _obstacle(session: Session, verb: Verb) -> Answer | None:
    """Why the command is not even looked at."""
    if session.denied and verb is not Verb.QUIT:
        session.transcript.fault |= Fault.POLICY
        return Answer(replies.access_denied(session.client))
    session.stage = STAGES[verb]
    if verb is Verb.UNKNOWN:
        session.transcript.fault |= Fault.PROTOCOL
        return Answer(replies.UNKNOWN_COMMAND)
    if session.snapshot.mode.required and session.tls is None and verb not in BEFORE_TLS:
        return Answer(replies.TLS_REQUIRED)
    return None


async def _is_foreign(session: Session, command: Command) -> bool:
    """Whether another protocol is spoken: an attack on us through a browser, or one on somebody through us."""
    if looks_like_header(command.word):
        return True
    return await session.matches(session.snapshot.lists.forbidden_commands, name=command.word)


async def _watch_turns(session: Session, verb: Verb) -> None:
    """A client that went on before our reply: where it may not, that is noted (RFC 2920 section 3.1)."""
    if verb in PAUSING or session.protocol != "ESMTP":
        await session.spoke_early(verb)


def _with_junk(session: Session, answer: Answer) -> Answer:
    """Count a command that brings mail no further; above the limit it is an error, though it is answered."""
    limit = session.settings.smtpd_junk_command_limit
    if session.junk > limit and not answer.is_error:
        session.errors += 1
    session.junk += 1
    return answer


def _fail(session: Session) -> None:
    """We cannot go on: a table did not answer where it had to."""
    session.transcript.fault |= Fault.DATA
    session.emit(LocalDataError(session.stage, session.client, session.host, session.queue_id or "NOQUEUE"))
    session.say_at_once(replies.local_data_error(session.host), Verb.UNKNOWN)


def _octets(session: Session) -> int | None:
    """Bytes of content that came, where content was what came."""
    transaction = session.transaction
    return transaction.size if transaction and session.machine.receiving else None


def _tell_lost(session: Session) -> None:
    if session.stage != "END-OF-MESSAGE":
        session.transcript.end = "lost connection"
        session.emit(ConnectionLost(session.stage, session.client, _octets(session)))


def _tell_silent(session: Session) -> None:
    session.emit(TimedOut(session.stage, session.client, octets=_octets(session)))
    session.transcript.end = "timeout"
    session.say_at_once(replies.timed_out(session.host), Verb.UNKNOWN)


async def _end(session: Session) -> None:
    """Whatever happened, nothing of the session is left."""
    session.connection.close()
    session.disconnect()
    if session.transaction:
        session.transaction.close()
        session.transaction = None
    await report(session)
    if not session.quiet:
        counts = session.statistics.text(bare_newline=session.noted_bare_newline)
        session.emit(Disconnected(session.client, counts))
