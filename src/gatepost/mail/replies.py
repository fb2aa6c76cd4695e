"""Every reply of the SMTP server, each said once (texts are those that Postfix's clients and log tools know).

1. A reply that never varies is a constant; the others are functions of what varies.
2. `host` is `myhostname`. Replies of restriction lists are made where the restriction is, from its configuration.
3. Where a reply has no enhanced status code, Postfix sends none either.
"""

from __future__ import annotations

from functools import lru_cache

from gatepost.mail.reply import Reply

_of = Reply.of

# Connection


@lru_cache(maxsize=64)  # one for each service, rendered once
def greeting(banner: str) -> Reply:
    """The server speaks first (RFC 5321 section 4.2)."""
    return _of(220, "", banner)


def too_many_connections(host: str, address: str) -> Reply:
    """The client has more connections, or opens them faster, than one client may."""
    return _of(421, "4.7.0", f"{host} Error: too many connections from {address}")


def access_denied(client: str) -> Reply:
    """What every command gets after the client was refused at connect time."""
    return _of(503, "5.7.0", f"Error: access denied for {client}")


def timed_out(host: str) -> Reply:
    """The client was silent for too long."""
    return _of(421, "4.4.2", f"{host} Error: timeout exceeded")


def too_many_errors(host: str) -> Reply:
    """The hard error limit."""
    return _of(421, "4.7.0", f"{host} Error: too many errors")


def local_data_error(host: str) -> Reply:
    """A table that decides what this client may do could not answer."""
    return _of(421, "4.3.0", f"{host} Server local data error")


def shutting_down(host: str) -> Reply:
    """The server ends, or the configuration of this session is retired."""
    return _of(421, "4.3.2", f"{host} Service shutting down, try again later")


SYNCHRONIZATION = _of(554, "5.5.0", "Error: SMTP protocol synchronization")
OK = _of(250, "2.0.0", "Ok")
BYE = _of(221, "2.0.0", "Bye")
NOT_SMTP = _of(221, "2.7.0", "Error: I can break rules, too. Goodbye.")

# Any command

BAD_SYNTAX = _of(500, "5.5.2", "Error: bad syntax")
BAD_UTF8 = _of(500, "5.5.2", "Error: bad UTF-8 syntax")
UNKNOWN_COMMAND = _of(500, "5.5.2", "Error: command not recognized")
NOT_IMPLEMENTED = _of(502, "5.5.1", "Error: command not implemented")
TLS_REQUIRED = _of(530, "5.7.0", "Must issue a STARTTLS command first")
HELO_FIRST = _of(503, "5.5.1", "Error: send HELO/EHLO first")
IN_TRANSACTION = _of(503, "5.5.1", "Error: MAIL transaction in progress")
LOOKUP_FAILED = _of(451, "4.3.0", "Temporary lookup error")


def command_too_long(host: str) -> Reply:
    """A command line above `line_length_limit` (RFC 5321 section 4.5.3.1.4)."""
    return _of(500, "5.5.2", f"{host} Error: command too long")


def bare_newline(host: str, code: int) -> Reply:
    """A line that ended in LF without CR, where that is refused."""
    return _of(code, "5.5.2" if code >= 500 else "4.5.2", f"{host} Error: bare <LF> received")  # noqa: PLR2004 - class


def unsupported_option(option: str) -> Reply:
    """An ESMTP parameter that was not announced (RFC 5321 section 4.1.1.11)."""
    return _of(555, "5.5.4", f"Unsupported option: {option}")


def rate_exceeded(what: str, address: str) -> Reply:
    """A limit per client and minute; `what` is `mail`, `recipients` or `AUTH commands`."""
    return _of(450, "4.7.1", f"Error: too {'much' if what == 'mail' else 'many'} {what} from {address}")


# HELO, EHLO


def helo_syntax(word: str) -> Reply:
    """HELO or EHLO without a name."""
    return _of(501, "", f"Syntax: {word} hostname")


@lru_cache(maxsize=64)
def hello(host: str) -> Reply:
    """The answer to HELO."""
    return _of(250, "", host)


