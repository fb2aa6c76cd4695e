"""What the client machine is told, what it asks for, and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from gatepost.mail.envelope import Origin, Recipient, Ret
from gatepost.smtp.client_replies import RemoteReply


class Dialect(Enum):
    """The protocol we speak; LMTP is RFC 2033."""

    SMTP = "smtp"
    LMTP = "lmtp"


class Hello(Enum):
    """When EHLO is said (`smtp_always_send_ehlo`, `smtp_never_send_ehlo`); otherwise HELO."""

    ALWAYS = "always"
    WHEN_GREETED = "when greeted"  # by a server that says ESMTP
    NEVER = "never"


class TlsLevel(Enum):
    """What STARTTLS means for a session (`smtp_tls_security_level`)."""

    NONE = "none"  # not used even where it is offered
    MAY = "may"  # used where it is offered
    ENCRYPT = "encrypt"  # no mail without it


class Stage(Enum):
    """What we are waiting for.

    `doing` stands in the texts of failures, `command` names what a reply answered, `limit` is the time limit's
    parameter without its `smtp_` or `lmtp_`.
    """

    GREETING = ("receiving the initial server greeting", "", "helo_timeout")
    EHLO = ("performing the EHLO handshake", "EHLO command", "helo_timeout")
    HELO = ("performing the HELO handshake", "HELO command", "helo_timeout")
    LHLO = ("performing the LHLO handshake", "LHLO command", "lhlo_timeout")
    STARTTLS = ("performing the EHLO handshake", "STARTTLS command", "starttls_timeout")
    AUTH = ("performing the EHLO handshake", "AUTH command", "helo_timeout")
    ORIGIN = ("sending XFORWARD name/address", "XFORWARD name/address command", "xforward_timeout")
    SESSION = ("sending XFORWARD protocol/helo_name", "XFORWARD helo/protocol command", "xforward_timeout")
    MAIL = ("sending MAIL FROM", "MAIL FROM command", "mail_timeout")
    RCPT = ("sending RCPT TO", "RCPT TO command", "rcpt_timeout")
    DATA = ("sending DATA command", "DATA command", "data_init_timeout")
    BODY = ("sending message body", "end of DATA command", "data_xfer_timeout")
    DOT = (
        "sending end of data -- message may be sent more than once",
        "end of DATA command",
        "data_done_timeout",
    )
    RSET = ("sending final RSET", "final RSET command", "rset_timeout")
    QUIT = ("sending QUIT", "QUIT command", "quit_timeout")

    def __init__(self, doing: str, command: str, limit: str) -> None:
        self.doing = doing
        self.command = command
        self.limit = limit


@dataclass(frozen=True, slots=True)
class Server:
    """Whom we talk to. `port` is empty for a UNIX-domain socket, whose path is the `address` then."""

    host: str
    address: str
    port: str = ""

    @property
    def label(self) -> str:
        """`host[address]`, as texts show it."""
        return f"{self.host}[{self.address}]"

    @property
    def relay(self) -> str:
        """`host[address]:port`, as the log's `relay=` shows it."""
        return f"{self.label}:{self.port}" if self.port else self.label


class LoginExchange(Protocol):
    """One attempt to log in with one mechanism; all texts are base64."""

    @property
    def mechanism(self) -> str:
        """The mechanism's name."""
        ...

    def initial(self) -> str | None:
        """The initial response (RFC 4954 section 4); None where the server speaks first."""
        ...

    def answer(self, challenge: str) -> str | None:
        """The response to a challenge; None where there is none, which cancels the exchange."""
        ...

    def is_proven(self, last: str) -> bool:
        """Whether the server has proven what the mechanism asks of it; `last` ends its reply of success."""
        ...


class Credentials(Protocol):
    """A login for this server, and what may be used of what the server offers."""

    def refusal(self) -> str:
        """What the server said to this login some time ago, code and all; empty where it may be tried."""
        ...

    def refused(self, said: str) -> None:
        """The server refused this login for good."""
        ...

    def supported(self, offered: tuple[str, ...]) -> tuple[str, ...]:
        """The offered mechanisms that the configuration lets through."""
        ...

    def begin(
        self, mechanisms: tuple[str, ...], *, tls: bool, verified: bool = False, binding: bytes = b""
    ) -> LoginExchange | None:
        """Start with the best of these; None where security options or what we can do leave none.

        `verified`: TLS showed the server to be who it should be. `binding` names the TLS session, where that can be.
        """
        ...


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """What is settled about a session before its first byte.

    `name` is what we call ourselves; `queue_id` is for log lines. `discard` are EHLO keywords to overlook, in
    capitals. `tls_first`: TLS from the first byte, no STARTTLS. `tls_usable`: our side can do TLS.
    `skip_5xx_greeting` and `soft_login`: a permanent refusal at these points is a temporary one. `dummy_auth`:
    after a login, MAIL says `AUTH=<>`. `nexthop` is for the text about loops; `detects_loops` where meeting our own
    name means that mail would go in circles. `line_limit` is in bytes. `pix` are workarounds (`disable_esmtp`,
    `delay_dotcrlf`) for a server behind a PIX firewall, which stars tell. `filters_replies`: each line of a
    reply goes through the shell's hands.
    """

    server: Server
    name: str
    queue_id: str = ""
    nexthop: str = ""
    dialect: Dialect = Dialect.SMTP
    hello: Hello = Hello.ALWAYS
    discard: frozenset[str] = frozenset()
    tls: TlsLevel = TlsLevel.NONE
    tls_first: bool = False
    tls_usable: bool = True
    credentials: Credentials | None = None
    soft_login: bool = True
    dummy_auth: bool = False
    skip_5xx_greeting: bool = True
    skip_quit_reply: bool = True
    detects_loops: bool = True
    line_limit: int = 998
    pix: frozenset[str] = frozenset()
    filters_replies: bool = False


@dataclass(frozen=True, slots=True)
class Mail:
    """One message to hand over; `size` is in bytes. `needs_utf8`: addresses or header are not all ASCII.

    `queue_id` is for log lines; empty for that of the session. `origin` is told to servers that want to know.
    `converts_8bit`: a server without 8BITMIME gets other bytes, so many that nobody knows before.
    """

    sender: str
    recipients: tuple[Recipient, ...]
    size: int
    body_8bit: bool = False
    body_7bit: bool = False
    smtputf8: bool = False
    needs_utf8: bool = False
    converts_8bit: bool = False
    ret: Ret = Ret.UNSET
    envid: str = ""
    queue_id: str = ""
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a session or of one recipient: a status code and the text for log and reports.

    `reply` is what the server said where that decided.
    """

    dsn: str
    text: str
    reply: RemoteReply | None = None

    @property
    def is_sent(self) -> bool:
        """Whether the server took the mail."""
        return self.dsn.startswith("2")

    @property
    def is_soft(self) -> bool:
        """Whether another host, or a later time, may do better."""
        return self.dsn.startswith("4")


@dataclass(frozen=True, slots=True)
class Waiting:
    """More bytes of the peer are needed, within the stage's time limit."""

    stage: Stage


class Want(Enum):
    """What else the machine may ask of its shell."""

    TLS = "tls"  # shake hands, then `tls_started` or `tls_failed`
    CONTENT = "content"  # the message's content, by `content` and `content_end`
    LINE = "line"  # a line of a reply is to be looked up, then `line_read`
    PAUSE = "pause"  # send what there is, let the configured while pass, then `paused`
    MAIL = "mail"  # the session stands: `begin` a mail, or `quit`
    CLOSE = "close"  # write what is left and close the connection


Step = Waiting | Want
