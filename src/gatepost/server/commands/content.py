"""DATA (RFC 5321 section 4.1.1.4) and BDAT (RFC 3030): the content of a message, and what becomes of it."""

from __future__ import annotations

from gatepost.mail import replies
from gatepost.mail.events.smtpd import ChunkTooBig, ContentTooBig, MalformedBdat, NullBdat
from gatepost.mail.reply import Reply
from gatepost.policy.facts import Stage
from gatepost.policy.outcome import Fault
from gatepost.queue.intake import Refused as NotTaken
from gatepost.server.session import Answer, BareNewlines, Session
from gatepost.server.submission import submission
from gatepost.server.transaction import Transaction
from gatepost.smtp.commands import Chunk, Command, Refused, Verb, chunk
from gatepost.smtp.machine import Content, EndOfContent, State


async def data(session: Session, command: Command) -> Answer:
    """Take the content, up to the closing dot."""
    if session.machine.state in (State.CHUNKS, State.BROKEN):
        raise Refused(replies.after_chunks("DATA"))
    transaction = _with_recipients(session)
    if command.words:
        raise Refused(replies.DATA_SYNTAX)
    if Stage.DATA in session.snapshot.due:
        verdict = await session.decide(Stage.DATA, session.facts("DATA"))
        if verdict.reply:
            return Answer(verdict.reply)
    await session.say(replies.SEND_CONTENT, Verb.DATA)
    bare_newline = await _receive(session, transaction)
    if session.too_big(transaction):
        session.emit(ContentTooBig(transaction.queue_id))
    session.stage = "END-OF-MESSAGE"
    reply = await _finish(session, transaction, bare_newline=bare_newline, total=None)
    return Answer(reply, Verb.END_OF_CONTENT)


async def bdat(session: Session, command: Command) -> Answer:
    """Take a chunk; with the last one the message."""
    if "CHUNKING" in session.discarded_keywords:
        return Answer(replies.BDAT_DISABLED)
    try:
        wanted = chunk(command)
    except Refused:
        session.emit(MalformedBdat(session.client, command.line[:100], session.queue_id or "NOQUEUE"))
        raise
    verb = Verb.LAST_CHUNK if wanted.last else Verb.BDAT
    refusal = await _chunk_refusal(session, wanted)
    session.machine.take_chunk(wanted.size, discard=refusal is not None)
    transaction = session.transaction
    bare_newline = await _receive(session, transaction)
    if refusal is not None or transaction is None:
        return Answer(refusal or replies.NEED_RECIPIENT, verb)
    if not wanted.last:
        return Answer(replies.chunk_taken(wanted.size), verb)
    transaction.take(session.machine.finish_chunks(), session.settings.message_size_limit)
    session.stage = "END-OF-MESSAGE"
    return Answer(await _finish(session, transaction, bare_newline=bare_newline, total=transaction.size), verb)


def _with_recipients(session: Session) -> Transaction:
    """The transaction, which must have a recipient. Raises Refused."""
    if session.transaction is None:
        raise Refused(replies.NEED_RECIPIENT)
    if not session.transaction.recipients:
        raise Refused(replies.NO_VALID_RECIPIENTS)
    return session.transaction


async def _chunk_refusal(session: Session, wanted: Chunk) -> Reply | None:
    """Why the chunk is of no use; it is read all the same, because it is on its way."""
    state = session.machine.state
    if state is State.BROKEN:
        return replies.chunk_discarded(wanted.size)
    try:
        transaction = _with_recipients(session)
    except Refused as refused:
        return refused.reply
    if not wanted.size and not wanted.last:
        session.emit(NullBdat(session.client, session.queue_id or "NOQUEUE"))
        return replies.NULL_BDAT
    limit = session.settings.message_size_limit
    if limit and wanted.size > limit - transaction.size:
        session.emit(ChunkTooBig(transaction.queue_id, session.client))
        return replies.CHUNK_ABOVE_LIMIT
    if state is not State.CHUNKS and Stage.DATA in session.snapshot.due:
        verdict = await session.decide(Stage.DATA, session.facts("BDAT"))
        return verdict.reply
    return None


async def _receive(session: Session, transaction: Transaction | None) -> bool:
    """Take content into the draft, up to its end; whether a line ended in LF alone."""
    limit = session.settings.message_size_limit
    while True:
        event = await session.connection.event()
        if isinstance(event, Content):
            if transaction:
                transaction.take(event.data, limit)
        elif isinstance(event, EndOfContent):
            return event.bare_newline
        else:
            raise AssertionError(f"content was due: {event}")  # noqa: TRY004 - the machine's promise, not a type


async def _finish(session: Session, transaction: Transaction, *, bare_newline: bool, total: int | None) -> Reply:
    """The message is complete: policy's last word, then the queue's."""
    if Stage.END_OF_DATA in session.snapshot.due:
        facts = session.facts("END-OF-MESSAGE")._replace(size=transaction.size)
        verdict = await session.decide(Stage.END_OF_DATA, facts)
        if verdict.reply:
            return verdict.reply
    if bare_newline and session.bare_newlines is BareNewlines.REJECT:
        session.reject("END-OF-MESSAGE", "bare <LF> received")
        return replies.bare_newline(session.host, session.settings.smtpd_forbid_bare_newline_reject_code)
    if session.too_big(transaction):
        return replies.TOO_BIG
    draft = session.open_message(transaction)
    finished = submission(session, transaction)
    transaction.hand_over()
    result = await draft.commit(finished)
    if isinstance(result, NotTaken):
        if result.reply in (replies.QUEUE_WRITE_ERROR, replies.STORAGE_FULL):
            session.transcript.fault |= Fault.RESOURCE
        return result.reply
    session.errors = session.junk = 0
    session.transcript.fault = Fault.NONE
    return replies.queued(result.queue_id, total)
