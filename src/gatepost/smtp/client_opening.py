"""The beginning of a client session: greeting, EHLO, STARTTLS, login; until the server is ready for mail.

Nothing received in the clear is read after STARTTLS (RFC 3207 section 4.2): bytes behind its reply end the session.
"""

from __future__ import annotations

from gatepost.smtp.client_login import log_in
from gatepost.smtp.client_replies import RemoteReply
from gatepost.smtp.client_talk import BAD, GOOD, SHUTTING_DOWN, Abandoned, Script, Talk, first_word, softened
from gatepost.smtp.client_values import Dialect, Hello, Outcome, Stage, TlsLevel, Want

_STARS = "20* \t\n"
"""All there is in the greeting of a server behind such a firewall, which puts stars for what it does not want seen."""
NOT_OFFERED = "4.7.4"
"""The status code that says: TLS is required, and there is no STARTTLS."""

_NO_TLS = Outcome("4.7.5", "TLS is required, but our TLS engine is unavailable")


def opening(talk: Talk) -> Script:
    """All that comes before the first mail. Raises Abandoned."""
    plan = talk.plan
    if plan.tls_first:
        if not plan.tls_usable:
            raise Abandoned(_NO_TLS, polite=False)
        yield Want.TLS
    greeting = yield from talk.reply(Stage.GREETING)
    if greeting.kind != GOOD:
        raise _refused(talk, greeting, soft=greeting.kind == BAD and plan.skip_5xx_greeting)
    if plan.detects_loops and first_word(greeting) == plan.name.lower():
        talk.warn(f"host {plan.server.relay} greeted me with my own hostname {plan.name}")
    if plan.pix and not greeting.text.strip(_STARS):
        talk.pix = plan.pix
        words = " ".join(word for word in ("disable_esmtp", "delay_dotcrlf") if word in plan.pix)
        talk.note(f"{talk.queue_id}: enabling PIX workarounds: {words} for {plan.server.relay}")
    yield from _hello(talk, extended=_is_extended(talk, greeting))
    if plan.tls is not TlsLevel.NONE and not plan.tls_first:
        yield from _start_tls(talk, required=plan.tls is TlsLevel.ENCRYPT)
    if plan.credentials is not None and "AUTH" in talk.offered:
        yield from log_in(talk, plan.credentials)


def _is_extended(talk: Talk, greeting: RemoteReply) -> bool:
    """Whether EHLO may be tried."""
    if "disable_esmtp" in talk.pix and talk.plan.dialect is Dialect.SMTP:
        return False
    match talk.plan.hello:
        case Hello.ALWAYS:
            return True
        case Hello.WHEN_GREETED:
            return "ESMTP" in greeting.text.upper().split()
        case Hello.NEVER:
            return talk.plan.dialect is Dialect.LMTP


def _hello(talk: Talk, *, extended: bool = True) -> Script:
    plan = talk.plan
    stage = Stage.EHLO if extended else Stage.HELO
    if plan.dialect is Dialect.LMTP:
        stage = Stage.LHLO
    reply = yield from talk.command(f"{stage.name} {plan.name}", stage)
    talk.offered.clear()
    if reply.kind == GOOD and stage is Stage.HELO:
        pass  # nothing is offered
    elif reply.kind == GOOD:
        talk.learn(reply)
    elif stage is not Stage.EHLO or reply.code == SHUTTING_DOWN:
        raise _refused(talk, reply)
    else:
        reply = yield from talk.command(f"HELO {plan.name}", Stage.HELO)
        if reply.kind != GOOD:
            raise _refused(talk, reply)
    if plan.detects_loops and first_word(reply) == plan.name.lower():
        talk.warn(f"host {plan.server.relay} replied to HELO/EHLO with my own hostname {plan.name}")
        text = f"mail for {plan.nexthop} loops back to myself"
        raise Abandoned(Outcome("5.4.6", text), polite=True)


def _start_tls(talk: Talk, *, required: bool) -> Script:
    label = talk.label
    if "STARTTLS" not in talk.offered:
        if required:
            text = f"TLS is required, but was not offered by host {label}"
            raise Abandoned(Outcome(NOT_OFFERED, text), polite=True)
        return
    if not talk.plan.tls_usable:
        if required:
            raise Abandoned(_NO_TLS, polite=True)
        return
    reply = yield from talk.command("STARTTLS", Stage.STARTTLS)
    if reply.kind != GOOD:
        if required:
            text = f"TLS is required, but host {label} refused to start TLS: {reply.text}"
            raise Abandoned(Outcome(reply.dsn, text, reply), polite=True)
        return
    if not talk.reader.is_empty:
        text = f"host {label} sent data ahead of the TLS handshake"
        raise Abandoned(Outcome("4.7.5", text), polite=False)
    yield Want.TLS
    yield from _hello(talk)


def _refused(talk: Talk, reply: RemoteReply, *, soft: bool = False) -> Abandoned:
    text = f"host {talk.label} refused to talk to me: {reply.text}"
    return Abandoned(Outcome(softened(reply.dsn, soft=soft), text, reply), polite=True)