@lru_cache(maxsize=256)
def extended_hello(lines: tuple[str, ...]) -> Reply:
    """The answer to EHLO: our name, then one keyword a line (RFC 5321 section 4.1.1.1)."""
    return Reply(250, "", lines)


# MAIL

SENDER_OK = _of(250, "2.1.0", "Ok")
NESTED_MAIL = _of(503, "5.5.1", "Error: nested MAIL command")
MAIL_SYNTAX = _of(501, "5.5.4", "Syntax: MAIL FROM:<address>")
BAD_SENDER = _of(501, "5.1.7", "Bad sender address syntax")
BAD_SIZE = _of(501, "5.5.4", "Bad message size syntax")
ABSURD_SIZE = _of(552, "5.3.4", "Message size exceeds file system imposed limit")
SIZE_ABOVE_LIMIT = _of(552, "5.3.4", "Message size exceeds fixed limit")
REPEATED_AUTH = _of(503, "5.5.4", "Error: multiple AUTH= options")
DSN_DISABLED = _of(501, "5.7.1", "DSN support is disabled")
BAD_RET = _of(501, "5.5.4", "Bad RET parameter syntax")
BAD_ENVID = _of(501, "5.5.4", "Bad ENVID parameter syntax")
UTF8_UNDECLARED = _of(553, "5.6.7", "Must declare SMTPUTF8 to send unicode address")
STORAGE_FULL = _of(452, "4.3.1", "Insufficient system storage")


def after_chunks(word: str) -> Reply:
    """MAIL, RCPT or DATA while a BDAT transfer is open (RFC 3030 section 2)."""
    return _of(503, "5.5.1", f"Error: {word} after BDAT")


# RCPT

RECIPIENT_OK = _of(250, "2.1.5", "Ok")
NEED_MAIL = _of(503, "5.5.1", "Error: need MAIL command")
RCPT_SYNTAX = _of(501, "5.5.4", "Syntax: RCPT TO:<address>")
BAD_RECIPIENT = _of(501, "5.1.3", "Bad recipient address syntax")
BAD_NOTIFY = _of(501, "5.5.4", "Error: Bad NOTIFY parameter syntax")
BAD_ORCPT = _of(501, "5.5.4", "Error: Bad ORCPT parameter syntax")
TOO_MANY_RECIPIENTS = _of(452, "4.5.3", "Error: too many recipients")

# DATA, BDAT and what follows the content

NEED_RECIPIENT = _of(503, "5.5.1", "Error: need RCPT command")
NO_VALID_RECIPIENTS = _of(554, "5.5.1", "Error: no valid recipients")
DATA_SYNTAX = _of(501, "5.5.4", "Syntax: DATA")
SEND_CONTENT = _of(354, "", "End data with <CR><LF>.<CR><LF>")
BDAT_DISABLED = _of(521, "5.5.1", "Error: command not implemented")
BDAT_SYNTAX = _of(521, "5.5.4", "Syntax: BDAT count [LAST]")
NULL_BDAT = _of(551, "5.7.1", "Null BDAT request")
CHUNK_ABOVE_LIMIT = _of(552, "5.3.4", "Chunk exceeds message size limit")
TOO_BIG = _of(552, "5.3.4", "Error: message file too big")
QUEUE_WRITE_ERROR = _of(451, "4.3.0", "Error: queue file write error")


def chunk_discarded(count: int) -> Reply:
    """A chunk that came after an error in an earlier one."""
    return _of(551, "5.0.0", f"Discarded {count} bytes after earlier error")


def chunk_taken(count: int) -> Reply:
    """A chunk that is not the last one."""
    return _of(250, "2.0.0", f"Ok: {count} bytes")


def queued(queue_id: str, total: int | None = None) -> Reply:
    """The message is ours; `total` is told where BDAT brought it."""
    size = f"{total} bytes " if total is not None else ""
    return _of(250, "2.0.0", f"Ok: {size}queued as {queue_id}")


# RSET, VRFY, ETRN

