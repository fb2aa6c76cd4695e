"""What is known when a restriction list is evaluated: one immutable value a decision."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from gatepost.mail.peer import Login, Peer, TlsDetails


class Stage(Enum):
    """The point of the dialogue that asks for a decision."""

    CONNECT = "connect"
    HELO = "helo"
    MAIL = "mail"
    RCPT = "rcpt"
    VRFY = "vrfy"
    ETRN = "etrn"
    DATA = "data"
    END_OF_DATA = "end of data"


class Subject(Enum):
    """What a restriction is about. The value names the fact that must be known for it to be evaluated at all."""

    SESSION = ""
    CLIENT = "peer"
    HELO = "helo"
    SENDER = "sender"
    RECIPIENT = "recipient"
    ETRN = "etrn_domain"


SENDER = Subject.SENDER
"""Compared for every rule about an address; see `outcome.DUNNO`."""


class Facts(NamedTuple):
    """The state of a session and its transaction. A tuple, as one is made for every decision; use the names.

    Attributes:
        peer: the client.
        protocol_state: the word that log lines name the point of the dialogue by: CONNECT, HELO, EHLO, XCLIENT, MAIL,
            RCPT, DATA, BDAT, END-OF-MESSAGE, VRFY or ETRN.
        helo: the HELO or EHLO name (at Stage.HELO the one just given), None before.
        protocol: SMTP or ESMTP, as the session stands.
        sender: in internal form, "" the null one; None where no MAIL was accepted (at Stage.MAIL the one just given).
        recipient: the one of this RCPT or VRFY, in internal form. DATA and END_OF_DATA look at `first_recipient`.
        recipient_count: recipients accepted so far in this transaction.
        first_recipient: the first of them.
        login: who the client authenticated as.
        sasl_active: whether the service offers AUTH in this session.
        sasl_sender: the AUTH parameter of MAIL.
        tls: the TLS session, None for plaintext.
        queue_id: the message's, "" where it has none yet.
        instance: identifies the transaction to policy services.
        size: octets, as announced by SIZE or (at END_OF_DATA) as received.
        etrn_domain: the argument of ETRN, None for other commands.
        pipelining_violation: whether the client has ever spoken out of turn in this session.
        server_address: our side of the connection, and `server_port` with it.
        stress: whether the service is short of processes.
        discarded: whether a DISCARD action has been carried out in this transaction; no list is evaluated then.
        held: whether a HOLD action has been.
        local_time: the time as `$localtime` shows it in reply templates.
    """

    peer: Peer
    protocol_state: str = "CONNECT"
    helo: str | None = None
    protocol: str = "SMTP"
    sender: str | None = None
    recipient: str | None = None
    recipient_count: int = 0
    first_recipient: str | None = None
    login: Login | None = None
    sasl_active: bool = False
    sasl_sender: str = ""
    tls: TlsDetails | None = None
    queue_id: str = ""
    instance: str = ""
    size: int = 0
    etrn_domain: str | None = None
    pipelining_violation: bool = False
    server_address: str = ""
    server_port: str = ""
    stress: bool = False
    discarded: bool = False
    held: bool = False
    local_time: str = ""
