"""Who a message is from, whom it is for, and what its sender asked for (RFC 5321 section 2.3.1, RFC 3461).

Addresses are text in *internal* form: the local part without quotes and backslashes. Bytes that are no UTF-8 are kept
as surrogate escapes. `gatepost.mail.address` turns them into the quoted form for the wire and the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, Flag, auto


class Notify(Flag):
    """When a recipient's sender wants a report (RFC 3461 section 4.1). `DEFAULT`: the sender did not say."""

    DEFAULT = 0
    NEVER = auto()
    SUCCESS = auto()
    FAILURE = auto()
    DELAY = auto()


class Ret(Enum):
    """How much of the message a report returns (RFC 3461 section 4.3); UNSET where the sender did not say."""

    UNSET = ""
    FULL = "FULL"
    HDRS = "HDRS"


@dataclass(frozen=True, slots=True)
class Recipient:
    """One recipient row.

    `address` is where the message goes now; `original` what the client asked for (equal where nothing changed it).
    `orcpt` is the ORCPT value as sent, `type;xtext` decoded to `type;text`, empty where there was none. `via` is the
    local address whose alias led to this user of this machine: aliases are done with, and Delivered-To names it.
    """

    address: str
    original: str
    notify: Notify = Notify.DEFAULT
    orcpt: str = ""
    via: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a message came from, for Received headers, log lines and XFORWARD.

    `client` is `name[address]` as log lines show it; empty for mail made on this machine (`is_local` then).
    """

    client: str = ""
    client_name: str = ""
    client_address: str = ""
    client_port: str = ""
    helo: str = ""
    protocol: str = ""
    sasl_method: str = ""
    sasl_username: str = ""
    sasl_sender: str = ""
    is_local: bool = False


@dataclass(frozen=True, slots=True)
class Envelope:
    """The envelope as accepted: immutable; what rewriting changes is a new envelope."""

    sender: str
    recipients: tuple[Recipient, ...]
    ret: Ret = Ret.UNSET
    envid: str = ""
    body_8bit: bool = False
    smtputf8: bool = False
    origin: Origin = Origin()