RSET_SYNTAX = _of(501, "5.5.4", "Syntax: RSET")
VRFY_DISABLED = _of(502, "5.5.1", "VRFY command is disabled")
ETRN_HELO_FIRST = _of(503, "", "Error: send HELO/EHLO first")
ETRN_IN_TRANSACTION = _of(503, "", "Error: MAIL transaction in progress")
ETRN_SYNTAX = _of(500, "", "Syntax: ETRN domain")
ETRN_BAD_DOMAIN = _of(501, "", "Error: invalid parameter syntax")
ETRN_STARTED = _of(250, "", "Queuing started")
ETRN_FAILED = _of(458, "", "Unable to queue messages")


def vrfy_syntax(*, smtputf8: bool) -> Reply:
    """VRFY without an address."""
    return _of(501, "5.5.4", "Syntax: VRFY address [SMTPUTF8]" if smtputf8 else "Syntax: VRFY address")


def vrfy_ok(argument: str) -> Reply:
    """The address would be taken, which is not the same as that it exists (RFC 5321 section 3.5.3)."""
    return _of(252, "2.0.0", argument)


def etrn_refused(domain: str) -> Reply:
    """We do not keep a queue for this domain (RFC 1985 section 5.3)."""
    return _of(459, "", f"<{domain}>: service unavailable")


# AUTH

LOGGED_IN = _of(235, "2.7.0", "Authentication successful")
LOGIN_DISABLED = _of(503, "5.5.1", "Error: authentication not enabled")
ALREADY_LOGGED_IN = _of(503, "5.5.1", "Error: already authenticated")
AUTH_SYNTAX = _of(501, "5.5.4", "Syntax: AUTH mechanism")
LOGIN_ABORTED = _of(501, "5.7.0", "Authentication aborted")
RESPONSE_TOO_LONG = _of(500, "5.5.6", "SASL response limit exceeded")


def challenge(text: str) -> Reply:
    """The server's turn in a login, base64 (RFC 4954 section 4)."""
    return _of(334, "", text)


def login_failed(reason: str) -> Reply:
    """Wrong password, unknown user, or a response that is none."""
    return _of(535, "5.7.8", f"Error: authentication failed: {reason}")


def login_unavailable(reason: str) -> Reply:
    """The password store does not answer."""
    return _of(454, "4.7.0", f"Temporary authentication failure: {reason}")


# STARTTLS

TLS_READY = _of(220, "2.0.0", "Ready to start TLS")
TLS_SYNTAX = _of(501, "5.5.4", "Syntax: STARTTLS")
TLS_ACTIVE = _of(554, "5.5.1", "Error: TLS already active")
TLS_UNAVAILABLE = _of(454, "4.7.0", "TLS not available due to local problem")


def too_many_handshakes(client: str) -> Reply:
    """The client makes new TLS sessions faster than one client may; said before the handshake."""
    return _of(454, "4.7.0", f"Error: too many new TLS sessions from {client}")


def too_many_tls_sessions(host: str, client: str) -> Reply:
    """The same, found after the handshake."""
    return _of(421, "4.7.0", f"{host} Error: too many new TLS sessions from {client}")


def certificate_required(host: str, reason: str) -> Reply:
    """A required client certificate is missing or not trusted; `reason` says which."""
    return _of(421, "4.7.1", f"{host} Error: {reason}")


# XCLIENT

XCLIENT_SYNTAX = _of(501, "5.5.4", "Syntax: XCLIENT attribute=value...")
XCLIENT_DENIED = _of(550, "5.7.0", "Error: insufficient authorization")
ATTRIBUTE_EXPECTED = _of(501, "5.5.4", "Error: attribute=value expected")
ATTRIBUTE_TOO_LONG = _of(501, "5.5.4", "Error: attribute value too long")


def bad_attribute(name: str, value: str) -> Reply:
    """An XCLIENT value that its attribute cannot have."""
    return _of(501, "5.5.4", f"Bad {name} syntax: {value}")


def unknown_attribute(name: str) -> Reply:
    """An XCLIENT attribute that there is not."""
    return _of(501, "5.5.4", f"Bad XCLIENT attribute name: {name}")
