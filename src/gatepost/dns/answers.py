"""From a DNS message to what mail wants to know: pure, and suspicious of what it reads.

1. Aliases in the answer are followed to the name that holds the records, at most `ALIASES` of them.
2. A host name in the data (MX, NS) that can be none is left out, with a warning; where nothing else is left, the
   reply is malformed. An address in its place is kept, for some publish their MX so, and who asked may judge it. What
   a PTR record says is judged by `lookups.confirmed_name`.
3. One null MX (RFC 7505) makes the domain one that takes no mail, whatever else it lists.
4. What is not said in the reply, or said about another name, does not exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.CNAME
import dns.rdtypes.ANY.MX
import dns.rdtypes.ANY.NS
import dns.rdtypes.ANY.PTR
import dns.rdtypes.ANY.SOA
import dns.rdtypes.ANY.TLSA
import dns.rdtypes.ANY.TXT
import dns.rdtypes.IN.A
import dns.rdtypes.IN.AAAA
import dns.rrset

from gatepost.dns.hostnames import hostname_fault, is_address
from gatepost.oracle import DnsAnswer, DnsStatus

NOT_FOUND = "Host not found"
TRY_AGAIN = "Host not found, try again"
NO_DATA = "Host found but no data record of requested type"
NO_RECOVERY = "Non-recoverable error"
MALFORMED = "Malformed or unexpected name server reply"

ALIASES = 10
"""Aliases (CNAME) that are followed."""

RECORDS = 100
"""Records that are kept of one answer (Postfix's limit for a list of records)."""

TTL_LIMIT = 86400.0
NEGATIVE_TTL_LIMIT = 3600.0
"""Seconds that an answer is kept at most, and that the absence of one is (RFC 2308 section 5)."""

NEGATIVE_TTL = 60.0
"""Seconds for the absence of an answer without SOA record."""

FAILURE_TTL = 5.0
"""Seconds for a failure; RFC 2308 section 7 allows five minutes."""

PERMANENT = frozenset({dns.rcode.NOERROR, dns.rcode.NXDOMAIN})


@dataclass(frozen=True, slots=True)
class Resolution:
    """An answer, what the log is to say each time it is used, and how many seconds it is good for."""

    answer: DnsAnswer
    warnings: tuple[str, ...] = ()
    ttl: float = FAILURE_TTL
    alias: str = ""  # where the question is to be asked again: the reply ends in an alias


def failed(reason: str = TRY_AGAIN) -> Resolution:
    """No usable answer came."""
    return Resolution(DnsAnswer(DnsStatus.TEMPFAIL, reason=reason))


def malformed_name() -> Resolution:
    """The question itself can have no answer, so it is not asked."""
    return Resolution(DnsAnswer(DnsStatus.NXDOMAIN, reason=NOT_FOUND), ttl=TTL_LIMIT)


def read(message: dns.message.Message, *, vouched: bool) -> Resolution:
    """What the reply says; `vouched`: its authenticated-data bit counts."""
    question = message.question[0]
    name, chain = _follow(message, question.name)
    secure = vouched and bool(message.flags & dns.flags.AD)
    if message.rcode() == dns.rcode.NXDOMAIN:
        return Resolution(DnsAnswer(DnsStatus.NXDOMAIN, reason=NOT_FOUND, secure=secure), ttl=_negative_ttl(message))
    if message.rcode() != dns.rcode.NOERROR:
        return failed(TRY_AGAIN if message.rcode() == dns.rcode.SERVFAIL else NO_RECOVERY)
    found = _rrset(message, name, question.rdtype)
    if found is not None:
        ttl = min(TTL_LIMIT, *(float(rrset.ttl) for rrset in (*chain, found)))
        return _records(found, question.name, ttl=ttl, secure=secure)
    alias = _text(name) if name != question.name and question.rdtype != dns.rdatatype.CNAME else ""
    answer = DnsAnswer(DnsStatus.NODATA, reason=NO_DATA, secure=secure)
    return Resolution(answer, ttl=_negative_ttl(message), alias=alias if not _speaks_of(message, name) else "")


def _follow(message: dns.message.Message, name: dns.name.Name) -> tuple[dns.name.Name, list[dns.rrset.RRset]]:
    """The last name of the aliases in the answer, and their records."""
    chain: list[dns.rrset.RRset] = []
    while len(chain) < ALIASES:
        alias = _rrset(message, name, dns.rdatatype.CNAME)
        target = next(iter(alias or ()), None)
        if alias is None or not isinstance(target, dns.rdtypes.ANY.CNAME.CNAME):
            break
        chain.append(alias)
        name = target.target
    return name, chain


def _rrset(message: dns.message.Message, name: dns.name.Name, rtype: dns.rdatatype.RdataType) -> dns.rrset.RRset | None:
    return message.get_rrset(dns.message.ANSWER, name, dns.rdataclass.IN, rtype)


def _speaks_of(message: dns.message.Message, name: dns.name.Name) -> bool:
    """Whether the authority section answers for the name: then it has been asked for, and there is nothing."""
    return any(rrset.rdtype == dns.rdatatype.SOA and name.is_subdomain(rrset.name) for rrset in message.authority)


def _negative_ttl(message: dns.message.Message) -> float:
    for rrset in message.authority:
        soa = rrset[0] if rrset else None
        if isinstance(soa, dns.rdtypes.ANY.SOA.SOA):
            return float(min(rrset.ttl, soa.minimum, NEGATIVE_TTL_LIMIT))
    return NEGATIVE_TTL


def _records(found: dns.rrset.RRset, asked: dns.name.Name, *, ttl: float, secure: bool) -> Resolution:
    warnings: list[str] = []
    records: list[str] = []
    for rdata in list(found)[:RECORDS]:
        if isinstance(rdata, dns.rdtypes.ANY.MX.MX) and rdata.exchange == dns.name.root:
            records, warnings = [f"{rdata.preference} "], []
            break
        faults = list(_faults(rdata, _text(asked)))
        warnings += faults
        if not faults:
            records.append(_presented(rdata))
    if not records:
        return Resolution(DnsAnswer(DnsStatus.INVALID, reason=MALFORMED), tuple(warnings), ttl)
    canonical = _text(found.name) if found.name != asked else ""
    answer = DnsAnswer(DnsStatus.FOUND, tuple(records), secure=secure, canonical=canonical)
    return Resolution(answer, tuple(warnings), ttl)


def _faults(rdata: dns.rdata.Rdata, asked: str) -> Iterator[str]:
    """What makes the record useless: a host name that can be none."""
    match rdata:
        case dns.rdtypes.ANY.MX.MX():
            name = _text(rdata.exchange)
        case dns.rdtypes.ANY.NS.NS():
            name = _text(rdata.target)
        case _:
            return
    where = f"domain name in resource data of {dns.rdatatype.to_text(rdata.rdtype)} record for {asked}: {name[:100]}"
    if not is_address(name) and (fault := hostname_fault(name)):
        yield f"valid_hostname: {fault}: {name[:100]}"
        yield f"malformed {where}"


def _presented(rdata: dns.rdata.Rdata) -> str:
    """The data in the form of `oracle.DnsAnswer`."""
    match rdata:
        case dns.rdtypes.IN.A.A() | dns.rdtypes.IN.AAAA.AAAA():
            return str(rdata.address)
        case dns.rdtypes.ANY.MX.MX():
            return f"{rdata.preference} {_text(rdata.exchange)}"
        case dns.rdtypes.ANY.NS.NS() | dns.rdtypes.ANY.PTR.PTR():
            return _text(rdata.target)
        case dns.rdtypes.ANY.TXT.TXT():
            # The first string only, as Postfix takes it: what a block list says is short.
            return rdata.strings[0].decode("utf-8", "surrogateescape")
        case dns.rdtypes.ANY.TLSA.TLSA():
            return f"{rdata.usage} {rdata.selector} {rdata.mtype} {rdata.cert.hex()}"
        case _:
            return rdata.to_text()


def _text(name: dns.name.Name) -> str:
    return "" if name == dns.name.root else name.to_text(omit_final_dot=True)
