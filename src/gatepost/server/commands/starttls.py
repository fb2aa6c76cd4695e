"""STARTTLS (RFC 3207), and what it leaves of a session: nothing that was said in the clear."""

from __future__ import annotations

from gatepost.mail import replies
from gatepost.mail.events.smtpd import TlsAborted, TlsRefused, WrapperModeDropped
from gatepost.policy.outcome import Fault
from gatepost.server.connection import PeerLost
from gatepost.server.limits import Counter
from gatepost.server.session import Answer, HangUp, Session
from gatepost.smtp.commands import Command, Refused, Verb
from gatepost.tls.context import ServerTls


async def starttls(session: Session, command: Command) -> Answer | None:
    """Begin TLS. There is no reply after the handshake; the client speaks next."""
    if command.words:
        raise Refused(replies.TLS_SYNTAX)
    if session.connection.channel is not None:
        raise Refused(replies.TLS_ACTIVE)
    if not session.snapshot.mode.offered or "STARTTLS" in session.discarded_keywords:
        raise Refused(replies.NOT_IMPLEMENTED)
    if session.snapshot.tls is None:
        session.transcript.fault |= Fault.SOFTWARE
        return Answer(replies.TLS_UNAVAILABLE)
    if _too_many(session):
        session.emit(TlsRefused("STARTTLS", session.client, session.snapshot.name))
        return Answer(replies.too_many_handshakes(session.client))
    await session.say(replies.TLS_READY, Verb.STARTTLS)
    session.forget_names()
    await secure(session, session.snapshot.tls)
    session.machine.tls_established()
    session.statistics.done(Verb.STARTTLS)
    return None


async def wrap(session: Session) -> None:
    """TLS from the first byte (`smtpd_tls_wrappermode`). Raises PeerLost, HangUp."""
    if session.snapshot.tls is None:
        session.emit(WrapperModeDropped(session.client, session.snapshot.name))
        session.machine.close()
        raise HangUp
    if _too_many(session):
        session.emit(TlsRefused("TLS service", session.client, session.snapshot.name))
        session.machine.close()
        raise HangUp
    await secure(session, session.snapshot.tls)


async def secure(session: Session, tls: ServerTls) -> None:
    """Shake hands, and look at what came of it. Raises PeerLost, HangUp."""
    connection, settings = session.connection, session.settings
    connection.secure(tls.channel(session.client))
    if not await connection.handshake(settings.smtpd_starttls_timeout.total_seconds()):
        raise PeerLost
    limit = settings.smtpd_client_new_tls_session_rate_limit
    resumed = connection.channel is not None and connection.channel.resumed
    if not resumed and session.count(Counter.TLS_SESSION, limit, "New TLS session rate limit"):
        session.say_at_once(replies.too_many_tls_sessions(session.host, session.client), Verb.STARTTLS)
        raise HangUp
    if session.snapshot.mode.demands:
        _demand_certificate(session)


def _too_many(session: Session) -> bool:
    """Whether the client is above its rate of new sessions before this one."""
    limit = session.settings.smtpd_client_new_tls_session_rate_limit
    return bool(limit) and session.limited and session.rate(Counter.TLS_SESSION) > limit


def _demand_certificate(session: Session) -> None:
    """Note what is missing; the client hears of it in the reply to its next command, as RFC 3207 wants."""
    certificate = session.tls.certificate if session.tls else None
    if certificate is not None and certificate.trusted:
        return
    reason = "No client certificate presented" if certificate is None else "Client certificate not trusted"
    session.emit(TlsAborted(session.client, reason))
    session.certificate_refusal = reason
