"""MAIL (RFC 5321 section 4.1.1.2): begins a mail transaction."""

from __future__ import annotations

from gatepost.mail import replies
from gatepost.mail.events.smtpd import SpaceLow
from gatepost.oracle import LookupFailed
from gatepost.policy.facts import Stage
from gatepost.policy.outcome import Fault
from gatepost.server.addresses import sender_of
from gatepost.server.limits import Counter
from gatepost.server.rewriting import rewrites_locally
from gatepost.server.session import Answer, Session
from gatepost.server.transaction import Transaction
from gatepost.smtp.commands import Command, Refused, mail_parameters, path_word
from gatepost.smtp.machine import State


async def mail(session: Session, command: Command) -> Answer:
    """Open a transaction for a sender."""
    _in_order(session)
    path = path_word(command)
    limit = session.settings.smtpd_client_message_rate_limit
    if session.count(Counter.MESSAGE, limit, "Message delivery request rate limit"):
        return Answer(replies.rate_exceeded("mail", session.peer.address))
    offered = session.settings.smtputf8_enable and "SMTPUTF8" not in session.discarded_keywords
    options = command.words[2:]
    utf8 = offered and any(option.text.upper() == "SMTPUTF8" for option in options)
    sender = sender_of(session, path, utf8=utf8)
    parameters = mail_parameters(options, dsn="DSN" not in session.discarded_keywords, smtputf8=offered)
    _check_size(session, sender, parameters.size)
    session.transaction = transaction = Transaction(
        sender, parameters, session.resources.oracle(session.emit), session.resources.now()
    )
    answer = await _admit(session, transaction)
    if answer.is_error:
        transaction.close()
        session.transaction = None
    return answer


def _in_order(session: Session) -> None:
    if session.settings.smtpd_helo_required and session.helo is None:
        raise Refused(replies.HELO_FIRST)
    if session.machine.state in (State.CHUNKS, State.BROKEN):
        raise Refused(replies.NESTED_MAIL if session.machine.state is State.CHUNKS else replies.after_chunks("MAIL"))
    if session.in_transaction:
        raise Refused(replies.NESTED_MAIL)


def _check_size(session: Session, sender: str, size: int) -> None:
    """Refuse what is too big. A MAIL without SIZE, after one that was refused, is about the same message."""
    session.announced_size = size or session.announced_size
    limit = session.settings.message_size_limit
    if limit and session.announced_size > limit:
        reply = replies.SIZE_ABOVE_LIMIT
        session.reject("MAIL", (reply.softened() if session.settings.soft_bounce else reply).text, sender=sender)
        raise Refused(reply)


async def _admit(session: Session, transaction: Transaction) -> Answer:
    """The tests that need the whole of the command."""
    settings = session.settings
    if Stage.MAIL in session.snapshot.due:
        verdict = await session.decide(Stage.MAIL, session.facts("MAIL"))
        if verdict.reply:
            return Answer(verdict.reply)
    try:
        transaction.local_rewrite = await rewrites_locally(session)
    except LookupFailed:
        session.transcript.fault |= Fault.DATA
        return Answer(replies.LOOKUP_FAILED)
    if settings.strict_smtputf8 and not transaction.parameters.smtputf8 and not transaction.sender.isascii():
        return Answer(replies.UTF8_UNDECLARED)
    if not _has_space(session):
        session.transcript.fault |= Fault.RESOURCE
        return Answer(replies.STORAGE_FULL)
    if not settings.smtpd_delay_open_until_valid_rcpt:
        session.open_message(transaction)
    return Answer(replies.SENDER_OK)


def _has_space(session: Session) -> bool:
    """Whether the queue can take another message (`queue_minfree`, and one and a half times the largest)."""
    settings = session.settings
    free = session.resources.free_space()
    enough = free >= settings.queue_minfree
    if enough and (not settings.message_size_limit or free / 1.5 > settings.message_size_limit):
        return True
    session.reject("MAIL", replies.STORAGE_FULL.text)
    session.emit(SpaceLow(free))
    return False
