"""DNS answers through a filter; texts are those of Postfix 3.7."""

from __future__ import annotations

import pytest

from gatepost.delivery.dnsfilter import DROPPED, MALFORMED, FilteredOracle
from gatepost.mail.events import Event
from gatepost.maillog import text
from gatepost.oracle import DnsAnswer, DnsStatus
from tests.fakes.oracle import FakeOracle, step

ZONE = {"b.example": "MX 10 mx.b.example", "mx.b.example": "A 192.0.2.1; A 192.0.2.2; AAAA 2001:db8::1"}
ONE = "mx.b.example. 0 IN A 192.0.2.1"
TWO = "mx.b.example. 0 IN A 192.0.2.2"
MX = "b.example. 0 IN MX 10 mx.b.example."


class Filtered:
    """A filter of one table, and what it logged."""

    def __init__(self, table: dict[str, str] | None) -> None:
        self.events: list[Event] = []
        self.inner = FakeOracle({} if table is None else {"pcre:/f": table}, ZONE)
        self.oracle = FilteredOracle(self.inner, ("pcre:/f",), "smtp_dns_reply_filter", self.events.append)

    def ask(self, name: str, rtype: str) -> DnsAnswer:
        return step(self.oracle.dns(name, rtype))

    @property
    def lines(self) -> list[str]:
        return [text(event) for event in self.events]


@pytest.mark.parametrize(
    ("left", "table", "lines"),
    [
        (("192.0.2.1", "192.0.2.2"), {}, []),
        (("192.0.2.2",), {ONE: "IGNORE"}, [f"ignoring DNS RR: {ONE}"]),
    ],
)
def test_records_are_dropped(left: tuple[str, ...], table: dict[str, str], lines: list[str]) -> None:
    filtered = Filtered(table)
    answer = filtered.ask("mx.b.example", "A")
    assert (answer.status, answer.records, filtered.lines) == (DnsStatus.FOUND, left, lines)


@pytest.mark.parametrize(
    ("reason", "table", "line"),
    [
        (DROPPED, {MX: "ignore"}, f"ignoring DNS RR: {MX}"),
        (MALFORMED, {MX: "WHAT"}, 'warning: smtp_dns_reply_filter: unknown DNS filter action: "WHAT"'),
        (MALFORMED, None, f'warning: pcre:/f lookup error for "{MX}": made to fail'),
    ],
)
def test_mail_waits_where_nothing_is_left_or_known(reason: str, table: dict[str, str] | None, line: str) -> None:
    filtered = Filtered(table)
    answer = filtered.ask("b.example", "MX")
    assert (answer.status, answer.reason, filtered.lines) == (DnsStatus.TEMPFAIL, reason, [line])


def test_all_else_is_passed_through() -> None:
    filtered = Filtered({"k": "v"})
    assert filtered.ask("gone.example", "A").status is DnsStatus.NXDOMAIN
    assert step(filtered.oracle.lookup("pcre:/f", "k")) == "v"
    step(filtered.oracle.sleep(3.0))
    assert filtered.inner.slept == [3.0]
    assert not filtered.oracle.takes_partial_keys("pcre:/f")
