"""What happens in an SMTP session (process `smtpd`). `client` is `name[address]` throughout."""

from __future__ import annotations

from gatepost.mail.events import Event, event


@event("connect from {client}")
class Connected(Event):
    """A client has connected."""

    client: str


@event("disconnect from {client} {counts}")
class Disconnected(Event):
    """A session has ended; `counts` lists the commands, `ehlo=1 auth=0/1 commands=1/2`."""

    client: str
    counts: str


@event("lost connection after {stage}[ ({octets} bytes)] from {client}")
class ConnectionLost(Event):
    """The client went away without QUIT; `octets` counts what DATA or BDAT had brought."""

    stage: str
    client: str
    octets: int | None = None


@event("{queue_id}: lost connection after {stage} ({octets} bytes) from {client}")
class ContentLost(Event):
    """The client went away inside DATA or BDAT."""

    queue_id: str
    stage: str
    octets: int
    client: str


@event("[{queue_id}: ]timeout after {stage}[ ({octets} bytes)] from {client}")
class TimedOut(Event):
    """The client was silent for too long."""

    stage: str
    client: str
    queue_id: str = ""
    octets: int | None = None


@event("[{queue_id}: ]too many errors after {stage} from {client}")
class TooManyErrors(Event):
    """The hard error limit ended the session."""

    stage: str
    client: str
    queue_id: str = ""


@event("improper command pipelining after {stage} from {client}: {input}")
class ImproperPipelining(Event):
    """Input arrived before the client was allowed to send it; `input` is escaped and cut to 100 characters."""

    stage: str
    client: str
    input: str


@event(
    "{queue_id}: client={client}[, sasl_method={sasl_method}][, sasl_username={sasl_username}]"
    "[, sasl_sender={sasl_sender}][, orig_client={orig_client}]"
)
class ClientAccepted(Event):
    """The envelope has its first recipient, and with it a queue id."""

    queue_id: str
    client: str
    sasl_method: str = ""
    sasl_username: str = ""
    sasl_sender: str = ""
    orig_client: str = ""


@event(
    "{queue_id}: {verb}: {stage} from {client}: {text};"
    "[ from=<{sender}>][ to=<{recipient}>][ proto={protocol}][ helo=<{helo}>]"
)
class PolicyActed(Event):
    """A restriction list decided, or did something worth a line.

    `verb` is reject, reject_warning, info, warn, filter, hold, discard, redirect, bcc, permit or hangup. `sender` and
    `recipient` are in external (quoted) form; None: not known yet. The null sender is the empty text, and is shown.
    """

    verb: str
    stage: str
    client: str
    text: str
    queue_id: str = "NOQUEUE"
    sender: str | None = None
    recipient: str | None = None
    protocol: str = ""
    helo: str | None = None


@event("NOQUEUE: abort: TLS from {client}: {reason}")
class TlsAborted(Event):
    """A required client certificate was missing or not trusted."""

    client: str
    reason: str


@event("warning: {client}: SASL {mechanism} authentication failed: {reason}, sasl_username={username}")
class LoginFailed(Event):
    """A login was refused; `username` is `(unavailable)` where it never became known."""

    client: str
    mechanism: str
    reason: str
    username: str = "(unavailable)"


@event("warning: {client}: SASL {mechanism} authentication aborted")
class LoginAborted(Event):
    """The client gave up with `*`."""

    client: str
    mechanism: str


@event("warning: {counter} exceeded: {count} from {client} for service {service}")
class LimitExceeded(Event):
    """A per-client limit tripped; `counter` is `Connection concurrency limit` and the like."""

    counter: str
    count: int
    client: str
    service: str


@event("warning: hostname {name} does not resolve to address {address}[: {reason}]")
class NameMismatch(Event):
    """The client's PTR name was not confirmed by its addresses."""

    name: str
    address: str
    reason: str = ""


@event("warning: Illegal address syntax from {client} in {command} command: {argument}")
class IllegalAddress(Event):
    """MAIL, RCPT or VRFY with an address that is none."""

    client: str
    command: str
    argument: str


@event("warning: non-SMTP command from {client}: {line}")
class NotSmtp(Event):
    """Something that speaks another protocol; `line` is cut to 100 characters."""

    client: str
    line: str


@event("warning: {client}: request longer than {limit}: {line}...")
class LongLine(Event):
    """A command line above the limit; `line` is its first 30 characters."""

    client: str
    limit: int
    line: str


@event("discarding EHLO keywords: {keywords}")
class KeywordsDiscarded(Event):
    """Configuration hides EHLO keywords from this client."""

    keywords: str


@event("warning: reject: ETRN {domain}... from {client}")
class EtrnRefused(Event):
    """ETRN for a domain that has no queue of its own here."""

    domain: str
    client: str


@event("warning: {queue_id}: malformed BDAT command syntax from {client}: {line}")
class MalformedBdat(Event):
    """BDAT with arguments that tell no size; the session ends, for nobody knows where the next command begins."""

    client: str
    line: str
    queue_id: str = "NOQUEUE"


@event("warning: {queue_id}: null BDAT request from {client}")
class NullBdat(Event):
    """BDAT with neither content nor LAST."""

    client: str
    queue_id: str = "NOQUEUE"


@event("warning: {queue_id}: BDAT request from {client} exceeds message size limit")
class ChunkTooBig(Event):
    """BDAT announced more than the message may have."""

    queue_id: str
    client: str


@event("warning: {queue_id}: queue file size limit exceeded")
class ContentTooBig(Event):
    """DATA brought more than the message may have."""

    queue_id: str


@event('{client}: replacing command "{old}" with "{new}"')
class CommandReplaced(Event):
    """`smtpd_command_filter` changed a command."""

    client: str
    old: str
    new: str


@event("warning: not enough free space in mail queue: {free} bytes < 1.5*message size limit")
class SpaceLow(Event):
    """MAIL was refused for want of space."""

    free: int


@event("warning: Refusing {request} request from {client} for service {service}")
class TlsRefused(Event):
    """A client made too many new TLS sessions; `request` is STARTTLS or `TLS service`."""

    request: str
    client: str
    service: str


@event(
    "warning: Wrapper-mode request dropped from {client} for service {service}. TLS context initialization failed. "
    "For details see earlier warnings in your logs."
)
class WrapperModeDropped(Event):
    """Implicit TLS without a certificate that works."""

    client: str
    service: str


@event("{queue_id}: reject: {stage} from {client}: 421 4.3.0 {host} Server local data error")
class LocalDataError(Event):
    """A table that decides what a client may do could not answer."""

    stage: str
    client: str
    host: str
    queue_id: str = "NOQUEUE"
