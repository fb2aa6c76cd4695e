"""What a decision consists of: the outcome and its reply, log lines, actions on the message, and the steps taken."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, Flag, auto
from typing import TYPE_CHECKING, NamedTuple

from gatepost.mail.events import Event
from gatepost.mail.reply import Reply
from gatepost.routing.search import Found

if TYPE_CHECKING:
    from gatepost.policy.program import Rule


class Outcome(Enum):
    """What a restriction, a list or a whole decision comes to. HANGUP: close the connection without a reply."""

    PERMIT = "permit"
    DUNNO = "dunno"
    REJECT = "reject"
    HANGUP = "hangup"


DUNNO = Outcome.DUNNO
"""What most rules come to. By its own name: Python 3.11 takes ten times as long to find a member of an Enum."""


class Fault(Flag):
    """Whose fault a refusal is, in the words of `notify_classes`; decides whether the postmaster is told."""

    NONE = 0
    POLICY = auto()
    SOFTWARE = auto()
    RESOURCE = auto()
    DATA = auto()
    PROTOCOL = auto()


OURS = Fault.SOFTWARE | Fault.RESOURCE | Fault.DATA
"""Faults of the configuration or the system: `warn_if_reject` does not turn their refusals into warnings."""


class Topic(NamedTuple):
    """Whom or what a reply is about: `<name>: kind rejected: ...`."""

    name: str
    kind: str

    def refuse(self, code: int, dsn: str, why: str) -> Refusal:
        """The refusal that names this topic."""
        return Refusal(code, dsn, f"<{self.name}>: {self.kind} rejected: {why}")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reply that refuses, before it is checked, softened and logged; also kept for later by the defer flags."""

    code: int
    dsn: str
    text: str
    fault: Fault = Fault.POLICY


SERVER_CONFIGURATION_ERROR = Refusal(451, "4.3.5", "Server configuration error", Fault.SOFTWARE)


def lookup_failure(address: str) -> Refusal:
    """The refusal where a table that decides about the address could not answer."""
    return Refusal(451, "4.3.0", f"<{address}>: Temporary lookup failure", Fault.DATA)


@dataclass(frozen=True, slots=True)
class Hold:
    """Put the message on hold."""


@dataclass(frozen=True, slots=True)
class Discard:
    """Claim success and drop the message, for all its recipients."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Send the message through a content filter; `destination` is `transport:nexthop`. The last one counts."""

    destination: str


@dataclass(frozen=True, slots=True)
class Redirect:
    """Deliver to this address instead of all recipients. The last one counts."""

    address: str


@dataclass(frozen=True, slots=True)
class Bcc:
    """Add a recipient."""

    address: str


@dataclass(frozen=True, slots=True)
class Prepend:
    """Add a header above our own Received header, in the order of the actions."""

    header: str


Action = Hold | Discard | Filter | Redirect | Bcc | Prepend
"""What access(5) does to a message. Actions count even where the command that brought them is refused in the end."""


class Step(NamedTuple):
    """One evaluated rule; `match` is the table entry that it went by.

    Rules of a nested list stand before the rule that called them, one `depth` further down.
    """

    rule: Rule
    outcome: Outcome
    match: Found | None
    depth: int


@dataclass(frozen=True, slots=True)
class Carry:
    """What one stage leaves for later ones: the refusal that an eventual permit would turn into (defer_if_permit).

    Keep the latest verdict's carry for as long as the session lasts. With `smtpd_delay_reject = yes` it stays empty.
    """

    client: Refusal | None = None
    helo: Refusal | None = None
    sender: Refusal | None = None


class Verdict(NamedTuple):
    """A decision.

    `reply` is there for REJECT only, softened where `soft_bounce` says so. `events` are for the log, in order.
    `actions` are for the message. `trace` is what `steps` are made of. `fault` tells which `notify_classes` were
    touched, warnings included.
    """

    outcome: Outcome
    reply: Reply | None = None
    events: tuple[Event, ...] = ()
    actions: tuple[Action, ...] = ()
    trace: tuple[tuple[Rule, Outcome, Found | None, int], ...] = ()
    carry: Carry = Carry()
    fault: Fault = Fault.NONE

    @property
    def steps(self) -> tuple[Step, ...]:
        """The evaluated rules, in order. Made when they are read, for hardly ever anybody does."""
        return tuple(map(Step._make, self.trace))
