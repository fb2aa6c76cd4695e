"""From a finished transaction to what the queue takes in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gatepost.mail.dates import local_date
from gatepost.mail.envelope import Origin
from gatepost.mail.received import Stamp, Trace, received
from gatepost.policy.outcome import Action, Bcc, Discard, Filter, Hold, Prepend, Redirect
from gatepost.queue.intake import Handling, Submission
from gatepost.server.session import Session
from gatepost.server.transaction import Transaction


def submission(session: Session, transaction: Transaction) -> Submission:
    """The transaction's envelope, what policy wants done with it, and our Received header."""
    actions = transaction.actions
    return Submission(
        transaction.envelope(_origin(session, transaction)),
        tuple(action.header for action in actions if isinstance(action, Prepend)) if actions else (),
        _received(session, transaction),
        handling(actions) if actions else _NO_HANDLING,
        transaction.local_rewrite,
        transaction.oracle,
    )


_NO_HANDLING = Handling()


def handling(actions: Iterable[Action]) -> Handling:
    """What the actions come to: of FILTER and REDIRECT the last one counts."""
    found = Handling()
    for action in actions:
        match action:
            case Hold():
                found = replace(found, hold=True)
            case Discard():
                found = replace(found, discard=True)
            case Filter(destination):
                found = replace(found, route=destination)
            case Redirect(address):
                found = replace(found, redirect=address)
            case Bcc(address):
                found = replace(found, bcc=(*found.bcc, address))
            case Prepend():
                pass
    return found


def _received(session: Session, transaction: Transaction) -> str:
    settings, login = session.settings, session.login
    trace = Trace(
        session.peer,
        session.helo or "",
        session.protocol,
        utf8=transaction.parameters.smtputf8,
        secure=session.tls is not None,
        authenticated=login is not None,
        tls=session.tls if settings.smtpd_tls_received_header else None,
        login=login.username if login and settings.smtpd_sasl_authenticated_header else None,
    )
    date = local_date(int(session.resources.now()))
    stamp = Stamp(session.host, settings.mail_name, transaction.queue_id, date)
    return received(trace, stamp, transaction.only_recipient)


def _origin(session: Session, transaction: Transaction) -> Origin:
    peer, login = session.peer, session.login
    return Origin(
        client=session.client,
        client_name=peer.name,
        client_address=peer.address,
        client_port=peer.port,
        helo=session.helo or "",
        protocol=session.protocol,
        sasl_method=login.method if login else "",
        sasl_username=login.username if login else "",
        sasl_sender=transaction.parameters.auth,
    )
