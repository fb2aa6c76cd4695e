"""Commands as values: the verb, the words behind it, and what MAIL, RCPT and BDAT mean by theirs.

1. A command is parsed when it is acted on, check by check in the order of the server's replies, because a client that
   breaks two rules is to hear of the same one as from Postfix. So the functions here take words, not whole lines.
2. What breaks the syntax raises `Refused`, which knows its reply.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

from gatepost.mail import replies, xtext
from gatepost.mail.envelope import Notify, Ret
from gatepost.mail.reply import Reply
from gatepost.smtp.grammar import Word, parameter, split_keyword, words

SIZE_LIMIT = 2**63 - 1
"""The largest size a file can have; a SIZE above it is absurd."""


class Verb(Enum):
    """The commands, in the order in which a session's end counts them, and the other moments a server replies at."""

    __hash__ = object.__hash__  # by identity; Enum's own runs Python code at each look into a table

    HELO = "helo"
    EHLO = "ehlo"
    XCLIENT = "xclient"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BDAT = "bdat"
    RSET = "rset"
    NOOP = "noop"
    VRFY = "vrfy"
    ETRN = "etrn"
    QUIT = "quit"
    UNKNOWN = "unknown"

    GREETING = "(greeting)"
    RESPONSE = "(response)"  # the client's turn in a login
    END_OF_CONTENT = "(end of content)"
    LAST_CHUNK = "(last chunk)"


_WORDS = {verb.name: verb for verb in Verb if not verb.value.startswith("(") and verb is not Verb.UNKNOWN}

PAUSING = frozenset({Verb.HELO, Verb.EHLO, Verb.DATA, Verb.NOOP, Verb.VRFY})
"""After these a client waits for the reply before it sends more (RFC 2920 section 3.1)."""

JUNK = frozenset({Verb.HELO, Verb.EHLO, Verb.RSET, Verb.NOOP, Verb.VRFY, Verb.ETRN})
"""Commands that bring mail no further; too many of them are errors."""


class Refused(Exception):  # noqa: N818 - said as it is: the command was refused
    """A command that breaks a rule of the protocol; `warning` is what the log says besides."""

    def __init__(self, reply: Reply, warning: str = "") -> None:
        super().__init__(reply.text)
        self.reply = reply
        self.warning = warning


class Command(NamedTuple):
    """A command line. `word` is the verb as it was sent, `words` holds what follows it."""

    verb: Verb
    line: str
    word: str
    words: tuple[Word, ...]

    @property
    def argument(self) -> str:
        """All words behind the verb, joined by one blank."""
        return " ".join(word.text for word in self.words)


def parse(line: str) -> Command | None:
    """Read a command line; None where it holds no word at all."""
    return _ordinary(line) or _any(line)


