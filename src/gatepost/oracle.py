"""The only door from pure code to the world: tables, DNS, and (later) policy services and address probes.

The server answers from live tables and a resolver; tests, replay and explain answer from records. Pure code awaits
these methods and never imports an event loop, so that it can be stepped by hand as well.

Most answers are at hand: the table is in memory, the DNS was asked a minute ago. `content` and `known` give those
without a coroutine, which would be most of what a decision costs. They are short cuts to what `lookup` and `dns` say:
whoever takes one goes on to the other where it has nothing. An oracle that keeps account of what it is asked has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class LookupFailed(Exception):  # noqa: N818 - said as it is: the lookup failed
    """A table could not answer. `table` is `type:name`, `key` what was asked, `reason` a text for the log."""

    def __init__(self, table: str, key: str, reason: str) -> None:
        super().__init__(f'{table} lookup error for "{key}": {reason}')
        self.table = table
        self.key = key
        self.reason = reason

    @property
    def warnings(self) -> tuple[str, ...]:
        """The texts of the warnings that the log gets."""
        return (f'{self.table} lookup error for "{self.key}"',)


class EmptyResult(LookupFailed):
    """A table has the key, and nothing to say about it: its author forgot something, and nobody can know what."""

    def __init__(self, table: str, key: str) -> None:
        super().__init__(table, key, "empty result")

    @property
    def warnings(self) -> tuple[str, ...]:
        """The texts of the warnings that the log gets."""
        return (
            f"{self.table} lookup of {self.key} returns an empty string result",
            f"{self.table} should return NO RESULT in case of NOT FOUND",
        )


class DnsStatus(Enum):
    """How a DNS question ended."""

    FOUND = "found"
    NXDOMAIN = "nxdomain"  # the name does not exist
    NODATA = "nodata"  # the name exists, without records of this type
    TEMPFAIL = "tempfail"  # SERVFAIL, timeout, no server
    INVALID = "invalid"  # an answer whose data is unusable, such as an MX that is an address


UNANSWERED = (DnsStatus.TEMPFAIL, DnsStatus.INVALID)
"""The ways for a question to end after which nobody knows more than before."""


@dataclass(frozen=True, slots=True)
class DnsAnswer:
    """The records of one type for a name, aliases followed.

    `records` holds presentation text: an address for A and AAAA, the first string for TXT, a host name without
    trailing dot for PTR and NS, `preference host` for MX (host empty for the null MX of RFC 7505), `usage selector
    matching data` for TLSA, the data in hexadecimal. `reason` is the text log lines end with, such as `Host not found`.
    `secure`: the resolver vouched for DNSSEC, all aliases included. `canonical` is the name that aliases led to, empty
    where there were none.
    """

    status: DnsStatus
    records: tuple[str, ...] = ()
    reason: str = ""
    secure: bool = False
    canonical: str = ""


class Oracle(Protocol):
    """Answers questions about the world outside the configuration text. Inherit from it to have no short cuts."""

    def takes_partial_keys(self, table: str) -> bool:
        """Whether keys derived from the first, full one may be asked of the table (not so for pattern tables)."""
        ...

    def content(self, table: str) -> dict[str, str] | None:  # noqa: ARG002 - for those that have short cuts
        """The table as a whole: its keys, folded, and their values. Not to be changed.

        None where it is not in memory, has patterns, or cannot answer. A key beyond ASCII is asked by `lookup`.
        """
        return None

    async def lookup(self, table: str, key: str) -> str | None:
        """The value for the key in `type:name`, None where there is none. Raises LookupFailed."""
        ...

    def known(self, name: str, rtype: str) -> DnsAnswer | None:  # noqa: ARG002 - likewise
        """What `dns` says, where that is known already."""
        return None

    async def dns(self, name: str, rtype: str) -> DnsAnswer:
        """The records of type A, AAAA, MX, NS, PTR, TXT or TLSA for the name. Never raises."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let time pass (the `sleep` restriction)."""
        ...
