"""The TLS policy for one host: what the configuration states, what the DNS says of its keys (DANE), and what follows.

The rules:

1. TLSA records count only where every answer on the way to them is signed: the MX records that name the host, its
   address, the records themselves (RFC 7672 section 2.2). The resolver's word is taken where it may be (`dns/system`).
2. No answer is no excuse: where TLSA records could not be looked up, mail waits (RFC 7672 section 2.1.2). Only a signed
   "there are none", or an unsigned name, leads to the level without them, which is `may` for `dane` and no mail for
   `dane-only`.
3. Records that are there and cannot be used still ask for encryption.
4. MTA-STS (RFC 8461) counts where `gatepost_mta_sts` says so, the next hop is a domain, no table speaks of it, and
   main.cf asks for nothing stronger. Where TLSA records can be used, they decide (section 2 there).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gatepost.config.settings import Settings
from gatepost.delivery.nexthop import Nexthop
from gatepost.delivery.sts import StsPolicies
from gatepost.dns.lookups import TlsaAnswer, tlsa
from gatepost.mail.events import Emit, Event, Noted, Warned
from gatepost.oracle import DnsStatus, Oracle
from gatepost.smtp.client_values import Server
from gatepost.tls.channel import VERBOSE
from gatepost.tls.client import ClientTls
from gatepost.tls.dane import TRUST_ANCHOR, is_supported, usable
from gatepost.tls.mta_sts import Mode, StsPolicy
from gatepost.tls.policy import (
    Destination,
    Level,
    PolicyRules,
    PolicySource,
    Stated,
    TlsPolicy,
    Unusable,
    complete_policy,
    stated_policy,
)
from gatepost.tls.rules import policy_rules

_INSECURE_MX = {
    "none": Level.MAY,
    "may": Level.MAY,
    "encrypt": Level.ENCRYPT,
    "dane": Level.HALF_DANE,
}


@dataclass(frozen=True, slots=True)
class TlsRules:
    """What main.cf says about TLS of one service.

    `wrapped`: TLS from the first byte. `dnssec`: look-ups ask for signed answers. `insecure_mx` is the level where
    unsigned MX records name a host that has TLSA records. `forced`: they are looked for under unsigned addresses too.
    """

    policy: PolicyRules = field(default_factory=PolicyRules)
    wrapped: bool = False
    dnssec: bool = False
    ignores_mx_errors: bool = False
    insecure_mx: Level = Level.MAY
    forced: bool = False

    @classmethod
    def read(cls, settings: Settings, prefix: str) -> TlsRules:
        """The rules of a service; `prefix` is smtp or lmtp. Raises ConfigurationError."""
        by_dns = "dns" in settings.text(f"{prefix}_host_lookup").replace(",", " ").lower().split()
        return cls(
            policy_rules(settings, prefix),
            wrapped=getattr(settings, f"{prefix}_tls_wrappermode"),
            dnssec=by_dns and settings.text(f"{prefix}_dns_support_level").strip().lower() == "dnssec",
            ignores_mx_errors=prefix == "smtp" and settings.ignore_mx_lookup_error,
            insecure_mx=_INSECURE_MX[settings.text("smtp_tls_dane_insecure_mx_policy").strip().lower()],
            forced=getattr(settings, f"{prefix}_tls_force_insecure_host_tlsa_lookup"),
        )

    @property
    def are_fixed(self) -> bool:
        """Whether every destination has the same policy, whatever tables and the DNS say."""
        policy = self.policy
        return not (policy.policy_maps or policy.per_site or policy.level.by_dane)


class PolicyFinder:
    """Finds the policy for a host. `tls` is None where our side cannot do TLS: then a policy asks for it in vain."""

    def __init__(self, rules: TlsRules, tls: ClientTls | None, sts: StsPolicies | None = None) -> None:
        self._rules = rules
        self._tls = tls
        self._sts = sts if rules.policy.prefix == "smtp" and rules.policy.level >= Level.MAY else None
        self.are_fixed = rules.are_fixed and self._sts is None
        """Whether every server has the same policy, whatever tables, the DNS and the web say."""

    async def find(self, oracle: Oracle, hop: Nexthop, server: Server, emit: Emit) -> TlsPolicy:
        """The policy for a server of a next hop. Raises Unusable."""
        nexthop = hop.path or hop.text.removeprefix("inet:")
        where = Destination(nexthop, hop.host or hop.path, server.host)
        prefix = self._rules.policy.prefix
        try:
            policy = await self._policy(oracle, hop, server, where, emit)
        except Unusable as unusable:
            told = Warned(f"TLS policy lookup for {where.nexthop}/{where.host}: {unusable.text}")
            unusable.events = (*unusable.events, told)
            raise
        if self._rules.wrapped and not policy.required:
            names = f'{prefix}_tls_wrappermode requires "{prefix}_tls_security_level = encrypt"'
            text = "server unavailable or unable to receive mail"
            raise Unusable(Warned(f"{names} (or stronger)"), text=text, dsn="4.3.0")
        return policy

    async def _policy(self, oracle: Oracle, hop: Nexthop, server: Server, where: Destination, emit: Emit) -> TlsPolicy:
        rules = self._rules.policy
        load = self._tls.load if self._tls is not None else _no_anchors
        stated = await stated_policy(rules, where, oracle, load)
        for remark in stated.remarks:
            emit(remark)
        if stated.level.by_dane:
            search = _Search(self._rules, oracle, hop, server, emit)
            policy = await search.policy(stated, where, self._tls)
        else:
            policy = complete_policy(rules, stated, where, load)
        if self._sts is None or stated.explicit or not hop.by_mx or policy.level > Level.ENCRYPT:
            return policy
        return self._with_sts(policy, where, await self._sts.find(where.domain, oracle, emit))

    def _with_sts(self, policy: TlsPolicy, where: Destination, found: StsPolicy | None) -> TlsPolicy:
        """The policy with what the domain says by MTA-STS. Raises Unusable for a host that it does not name."""
        if found is None or found.mode is Mode.NONE:
            return policy
        source = PolicySource("sts", found.domain, found.lines)
        covered = found.covers(where.host)
        if found.mode is Mode.TESTING:
            match = (where.host,) if covered else ()
            return replace(policy, match=match, servername=where.host, by_web=True, on_trial=True, source=source)
        if not covered:
            text = f"host {where.host} is not in the MTA-STS policy of {found.domain}"
            raise Unusable(text=text, source=source, result="validation-failure")
        stated = Stated(Level.SECURE, match=(where.host,), servername="hostname")
        enforced = complete_policy(self._rules.policy, stated, where, _no_anchors)
        return replace(enforced, by_web=True, source=source)


@dataclass(frozen=True, slots=True)
class _Search:
    """The search for the keys of one host."""

    rules: TlsRules
    oracle: Oracle
    hop: Nexthop
    server: Server
    emit: Emit

    async def policy(self, stated: Stated, where: Destination, tls: ClientTls | None) -> TlsPolicy:
        """The policy at a DANE level. Raises Unusable."""
        fault = self._misfit(where.nexthop, stated.level)
        level, names = stated.level, tuple[str, ...]()
        if fault is not None:
            level = _without(level, Unusable(fault))
            self.emit(fault)
        else:
            level, names = await self._by_exchangers(level)
        found = await self._records() if level > Level.MAY else None
        if found is None or not found[0].records:
            level = level if found is None else _without(stated.level, Unusable(text="no TLSA records found"))
            return complete_policy(self.rules.policy, replace(stated, level=level), where, _no_anchors)
        policy = complete_policy(self.rules.policy, replace(stated, level=level), where, _no_anchors)
        return self._with_records(policy, stated, found[0], (found[1], *names), tls) if level.by_dane else policy

    def _misfit(self, nexthop: str, level: Level) -> Event | None:
        """Why DANE cannot be had here at all. Raises Unusable where that must not be passed over."""
        if not self.server.port:
            text = f'{nexthop}: the "dane" security level is invalid for delivery via unix-domain sockets'
            raise Unusable(Warned(text))
        if not self.rules.dnssec:
            return Warned(f"{nexthop}: {level.word} configured with dnssec lookups disabled")
        if self.rules.ignores_mx_errors:
            return Warned(f"{nexthop}: {level.word} configured with MX lookup errors ignored")
        return None

    async def _by_exchangers(self, level: Level) -> tuple[Level, tuple[str, ...]]:
        """The level after a look at the MX records, and the names that they add to those of the host."""
        if not self.hop.by_mx:
            return level, ()
        answer = await self.oracle.dns(self.hop.host, "MX")
        if answer.status in (DnsStatus.NODATA, DnsStatus.NXDOMAIN):
            return level, ()  # the domain is its own exchanger
        named = (record.partition(" ")[2].strip().lower() for record in answer.records)
        if not answer.secure or self.server.host.lower() not in named:
            if level is Level.DANE_ONLY or self.rules.insecure_mx <= Level.MAY:
                return _without(level, Unusable(text="non DNSSEC destination")), ()
            level = self.rules.insecure_mx
        return level, tuple(filter(None, (answer.canonical, self.hop.host)))

    async def _records(self) -> tuple[TlsaAnswer, str]:
        """The TLSA records of the host and the name that has them; an answer without records where there are none."""
        host, port = self.server.host, int(self.server.port)
        nothing = TlsaAnswer(DnsStatus.NODATA)
        if self.hop.is_address:
            return nothing, host
        address = await self.oracle.dns(host, "AAAA" if ":" in self.server.address else "A")
        if not address.secure and not address.canonical and not self.rules.forced:
            return nothing, host
        for name in filter(None, (address.canonical if address.secure else "", host)):
            answer = await tlsa(self.oracle, name, port)
            if answer.status in (DnsStatus.TEMPFAIL, DnsStatus.INVALID):
                query = f"name=_{port}._tcp.{name} type=TLSA: {answer.reason}"
                text = f"DANE TLSA lookup problem: Host or domain name not found. Name service error for {query}"
                source = PolicySource("tlsa", self.hop.host)
                why = f"TLSA lookup error for {host}:{port}"
                raise Unusable(Warned(text), text=why, source=source, result="dnssec-invalid")
            if answer.secure and answer.records:
                return answer, name
        return nothing, host

    def _with_records(
        self, policy: TlsPolicy, stated: Stated, answer: TlsaAnswer, names: tuple[str, ...], tls: ClientTls | None
    ) -> TlsPolicy:
        """The policy with what can be used of the records; the first name is the one that has them."""
        base, digests = names[0], tls.digests if tls is not None else ()
        records = usable(answer.records, digests)
        owner = f"_{self.server.port}._tcp.{base}"
        for record in answer.records:
            if not is_supported(record):
                self.emit(Warned(f"{owner} unsupported TLSA certificate usage: {record.text}"))
            elif record not in records:
                self.emit(Warned(f"{self.server.relay}: unusable TLSA RR: {record.text}"))
            elif tls is not None and tls.log_level >= VERBOSE:
                self.emit(Noted(f"DNSSEC-signed TLSA record: {owner}: {record.text}"))
        if not records:
            if stated.level is Level.DANE_ONLY:
                source = PolicySource("tlsa", self.hop.host)
                raise Unusable(text="TLSA records unusable", source=source, result="tlsa-invalid")
            where = Destination(self.hop.text, self.hop.host, self.server.host)
            return complete_policy(self.rules.policy, replace(stated, level=Level.ENCRYPT), where, _no_anchors)
        anchored = any(record.usage == TRUST_ANCHOR for record in records)
        match = tuple(dict.fromkeys(names)) if anchored else ()
        source = PolicySource("tlsa", self.hop.host, tuple(record.text for record in records))
        return replace(policy, records=records, match=match, servername=base, source=source)


def _without(level: Level, otherwise: Unusable) -> Level:
    """The level where DANE does not apply. Raises what is given where nothing but DANE will do."""
    if level is Level.DANE_ONLY:
        raise otherwise
    return Level.MAY


def _no_anchors(name: str) -> tuple[()]:
    raise Unusable(Warned(f"error opening trust anchor file: {name}: TLS is unavailable"))