_ORDINARY = re.compile(
    r"(?:(MAIL|RCPT)\ (FROM:|TO:)\ ?(<[!#-;=?-\[\]-~]*>) | ([A-Z]+)) ((?:\ [!#-;=?-\[\]-~]+)*)",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
"""A command without quotes, backslashes and odd blanks; the words are printable ASCII."""


def _ordinary(line: str) -> Command | None:
    """A short cut to what `_any` gives, for the lines that nearly all clients send; None for others."""
    match = _ORDINARY.fullmatch(line)
    if match is None:
        return None
    mail_or_rcpt, keyword, path, other, rest = match.groups()
    options = [Word(text) for text in rest.split(" ")[1:]] if rest else []
    if mail_or_rcpt:
        return Command(_WORDS[mail_or_rcpt.upper()], line, mail_or_rcpt, (Word(keyword), Word(path), *options))
    verb = _WORDS.get(other.upper(), Verb.UNKNOWN)
    return None if verb is Verb.MAIL or verb is Verb.RCPT else Command(verb, line, other, tuple(options))


def _any(line: str) -> Command | None:
    found = words(line)
    if not found:
        return None
    verb = _WORDS.get(found[0].text.upper(), Verb.UNKNOWN)
    if verb in (Verb.MAIL, Verb.RCPT):
        found = split_keyword(found)
    return Command(verb, line, found[0].text, tuple(found[1:]))


def path_word(command: Command) -> Word:
    """The address of MAIL or RCPT as it was sent, brackets and all. Raises Refused."""
    keyword, syntax = ("FROM:", replies.MAIL_SYNTAX) if command.verb is Verb.MAIL else ("TO:", replies.RCPT_SYNTAX)
    if len(command.words) < 2 or command.words[0].text.upper() != keyword:  # noqa: PLR2004 - keyword and address
        raise Refused(syntax)
    return command.words[1]


# MAIL


@dataclass(frozen=True, slots=True)
class MailParameters:
    """What MAIL said besides the address. `auth` is the AUTH value as sent; empty for none and for `<>`."""

    size: int = 0
    body_8bit: bool = False
    smtputf8: bool = False
    auth: str = ""
    ret: Ret = Ret.UNSET
    envid: str = ""


_NO_MAIL_PARAMETERS = MailParameters()


def mail_parameters(options: Sequence[Word], *, dsn: bool, smtputf8: bool) -> MailParameters:
    """Read the parameters of MAIL; `dsn` and `smtputf8` tell what this client was offered. Raises Refused."""
    found = _NO_MAIL_PARAMETERS
    for option in options:
        keyword, value = parameter(option.text)
        match keyword, value:
            case "BODY", str() if value.upper() in ("8BITMIME", "7BIT"):
                found = replace(found, body_8bit=value.upper() == "8BITMIME")
            case "SIZE", str():
                found = replace(found, size=_size(value))
            case "AUTH", str():
                if found.auth:
                    raise Refused(replies.REPEATED_AUTH)
                found = replace(found, auth="" if value == "<>" else value)
            case "SMTPUTF8", None if smtputf8:
                found = replace(found, smtputf8=True)
            case (("RET" | "ENVID"), str()) if not dsn:
                raise Refused(replies.DSN_DISABLED)
            case "RET", str():
                found = replace(found, ret=_ret(value, found.ret))
            case "ENVID", str():
                found = replace(found, envid=_envid(value, found.envid))
            case _:
                raise Refused(replies.unsupported_option(option.text))
    return found


def _size(value: str) -> int:
    if not (value.isascii() and value.isdigit()):
        raise Refused(replies.BAD_SIZE)
    if len(value) > len(str(SIZE_LIMIT)) or int(value) > SIZE_LIMIT:
        raise Refused(replies.ABSURD_SIZE)
    return int(value)


def _ret(value: str, before: Ret) -> Ret:
    if before is not Ret.UNSET or value.upper() not in ("FULL", "HDRS"):
        raise Refused(replies.BAD_RET)
    return Ret(value.upper())


def _envid(value: str, before: str) -> str:
    try:
        decoded = xtext.decode(value.replace("=", "+3D"))  # `=` is no xtext, but Postfix takes it
    except ValueError:
        decoded = ""
    if before or not (decoded and decoded.isprintable()):
        raise Refused(replies.BAD_ENVID)
    return decoded


# RCPT


@dataclass(frozen=True, slots=True)
class RcptParameters:
    """What RCPT said besides the address (RFC 3461 sections 4.1 and 4.2)."""

    notify: Notify = Notify.DEFAULT
    orcpt: str = ""


_NO_RCPT_PARAMETERS = RcptParameters()


def rcpt_parameters(options: Sequence[Word], *, dsn: bool) -> RcptParameters:
    """Read the parameters of RCPT; `dsn`: whether this client was offered DSN. Raises Refused."""
    found = _NO_RCPT_PARAMETERS
    for option in options:
        keyword, value = parameter(option.text)
        match keyword, value:
            case (("NOTIFY" | "ORCPT"), str()) if not dsn:
                raise Refused(replies.DSN_DISABLED)
            case "NOTIFY", str():
                found = replace(found, notify=_notify(value, found.notify))
            case "ORCPT", str():
                found = replace(found, orcpt=_orcpt(value, found.orcpt))
            case _:
                raise Refused(replies.unsupported_option(option.text))
    return found


_NOTIFY = {"NEVER": Notify.NEVER, "SUCCESS": Notify.SUCCESS, "FAILURE": Notify.FAILURE, "DELAY": Notify.DELAY}


def _notify(value: str, before: Notify) -> Notify:
    found = Notify.DEFAULT
    for word in filter(None, value.split(",")):
        flag = _NOTIFY.get(word.upper())
        if flag is None:
            raise Refused(replies.BAD_NOTIFY, f'unknown DSN NOTIFY command value "{word}" in "{value}"')
        found |= flag
    if before or not found or (Notify.NEVER in found and found is not Notify.NEVER):
        raise Refused(replies.BAD_NOTIFY)
    return found


def _orcpt(value: str, before: str) -> str:
    kind, semicolon, address = value.partition(";")
    try:
        # `=` is no xtext, but Postfix takes it
        decoded = (
            xtext.decode_unicode(address) if kind.lower() == "utf-8" else xtext.decode(address.replace("=", "+3D"))
        )
    except ValueError:
        raise Refused(replies.BAD_ORCPT) from None
    if before or not kind or not semicolon or not decoded.isprintable():
        raise Refused(replies.BAD_ORCPT)
    return f"{kind};{decoded}"


# BDAT

_CHUNK_SIZE = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Chunk:
    """The size of a BDAT chunk in bytes, and whether it is the last one (RFC 3030 section 2)."""

    size: int
    last: bool


def chunk(command: Command) -> Chunk:
    """Read the arguments of BDAT. Raises Refused: where the next command begins is then unknown."""
    match [word.text for word in command.words]:
        case [size] if _CHUNK_SIZE.fullmatch(size):
            return Chunk(int(size), last=False)
        case [size, last] if _CHUNK_SIZE.fullmatch(size) and last.upper() == "LAST":
            return Chunk(int(size), last=True)
        case _:
            raise Refused(replies.BDAT_SYNTAX)
