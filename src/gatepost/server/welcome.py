"""The beginning of a session: who the client is, what it may do, TLS from the first byte, and the greeting."""

from __future__ import annotations

from collections.abc import Iterable

from gatepost.mail import replies
from gatepost.mail.events import Event
from gatepost.mail.events.smtpd import Connected, LimitExceeded, LocalDataError
from gatepost.mail.peer import Peer
from gatepost.mail.reply import Reply
from gatepost.oracle import LookupFailed
from gatepost.policy.facts import Stage
from gatepost.policy.outcome import Fault
from gatepost.sasl.server import NO_MECHANISMS, SaslUnavailable
from gatepost.server.commands.hello import KEYWORDS, SILENT
from gatepost.server.commands.starttls import wrap
from gatepost.server.session import BareNewlines, HangUp, Session
from gatepost.smtp.commands import Verb
from gatepost.smtp.machine import Limits


async def welcome(session: Session) -> None:
    """Bring a new session to its greeting. Raises HangUp where it ends before, PeerLost, PeerSilent."""
    await _identify(session)
    session.emit(Connected(session.client))
    await _prepare_login(session)
    await authorize(session)
    wrapper = session.snapshot.mode.wrapper
    if wrapper:
        await wrap(session)
    early = await session.connection.settle()
    if early and not wrapper:
        await session.spoke_early(Verb.GREETING)
    _count(session)
    reply = await greeting(session, "CONNECT")
    session.errors += session.denied
    await session.say(reply, Verb.GREETING)


async def _identify(session: Session) -> None:
    address, port = session.connection.address("peername")
    if not address:
        session.peer = Peer("127.0.0.1", name="localhost")  # a UNIX socket: this machine
    elif session.settings.smtpd_peername_lookup:
        session.peer, event = await session.resources.find_peer(address, port)
        if event:
            session.emit(event)
    else:
        session.peer = Peer(address, port=port)


async def _prepare_login(session: Session) -> None:
    """Without its login backend the session ends: a greeting without AUTH would have passwords go elsewhere."""
    sasl = session.snapshot.sasl
    if sasl is None:
        return
    try:
        await sasl.prepare()
    except SaslUnavailable as reason:
        _close_quietly(session, *reason.events)
        raise HangUp from reason
    if session.sasl_active and not sasl.mechanisms(tls=session.tls is not None):
        _close_quietly(session, NO_MECHANISMS)
        raise HangUp


def _close_quietly(session: Session, *reasons: Event) -> None:
    for event in reasons:
        session.emit(event)
    session.machine.close()
    session.quiet = True


async def authorize(session: Session) -> None:
    """Work out what this client may do; again after XCLIENT. Raises HangUp where a table does not answer."""
    lists, peer, settings = session.snapshot.lists, session.peer, session.settings
    try:
        session.may_xclient = await session.matches(
            lists.authorized_xclient_hosts, name=peer.name, address=peer.address
        )
        session.discarded_keywords = await _discarded(session)
    except LookupFailed as reason:
        session.transcript.fault |= Fault.DATA
        session.emit(LocalDataError(session.stage, session.client, session.host, session.queue_id or "NOQUEUE"))
        session.say_at_once(replies.local_data_error(session.host), Verb.GREETING)
        raise HangUp from reason
    session.limited = (
        session.snapshot.limits_clients
        and not session.may_xclient
        and not await session.is_spared(lists.event_limit_exceptions)
    )
    session.bare_newlines = BareNewlines.of(settings.smtpd_forbid_bare_newline)
    if session.bare_newlines is not BareNewlines.ACCEPT and await session.is_spared(lists.bare_newline_exclusions):
        session.bare_newlines = BareNewlines.ACCEPT
    session.machine.limits = Limits(
        line_length=settings.line_length_limit,
        response_length=settings.smtpd_sasl_response_limit,
        strict_newlines=session.bare_newlines is not BareNewlines.ACCEPT,
        replace_stray_cr=settings.cleanup_replace_stray_cr_lf,
    )


async def _discarded(session: Session) -> frozenset[str]:
    """The EHLO keywords that are hidden from the client; a map's words replace the general ones."""
    settings = session.settings
    words: Iterable[str] = settings.smtpd_discard_ehlo_keywords
    if not (words or settings.smtpd_discard_ehlo_keyword_address_maps):
        return _NONE_DISCARDED
    for table in settings.smtpd_discard_ehlo_keyword_address_maps:
        found = await session.oracle().lookup(table, session.peer.address)
        if found is not None:
            words = found.replace(",", " ").split()
            break
    return frozenset(str(word).upper() for word in words) & (KEYWORDS | {SILENT})


_NONE_DISCARDED: frozenset[str] = frozenset()


def _count(session: Session) -> None:
    """Count the connection against the client's limits. Raises HangUp where it has too many."""
    settings = session.settings
    most, rate = settings.smtpd_client_connection_count_limit, settings.smtpd_client_connection_rate_limit
    if not session.limited or not (most or rate):
        return
    counts = session.connect()
    for what, count, limit in (
        ("Connection concurrency limit", counts.connections, most),
        ("Connection rate limit", counts.rate, rate),
    ):
        if limit and count > limit:
            session.say_at_once(replies.too_many_connections(session.host, session.peer.address), Verb.GREETING)
            session.emit(LimitExceeded(what, count, session.client, session.snapshot.name))
            raise HangUp


async def greeting(session: Session, stage: str) -> Reply:
    """The banner, or the refusal of the client restrictions where they do not wait for RCPT."""
    session.denied = False
    if Stage.CONNECT in session.snapshot.due:
        verdict = await session.decide(Stage.CONNECT, session.facts(stage))
        if verdict.reply:
            session.denied = True
            return verdict.reply
    return replies.greeting(session.settings.smtpd_banner)
