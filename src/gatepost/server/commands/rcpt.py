"""RCPT (RFC 5321 section 4.1.1.3): adds a recipient to the transaction."""

from __future__ import annotations

from gatepost.mail import replies
from gatepost.mail.address import external
from gatepost.mail.envelope import Recipient
from gatepost.policy.facts import Stage
from gatepost.server.addresses import recipient_of
from gatepost.server.limits import Counter
from gatepost.server.session import Answer, Session
from gatepost.server.transaction import Transaction
from gatepost.smtp.commands import Command, RcptParameters, Refused, path_word, rcpt_parameters
from gatepost.smtp.machine import State


async def rcpt(session: Session, command: Command) -> Answer:
    """Take a recipient, if the restriction lists do."""
    transaction = session.transaction
    if transaction is None:
        raise Refused(replies.NEED_MAIL)
    if session.machine.state in (State.CHUNKS, State.BROKEN):
        raise Refused(replies.after_chunks("RCPT"))
    path = path_word(command)
    limit = session.settings.smtpd_client_recipient_rate_limit
    if session.count(Counter.RECIPIENT, limit, "Recipient address rate limit"):
        return Answer(replies.rate_exceeded("recipients", session.peer.address))
    address = recipient_of(session, path, utf8=transaction.parameters.smtputf8)
    parameters = rcpt_parameters(command.words[2:], dsn="DSN" not in session.discarded_keywords)
    if len(transaction.recipients) >= session.settings.smtpd_recipient_limit:
        transaction.over_limit += 1
        tolerated = transaction.over_limit <= session.settings.smtpd_recipient_overshoot_limit
        return Answer(replies.TOO_MANY_RECIPIENTS, error=not tolerated)
    if session.settings.strict_smtputf8 and not transaction.parameters.smtputf8 and not address.isascii():
        return Answer(replies.UTF8_UNDECLARED)
    verdict = await session.decide(Stage.RCPT, session.facts("RCPT")._replace(recipient=address))
    if verdict.reply:
        return Answer(verdict.reply)
    _accept(session, transaction, address, parameters)
    return Answer(replies.RECIPIENT_OK)


def _accept(session: Session, transaction: Transaction, address: str, parameters: RcptParameters) -> None:
    session.open_message(transaction)
    asked = parameters.orcpt or f"rfc822;{external(address)}"  # as the client wrote it, before it is made complete
    transaction.recipients.append(Recipient(address, address, parameters.notify, asked))
