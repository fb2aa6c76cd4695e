"""What our mail server does to the headers of a message that it takes in.

The rules:

1. Headers that must not travel (`message_drop_headers`: Bcc, Return-Path, ...) are removed.
2. Where `rewrite` is set, addresses in address headers are completed. A header in which nothing changes stays as it
   is, to the byte.
3. Where `complete` is set, missing Message-Id, Date and From are added at the end of the section, and a To where no
   recipient header is there. A message with Resent- headers gets the Resent- forms (RFC 5322 section 3.6.6).
4. A message with too many Received headers is in a loop: nothing more is done to it, and it is to be refused.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from gatepost.mail import addresslist
from gatepost.mail.address import external
from gatepost.mail.addresslist import Address, Item
from gatepost.mail.events import Emit
from gatepost.mail.events.queue import MessageId, ResentMessageId
from gatepost.mail.headers import Header, HeaderScanner
from gatepost.mail.words import is_dot_string, quoted

ADDRESS_HEADERS = frozenset(
    {
        "apparently-to",
        "cc",
        "disposition-notification-to",
        "errors-to",
        "from",
        "mail-followup-to",
        "reply-to",
        "resent-cc",
        "resent-from",
        "resent-reply-to",
        "resent-sender",
        "resent-to",
        "return-receipt-to",
        "sender",
        "to",
    }
)
"""Headers whose addresses are completed."""

RESENT_HEADERS = frozenset(
    f"resent-{name}" for name in ("bcc", "cc", "date", "from", "message-id", "reply-to", "sender", "to")
)
"""Headers that make a message a resent one."""

_RECIPIENT_HEADERS = frozenset({"to", "cc", "resent-to", "resent-cc"})

NULL_SENDER_NAME = "MAILER-DAEMON"
"""Who a message from nobody is from."""

RewriteHeader = Callable[[str, str], str | None]
"""From an address (internal form) and how it was written, to its new external form; None to leave it."""


@dataclass(frozen=True, slots=True)
class HeaderRules:
    """What to do to headers; sizes in bytes. `hop_limit` counts our own Received header too.

    `undisclosed` is the whole header for a message without recipient headers (`undisclosed_recipients_header`), empty
    for none.
    """

    rewrite: RewriteHeader | None = None
    complete: bool = False
    drop: frozenset[str] = frozenset({"bcc", "content-length", "resent-bcc", "return-path"})
    undisclosed: str = ""
    size_limit: int = 102_400
    token_limit: int = 10_240
    hop_limit: int = 50


@dataclass(frozen=True, slots=True)
class Missing:
    """What missing headers say. `sender` is in internal form, complete; `full_name` belongs to it, if known."""

    message_id: str
    date: str
    sender: str
    full_name: str = ""

    @property
    def author(self) -> str:
        """The value of a From header."""
        address = external(self.sender) or NULL_SENDER_NAME
        if not self.full_name:
            return address
        words = self.full_name.split()
        phrase = " ".join(words) if all(map(is_dot_string, words)) else quoted(self.full_name)
        return f"{phrase} <{address}>"


class HeaderWork:
    """One message's content on its way in: `feed` every piece of it, then `finish`; both give what is to be stored.

    Message ids are logged as they come. Once `looping` is true the message must be refused, and what comes out is of
    no use.
    """

    def __init__(self, rules: HeaderRules, missing: Callable[[], Missing], queue_id: str, emit: Emit) -> None:
        """`missing` is asked only where a header is."""
        self._rules = rules
        self._missing = missing
        self._queue_id = queue_id
        self._emit = emit
        self._scanner: HeaderScanner | None = None  # until there is something to scan
        self._seen: set[str] = set()  # names that matter for completion
        self._complete = False
        self.hops = 1  # our own Received header
        self.declares_8bit = False
        """Whether the message says that its content is 8-bit, which an envelope may have left out."""

    @property
    def looping(self) -> bool:
        """Whether the message has passed through too many servers."""
        return self.hops >= self._rules.hop_limit

    def preface(self, lines: Sequence[str]) -> bytes:
        """Header lines (without their ends) that go on top of all; they are treated like those of the message."""
        if not lines:
            return b""
        scanner = HeaderScanner(self._rules.size_limit)
        text = "".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape")
        return b"".join(map(self._work, (*scanner.feed(text), *scanner.close())))

    def feed(self, data: bytes) -> bytes:
        """Take a piece of content (its lines end in CRLF; cut anywhere)."""
        if self._complete:
            return data
        if self._scanner is None:
            section = self._plain_section(data)
            if section is not None:
                return section
            self._scanner = HeaderScanner(self._rules.size_limit)
        stored = b"".join(map(self._work, self._scanner.feed(data)))
        return self._closed(stored, self._scanner) if self._scanner.ended else stored

    def finish(self) -> bytes:
        """The content has ended."""
        if self._complete or self.looping:
            return b""
        scanner = self._scanner or HeaderScanner(self._rules.size_limit)
        return self._closed(b"".join(map(self._work, scanner.close())), scanner)

    def _closed(self, headers: bytes, scanner: HeaderScanner) -> bytes:
        """The last headers, what is added to them, and what was behind them."""
        return b"" if self.looping else headers + self._completion() + scanner.take_rest()

    def _plain_section(self, data: bytes) -> bytes | None:
        """A short cut for a section that is there whole and has nothing odd in it: what the scanner would come to.

        None where that is not so. Headers that nothing is to be done to are not even looked at.
        """
        end = data.find(b"\r\n\r\n") + len(b"\r\n")
        if end <= len(b"\r\n") or end > self._rules.size_limit:
            return None
        fields = _PLAIN_FIELD.findall(data, 0, end)
        if sum(map(len, itertools.chain.from_iterable(fields))) + _AROUND * len(fields) != end:
            return None  # something between them is no plain header
        concerned = _concerned(self._rules.drop)
        parts = [
            self._work(Header(name.decode("ascii"), value))
            if name.lower() in concerned
            else b"%b:%b\r\n" % (name, value)
            for name, value in fields
        ]
        return b"" if self.looping else b"".join((*parts, self._completion(), data[end:]))

    def _work(self, header: Header) -> bytes:
        """What becomes of one header."""
        key = header.key
        if key in _NOTED:
            self._seen.add(key)
        if key == "received":
            self.hops += 1
        elif key == "content-transfer-encoding":
            self.declares_8bit = header.text.strip().lower() in {"8bit", "binary"}
        elif key == "message-id":
            self._emit(MessageId(self._queue_id, header.text))
        elif key == "resent-message-id":
            self._emit(ResentMessageId(self._queue_id, header.text))
        if key in self._rules.drop:
            return b""
        if key in ADDRESS_HEADERS and self._rules.rewrite is not None:
            return self._rewritten(header, self._rules.rewrite)
        return header.render()

    def _rewritten(self, header: Header, rewrite: RewriteHeader) -> bytes:
        """The header with its addresses completed."""
        text = header.text
        if _MAILBOXES.fullmatch(text) and not any(rewrite(it, it) is not None for it in _PLAIN_ADDRESS.findall(text)):
            return header.render()  # a short cut for plain lists that are complete: what follows comes to the same
        changed = False
        items: list[Item] = []
        for item in addresslist.parse(text, self._rules.token_limit):
            new = rewrite(item.text, item.source) if isinstance(item, Address) and item.source else None
            if isinstance(item, Address):
                changed = changed or new is not None
                items.append(replace(item, text=item.source if new is None else new))
            else:
                items.append(item)
        if not changed:
            return header.render()
        lines = addresslist.folded(addresslist.render(items), f"{header.name}:") + "\r\n"
        return lines.encode("utf-8", "surrogateescape")

    def _completion(self) -> bytes:
        """The headers that are missing."""
        self._complete = True
        added: list[str] = []
        if self._rules.complete:
            added = [f"{name}: {value}" for name, value in self._missing_headers()]
            if self._rules.undisclosed and not self._seen & _RECIPIENT_HEADERS:
                added.append(self._rules.undisclosed)
        if "message-id" not in self._seen:
            self._emit(MessageId(self._queue_id, "<>"))
        return "".join(f"{line}\r\n" for line in added).encode("utf-8", "surrogateescape")

    def _missing_headers(self) -> list[tuple[str, str]]:
        prefix = "Resent-" if self._seen & RESENT_HEADERS else ""
        wanted = _RESENT_ORIGINATOR if prefix else _ORIGINATOR
        if wanted <= self._seen:
            return []
        missing = self._missing()
        found: list[tuple[str, str]] = []
        for name, value in (
            ("Message-Id", missing.message_id),
            ("Date", missing.date),
            ("From", missing.author),
        ):
            if f"{prefix}{name}".lower() not in self._seen:
                found.append((prefix + name, value))
        if found and found[0][0].endswith("Message-Id"):
            if prefix:
                self._emit(ResentMessageId(self._queue_id, missing.message_id))
            else:
                self._emit(MessageId(self._queue_id, missing.message_id))
                self._seen.add("message-id")
        return found


_ORIGINATOR = frozenset({"message-id", "date", "from"})
_RESENT_ORIGINATOR = frozenset({"resent-message-id", "resent-date", "resent-from"})
_NOTED = RESENT_HEADERS | _RECIPIENT_HEADERS | _ORIGINATOR

_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9_+=-]+(?:\.[A-Za-z0-9_+=-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_LOOKED_AT = _NOTED | ADDRESS_HEADERS | {"received", "content-transfer-encoding"}

_PLAIN_FIELD = re.compile(rb"(?:\A|(?<=\n))([!-9;-~]{1,998}):([^\r\n\0]*(?:\r\n[ \t][^\r\n\0]*)*)\r\n")
_AROUND = len(b":\r\n")  # of a field, besides its name and value


@lru_cache(maxsize=16)
def _concerned(drop: frozenset[str]) -> frozenset[bytes]:
    """The headers that something is, or may be, done to."""
    return frozenset(name.encode("ascii", "replace") for name in _LOOKED_AT | drop)


_PHRASE = r'(?:"[^"\\\r\n]*" ?|[A-Za-z0-9_-][A-Za-z0-9 _-]*)?'  # each text matches in one way only: time stays linear
_MAILBOX = rf"(?:{_PHRASE}<{_PLAIN_ADDRESS.pattern}>|{_PLAIN_ADDRESS.pattern})"
_MAILBOXES = re.compile(rf"{_MAILBOX}(?:,(?:\r\n)?[ \t]*{_MAILBOX})*[ \t]*")
"""`a@b`, `<a@b>` and `Name <a@b>`, and lists of them, without anything out of the ordinary."""
