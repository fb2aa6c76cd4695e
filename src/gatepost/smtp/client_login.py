"""Logging in to the server (RFC 4954), with whatever mechanism the credentials begin."""

from __future__ import annotations

from gatepost.smtp.client_talk import GOOD, MORE, Abandoned, Replying, Script, Talk, softened
from gatepost.smtp.client_values import Credentials, LoginExchange, Outcome, Stage

WRONG_LOGIN = 535
"""The reply to a login that is wrong (RFC 4954 section 6); others may be about the moment."""

LOGIN_STEPS = 10
"""Challenges answered before a login counts as a loop; no mechanism needs more than a few."""


def log_in(talk: Talk, credentials: Credentials) -> Script:
    """Prove who we are. Raises Abandoned where that cannot be done."""
    label = talk.label
    offered = tuple(talk.offered["AUTH"].upper().split())
    mechanisms = credentials.supported(offered)
    if not mechanisms:
        talk.warn(f"{talk.plan.server.relay} offered no supported AUTH mechanisms: '{' '.join(offered)}'")
        text = (
            f"SASL authentication failed: server {label} offered no compatible authentication mechanisms "
            "for this type of connection security"
        )
        raise Abandoned(Outcome("4.7.0", text), polite=True)
    exchange = credentials.begin(mechanisms, tls=talk.in_tls, verified=talk.verified, binding=talk.binding)
    if exchange is None:
        talk.warn("SASL authentication failure: No worthy mechs found")
        text = f"SASL authentication failed; cannot authenticate to server {label}: no mechanism available"
        raise Abandoned(Outcome("4.7.0", text), polite=True)
    known = credentials.refusal()
    if known:
        text = f"SASL [CACHED] authentication failed; server {label} said: {known}"
        raise Abandoned(Outcome(softened(_status(known), soft=talk.plan.soft_login), text), polite=True)
    reply = yield from _exchange(talk, exchange)
    if reply.code == WRONG_LOGIN:
        credentials.refused(reply.text)
    if reply.kind != GOOD:
        text = f"SASL authentication failed; server {label} said: {reply.text}"
        raise Abandoned(Outcome(softened(reply.dsn, soft=talk.plan.soft_login), text, reply), polite=True)
    if not exchange.is_proven(reply.lines[-1].rpartition(" ")[2]):
        text = f"SASL authentication failed; server {label} did not prove that it knows the password"
        raise Abandoned(Outcome("4.7.0", text), polite=True)
    talk.dummy_auth = talk.plan.dummy_auth


def _status(said: str) -> str:
    """The status code of a refusal that is known as text."""
    return next((word for word in said.split()[1:2] if word[:2] in ("4.", "5.")), "5.7.8")


def _exchange(talk: Talk, exchange: LoginExchange) -> Replying:
    initial = exchange.initial()
    line = f"AUTH {exchange.mechanism}" + ("" if initial is None else f" {initial or '='}")
    reply = yield from talk.command(line, Stage.AUTH)
    for _ in range(LOGIN_STEPS):
        if reply.kind != MORE:
            return reply
        answer = exchange.answer(reply.lines[-1].strip())
        reply = yield from talk.command("*" if answer is None else answer, Stage.AUTH)
    text = f"SASL authentication failed; authentication protocol loop with server {talk.label}"
    raise Abandoned(Outcome("4.7.0", text), polite=False)
