"""AUTH (RFC 4954): a login, as one command with the client's further turns in it."""

from __future__ import annotations

from gatepost.mail import replies
from gatepost.mail.events.smtpd import LoginAborted, LoginFailed, LongLine
from gatepost.mail.reply import Reply
from gatepost.sasl.server import Challenge, Exchange, Failure, SaslContext, SaslServer, Success
from gatepost.server.limits import Counter
from gatepost.server.session import LONG_LINE_SHOWN, Answer, Session
from gatepost.smtp.commands import Command, Refused, Verb
from gatepost.smtp.machine import Response

MECHANISM_SHOWN = 100
"""Characters of a mechanism's name that log lines show."""


async def auth(session: Session, command: Command) -> Answer:
    """Log the client in."""
    limit = session.settings.smtpd_client_auth_rate_limit
    if session.count(Counter.AUTH, limit, "AUTH command rate limit"):
        return Answer(replies.rate_exceeded("AUTH commands", session.peer.address))
    sasl = _in_order(session, command)
    mechanism = command.words[0].text
    initial = command.words[1].text if len(command.words) > 1 else None
    exchange = sasl.start(mechanism, initial, _context(session))
    try:
        return await _exchange(session, exchange, mechanism)
    finally:
        exchange.abort()


def _in_order(session: Session, command: Command) -> SaslServer:
    """The backend, where a login is possible now. Raises Refused."""
    if session.settings.smtpd_helo_required and session.helo is None:
        raise Refused(replies.HELO_FIRST)
    sasl = session.snapshot.sasl
    if sasl is None or not session.sasl_active:
        raise Refused(replies.LOGIN_DISABLED)
    if session.in_transaction:
        raise Refused(replies.IN_TRANSACTION)
    if session.login is not None:
        raise Refused(replies.ALREADY_LOGGED_IN)
    if len(command.words) not in (1, 2):
        raise Refused(replies.AUTH_SYNTAX)
    return sasl


def _context(session: Session) -> SaslContext:
    return SaslContext(
        session.peer.address,
        session.peer.port,
        session.server_address,
        session.server_port,
        tls=session.tls is not None,
    )


async def _exchange(session: Session, exchange: Exchange, mechanism: str) -> Answer:
    """Challenge and response, until it is decided."""
    verb, response = Verb.AUTH, None
    while True:
        match await exchange.step(response):
            case Success(login):
                session.login = login
                return Answer(replies.LOGGED_IN, verb)
            case Failure() as failure:
                return Answer(_failed(session, mechanism, failure), verb)
            case Challenge(text):
                await session.say(replies.challenge(text), verb)
                verb = Verb.RESPONSE
        heard = await session.connection.event()
        if not isinstance(heard, Response):
            raise AssertionError(f"a response was due: {heard}")  # noqa: TRY004 - the machine's promise, not a type
        session.transcript.heard(heard.text)
        if heard.overlong:
            limit = session.settings.smtpd_sasl_response_limit
            session.emit(LongLine(session.client, limit, heard.text[:LONG_LINE_SHOWN]))
            return Answer(replies.RESPONSE_TOO_LONG, verb)
        if heard.text == "*":
            session.emit(LoginAborted(session.client, mechanism[:MECHANISM_SHOWN]))
            return Answer(replies.LOGIN_ABORTED, verb)
        response = heard.text


def _failed(session: Session, mechanism: str, failure: Failure) -> Reply:
    session.emit(
        LoginFailed(session.client, mechanism[:MECHANISM_SHOWN], failure.reason, failure.username or "(unavailable)")
    )
    if failure.temporary:
        return replies.login_unavailable(failure.reason)
    return replies.login_failed(failure.reason)
