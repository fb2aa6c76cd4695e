"""RSET, NOOP, QUIT, VRFY and ETRN: the commands that bring no mail."""

from __future__ import annotations

from gatepost.mail import replies
from gatepost.mail.address import is_host_literal, is_hostname
from gatepost.mail.events.smtpd import EtrnRefused
from gatepost.policy.facts import Stage
from gatepost.server.addresses import recipient_of
from gatepost.server.limits import Counter
from gatepost.server.session import Answer, Session
from gatepost.smtp.commands import Command, Refused
from gatepost.smtp.grammar import Word


async def rset(session: Session, command: Command) -> Answer:
    """Drop the transaction (RFC 5321 section 4.1.1.5); the reply does."""
    if command.words:
        raise Refused(replies.RSET_SYNTAX)
    session.announced_size = 0
    session.transcript.reset(session.settings.smtpd_history_flush_threshold)
    return Answer(replies.OK)


async def noop(session: Session, command: Command) -> Answer:
    """Do nothing (RFC 5321 section 4.1.1.9)."""
    del session, command
    return Answer(replies.OK)


async def quit_(session: Session, command: Command) -> Answer:
    """End the session (RFC 5321 section 4.1.1.10)."""
    del session, command
    return Answer(replies.BYE)


async def vrfy(session: Session, command: Command) -> Answer:
    """Tell whether a recipient would be taken (RFC 5321 section 3.5)."""
    settings = session.settings
    if settings.disable_vrfy_command:
        raise Refused(replies.VRFY_DISABLED)
    words = list(command.words)
    utf8 = settings.smtputf8_enable and bool(words) and words[-1].text.upper() == "SMTPUTF8"
    if utf8:
        words.pop()
    if not words:
        raise Refused(replies.vrfy_syntax(smtputf8=settings.smtputf8_enable))
    limit = settings.smtpd_client_recipient_rate_limit
    if session.count(Counter.RECIPIENT, limit, "Recipient address rate limit"):
        return Answer(replies.rate_exceeded("recipients", session.peer.address))
    argument = Word(" ".join(word.text for word in words), broken=any(word.broken for word in words))
    address = recipient_of(session, argument, "VRFY", utf8=utf8)
    if settings.strict_smtputf8 and not utf8 and not address.isascii():
        return Answer(replies.UTF8_UNDECLARED)
    verdict = await session.decide(Stage.VRFY, session.facts("VRFY")._replace(recipient=address))
    return Answer(verdict.reply or replies.vrfy_ok(argument.text))


async def etrn(session: Session, command: Command) -> Answer:
    """Start delivery of what is queued for a domain (RFC 1985)."""
    if session.settings.smtpd_helo_required and session.helo is None:
        raise Refused(replies.ETRN_HELO_FIRST)
    if session.in_transaction:
        raise Refused(replies.ETRN_IN_TRANSACTION)
    if len(command.words) != 1:
        raise Refused(replies.ETRN_SYNTAX)
    domain = command.words[0].text
    if domain[0] in "@#":
        domain = domain[1:]
    if not (is_hostname(domain, utf8=session.settings.smtputf8_enable) or is_host_literal(domain)):
        raise Refused(replies.ETRN_BAD_DOMAIN)
    verdict = await session.decide(Stage.ETRN, session.facts("ETRN")._replace(etrn_domain=domain))
    if verdict.reply:
        return Answer(verdict.reply)
    if not await session.matches(session.snapshot.lists.fast_flush_domains, name=domain):
        session.emit(EtrnRefused(domain, session.client))
        return Answer(replies.etrn_refused(domain))
    started = await session.resources.flush(domain)
    return Answer(replies.ETRN_STARTED if started else replies.ETRN_FAILED)
