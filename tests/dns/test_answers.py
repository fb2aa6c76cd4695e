"""Reading DNS messages. What counts as malformed is what Postfix 3.7 says of the same records."""

from __future__ import annotations

import dns.flags
import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.dns.answers import (
    FAILURE_TTL,
    MALFORMED,
    NEGATIVE_TTL,
    NO_DATA,
    NOT_FOUND,
    TRY_AGAIN,
    failed,
    malformed_name,
    read,
)
from gatepost.oracle import DnsAnswer, DnsStatus


def _message(
    question: str, answer: str = "", *, rcode: str = "NOERROR", ad: bool = False, authority: str = ""
) -> dns.message.Message:
    lines = ["id 7", "opcode QUERY", f"rcode {rcode}", "flags QR RD RA" + (" AD" if ad else ""), ";QUESTION", question]
    lines += [";ANSWER", *answer.splitlines(), ";AUTHORITY", *authority.splitlines()]
    return dns.message.from_text("\n".join(lines), one_rr_per_rrset=False)


FOUND = (
    ("a.example. IN A", "a.example. 60 IN A 192.0.2.7", ("192.0.2.7",)),
    ("a.example. IN AAAA", "a.example. 60 IN AAAA 2001:DB8:0::1", ("2001:db8::1",)),
    (
        "a.example. IN MX",
        "a.example. 60 IN MX 10 m.example.\na.example. 60 IN MX 5 N.example.",
        ("10 m.example", "5 N.example"),
    ),
    ("a.example. IN MX", "a.example. 60 IN MX 0 .", ("0 ",)),
    ("a.example. IN MX", "a.example. 60 IN MX 10 m.example.\na.example. 60 IN MX 0 .", ("0 ",)),
    ("a.example. IN TXT", 'a.example. 60 IN TXT "v=spf1 " "-all"', ("v=spf1 ",)),
    ("a.example. IN PTR", "a.example. 60 IN PTR -odd.example.", ("-odd.example",)),
    ("a.example. IN NS", "a.example. 60 IN NS ns.example.", ("ns.example",)),
    ("a.example. IN TLSA", "a.example. 60 IN TLSA 3 1 0 abcd", ("3 1 0 abcd",)),
    ("a.example. IN TLSA", f"a.example. 60 IN TLSA 2 0 0 {'0f' * 300}", (f"2 0 0 {'0f' * 300}",)),
    ("a.example. IN A", "other.example. 60 IN A 192.0.2.9\na.example. 60 IN A 192.0.2.7", ("192.0.2.7",)),
)


@pytest.mark.parametrize(("question", "answer", "records"), FOUND)
def test_records(question: str, answer: str, records: tuple[str, ...]) -> None:
    found = read(_message(question, answer), vouched=True)
    assert DnsAnswer(DnsStatus.FOUND, records) == found.answer
    assert not found.warnings


def test_records_behind_aliases_tell_whose_they_are() -> None:
    answer = "a.example. 60 IN CNAME b.example.\nb.example. 60 IN CNAME C.example.\nc.example. 9 IN A 192.0.2.7"
    found = read(_message("a.example. IN A", answer), vouched=True)
    assert DnsAnswer(DnsStatus.FOUND, ("192.0.2.7",), canonical="c.example") == found.answer


def test_the_shortest_time_of_the_chain_counts() -> None:
    answer = "a.example. 60 IN CNAME b.example.\nb.example. 9 IN A 192.0.2.7"
    assert 9.0 == read(_message("a.example. IN A", answer), vouched=False).ttl


def test_a_malformed_exchanger_is_left_out() -> None:
    answer = "a.example. 60 IN MX 10 -bad.example.\na.example. 60 IN MX 20 m.example."
    found = read(_message("a.example. IN MX", answer), vouched=False)
    assert DnsAnswer(DnsStatus.FOUND, ("20 m.example",)) == found.answer
    assert (
        "valid_hostname: misplaced hyphen: -bad.example",
        "malformed domain name in resource data of MX record for a.example: -bad.example",
    ) == found.warnings


def test_nothing_but_malformed_exchangers_is_an_invalid_answer() -> None:
    found = read(_message("a.example. IN MX", "a.example. 60 IN MX 10 -bad.example."), vouched=False)
    assert DnsAnswer(DnsStatus.INVALID, reason=MALFORMED) == found.answer


def test_an_exchanger_that_is_an_address_is_kept() -> None:
    found = read(_message("a.example. IN MX", "a.example. 60 IN MX 10 192.0.2.7."), vouched=False)
    assert ("10 192.0.2.7",) == found.answer.records
    assert not found.warnings


def test_what_there_is_not() -> None:
    nothing = read(_message("a.example. IN A", rcode="NXDOMAIN"), vouched=False)
    assert (DnsAnswer(DnsStatus.NXDOMAIN, reason=NOT_FOUND), NEGATIVE_TTL) == (nothing.answer, nothing.ttl)
    soa = "example. 300 IN SOA ns. host. 1 2 3 4 90"
    no_data = read(_message("a.example. IN A", authority=soa), vouched=False)
    assert (DnsAnswer(DnsStatus.NODATA, reason=NO_DATA), 90.0) == (no_data.answer, no_data.ttl)


@pytest.mark.parametrize(("rcode", "reason"), [("SERVFAIL", TRY_AGAIN), ("REFUSED", "Non-recoverable error")])
def test_failures(rcode: str, reason: str) -> None:
    found = read(_message("a.example. IN A", rcode=rcode), vouched=False)
    assert (DnsAnswer(DnsStatus.TEMPFAIL, reason=reason), FAILURE_TTL) == (found.answer, found.ttl)


@pytest.mark.parametrize(("vouched", "ad"), [(True, True), (True, False), (False, True)])
def test_only_a_trusted_server_makes_an_answer_secure(vouched: bool, ad: bool) -> None:
    message = _message("a.example. IN A", "a.example. 60 IN A 192.0.2.7", ad=ad)
    assert (vouched and ad) == read(message, vouched=vouched).answer.secure


def test_an_alias_that_is_left_to_us() -> None:
    found = read(_message("a.example. IN A", "a.example. 60 IN CNAME b.other."), vouched=False)
    assert "b.other" == found.alias
    told = read(
        _message("a.example. IN A", "a.example. 60 IN CNAME b.other.", authority="other. 60 IN SOA n. h. 1 2 3 4 5"),
        vouched=False,
    )
    assert "" == told.alias


def test_a_loop_of_aliases_ends() -> None:
    answer = "a.example. 60 IN CNAME b.example.\nb.example. 60 IN CNAME a.example."
    assert DnsStatus.NODATA is read(_message("a.example. IN A", answer), vouched=False).answer.status


def test_answers_without_asking() -> None:
    assert DnsStatus.TEMPFAIL is failed().answer.status
    assert DnsStatus.NXDOMAIN is malformed_name().answer.status


@given(st.lists(st.sampled_from(["-a", "1.2", "a_b", "x*", "ok", "192.0.2.1", "a" * 60]), min_size=1, max_size=5))
def test_any_exchangers_give_records_or_an_invalid_answer(hosts: list[str]) -> None:
    answer = "\n".join(f"a.example. 60 IN MX {n} {host}." for n, host in enumerate(hosts))
    found = read(_message("a.example. IN MX", answer), vouched=False).answer
    assert bool(found.records) == (found.status is DnsStatus.FOUND)
