"""What TLS has to be towards one server: the levels, and the policy that main.cf and its tables make for a destination.

The rules:

1. `smtp_tls_policy_maps` is asked for the next hop as it is written; where that is a plain domain, then for
   `.parent.domain` of each parent. What the table says stands above main.cf, for better or worse.
2. Without it `smtp_tls_per_site` counts, asked for the next hop and for the host; the stricter answer wins, and its
   `MAY` does not weaken main.cf.
3. A value that cannot be understood is no policy, and no mail goes: `Unusable`. It is never read as something weaker.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum

from gatepost.mail.events import Event, Warned
from gatepost.mail.tlsa import Tlsa
from gatepost.oracle import LookupFailed, Oracle


class Level(IntEnum):
    """How much TLS there has to be; the order is one of strength."""

    NONE = 0
    MAY = 1
    ENCRYPT = 2
    FINGERPRINT = 3
    HALF_DANE = 4  # TLSA records of a host that an unsigned MX record named; not for main.cf
    DANE = 5
    DANE_ONLY = 6
    VERIFY = 7
    SECURE = 8

    @property
    def word(self) -> str:
        """The level as main.cf writes it."""
        return self.name.lower().replace("_", "-")

    @property
    def matches(self) -> bool:
        """Whether the server's certificate has to pass."""
        return self > Level.ENCRYPT

    @property
    def by_authority(self) -> bool:
        """Whether it has to be vouched for by an authority, and be for the right name."""
        return self in (Level.VERIFY, Level.SECURE)

    @property
    def by_dane(self) -> bool:
        """Whether TLSA records decide."""
        return self in (Level.HALF_DANE, Level.DANE, Level.DANE_ONLY)


LEVELS = {level.word: level for level in Level if level is not Level.HALF_DANE}
"""Levels by the words of main.cf and tables."""

CONFIGURATION_PROBLEM = "client TLS configuration problem"
"""What the log and the sender are told of a policy that cannot be used."""

_SEPARATORS = re.compile(r"[,\s]+")
_HOSTNAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*")
_HOSTNAME_LENGTH = 255

Load = Callable[[str], tuple[Tlsa, ...]]
"""Gives the trust anchors in a file; raises Unusable."""


class Unusable(Exception):  # noqa: N818 - said as it is
    """There is no policy that mail could be sent under; `events` are the log lines that say why.

    `source` and `result` are for reports, where the fault is the other side's (RFC 8460 section 4.3).
    """

    def __init__(
        self,
        *events: Event,
        text: str = CONFIGURATION_PROBLEM,
        dsn: str = "4.7.5",
        source: PolicySource | None = None,
        result: str = "",
    ) -> None:
        super().__init__(text)
        self.source = source
        self.result = result
        self.text = text
        self.dsn = dsn
        self.events = events


@dataclass(frozen=True, slots=True)
class PolicySource:
    """Where a policy comes from, as reports tell it (RFC 8460 section 4.4): `tlsa`, `sts` or `no-policy-found`.

    `lines` are the policy's own text.
    """

    kind: str
    domain: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TlsPolicy:
    """What holds for one session.

    `protocols`, `ciphers` (a grade) and `exclude` are in main.cf's language. `match` are name patterns, `pins` are
    fingerprints (upper-case hexadecimal without colons). `records` are what the server's chain is checked against:
    of its own TLSA records, or of a file of trust anchors that take the place of the authorities. `servername` goes
    out as SNI. `by_web`: the authorities of the web vouch for the server, whatever main.cf names (MTA-STS).
    `on_trial`: a name is looked for, and its lack is only told. Equal policies may share connections and sessions; the
    `source` does not count.
    """

    level: Level = Level.NONE
    protocols: str = ""
    ciphers: str = ""
    exclude: str = ""
    match: tuple[str, ...] = ()
    pins: tuple[str, ...] = ()
    records: tuple[Tlsa, ...] = ()
    servername: str = ""
    by_web: bool = False
    on_trial: bool = False
    source: PolicySource | None = field(default=None, compare=False)

    @property
    def required(self) -> bool:
        """Whether mail may go in TLS only."""
        return self.level >= Level.ENCRYPT


@dataclass(frozen=True, slots=True)
class PolicyRules:
    """What main.cf says for every destination. `prefix` is smtp or lmtp."""

    prefix: str = "smtp"
    level: Level = Level.NONE
    policy_maps: tuple[str, ...] = ()
    per_site: tuple[str, ...] = ()
    protocols: str = ""
    mandatory_protocols: str = ""
    ciphers: str = "medium"
    mandatory_ciphers: str = "medium"
    exclude: str = ""
    mandatory_exclude: str = ""
    verify_match: tuple[str, ...] = ("hostname",)
    secure_match: tuple[str, ...] = ("nexthop", "dot-nexthop")
    pins: tuple[str, ...] = ()
    anchor_files: tuple[str, ...] = ()
    servername: str = ""


@dataclass(frozen=True, slots=True)
class Destination:
    """Whom a policy is for: the next hop as written, its domain (or the host itself), and the host to connect to."""

    nexthop: str
    domain: str
    host: str


@dataclass(frozen=True, slots=True)
class Stated:
    """What tables say of a destination; what they leave open is None. `explicit`: a table named the destination."""

    level: Level
    explicit: bool = False
    protocols: str | None = None
    ciphers: str | None = None
    exclude: str | None = None
    match: tuple[str, ...] = ()
    pins: tuple[str, ...] = ()
    records: tuple[Tlsa, ...] = ()
    servername: str | None = None
    remarks: tuple[Event, ...] = ()


async def stated_policy(rules: PolicyRules, where: Destination, oracle: Oracle, load: Load) -> Stated:
    """What main.cf and its tables say of a destination. Raises Unusable."""
    if rules.policy_maps:
        return await _by_policy_maps(rules, where, oracle, load)
    if rules.per_site:
        return await _by_site(rules, where, oracle)
    return Stated(rules.level)


def complete_policy(rules: PolicyRules, stated: Stated, where: Destination, load: Load) -> TlsPolicy:
    """The policy, with what main.cf says where the tables are silent. Raises Unusable."""
    level = stated.level
    if level is Level.NONE:
        return TlsPolicy()
    optional = level is Level.MAY
    pins, records = stated.pins, stated.records
    match = stated.match
    if level is Level.FINGERPRINT and not pins:
        pins = tuple(fingerprints(rules.pins))
        if not pins:
            text = (
                f"nexthop domain {where.nexthop}: configured at fingerprint security level, "
                "but with no fingerprints to match."
            )
            raise Unusable(Warned(text))
    if level.by_authority:
        match = match or (rules.verify_match if level is Level.VERIFY else rules.secure_match)
        match = tuple(_names(match, where))
        records = records or tuple(record for name in rules.anchor_files for record in load(name))
    main = rules.protocols if optional else rules.mandatory_protocols
    return TlsPolicy(
        level,
        protocols=main if stated.protocols is None else stated.protocols,
        ciphers=stated.ciphers or (rules.ciphers if optional else rules.mandatory_ciphers),
        exclude=_exclusions(rules, stated, level),
        match=match,
        pins=pins,
        records=records,
        servername=_server_name(rules, stated, where),
    )


def parse_policy(value: str, where: str, load: Load) -> Stated:
    """Read a value of the policy table; `where` begins the log lines. Raises Unusable."""
    first, *others = [word for word in _SEPARATORS.split(value) if word] or [""]
    if not first:
        raise Unusable(Warned(f"{where}: invalid empty policy"))
    level = LEVELS.get(first.lower())
    if level is None:
        raise Unusable(Warned(f'{where}: invalid security level "{first}"'))
    stated = Stated(level, explicit=True)
    if level is Level.NONE:
        ignored = (Warned(f'{where}: ignoring attribute "{word}" with TLS disabled') for word in others)
        return replace(stated, remarks=tuple(ignored))
    for word in others:
        name, sign, text = word.partition("=")
        if not sign:
            fault = f"malformed attribute/value pair \"{word}\": missing '=' after attribute name"
            raise Unusable(Warned(f"{where}: {fault}"))
        stated = _with_attribute(stated, name, text, where, load)
    return stated


def fingerprints(words: Sequence[str]) -> Iterator[str]:
    """Fingerprints in one form. Raises Unusable for what is none."""
    for word in words:
        plain = word.replace(":", "").upper()
        if not plain or len(plain) % 2 or not re.fullmatch(r"[0-9A-F]+", plain):
            raise Unusable(Warned(f"malformed fingerprint value: {word[:100]}"))
        yield plain


_ONCE = frozenset({"protocols", "ciphers", "exclude", "servername"})
"""Attributes that a policy has at most once."""

_FILLED = frozenset({"ciphers", "match", "tafile"})
"""Attributes that must have a value."""

_AT_LEVELS = {
    "match": frozenset({Level.FINGERPRINT, Level.VERIFY, Level.SECURE}),
    "tafile": frozenset({Level.VERIFY, Level.SECURE}),
}
"""Attributes that make sense at some levels only."""


def _with_attribute(stated: Stated, name: str, text: str, where: str, load: Load) -> Stated:
    """One more `name=text`. Raises Unusable."""

    def fault(what: str) -> Unusable:
        return Unusable(Warned(f'{where}: attribute "{name}" {what}'))

    key = name.lower()
    if key in _FILLED and not text:
        raise fault("has empty value")
    if stated.level not in _AT_LEVELS.get(key, LEVELS.values()):
        raise fault(f'invalid at security level "{stated.level.word}"')
    if key in _ONCE and getattr(stated, key) is not None:
        raise fault("is specified multiple times")
    match key:
        case "servername" if not is_server_name(text):
            raise Unusable(Warned(f'{where}: "servername={text}" specifies an invalid hostname'))
        case "protocols" | "ciphers" | "exclude" | "servername":
            return replace(stated, **{key: text})  # type: ignore[arg-type]  # all four are texts
        case "match" if stated.level is Level.FINGERPRINT:
            return replace(stated, pins=(*stated.pins, *fingerprints(text.split("|"))))
        case "match":
            return replace(stated, match=(*stated.match, *filter(None, text.split(":"))))
        case "tafile":
            return replace(stated, records=(*stated.records, *load(text)))
        case "connection_reuse" if text.lower() in {"yes", "no"}:
            return stated  # sessions are kept for equal policies, in TLS as without
        case "connection_reuse":
            raise fault(f'has bad value: "{text}"')
        case _:
            raise Unusable(Warned(f'{where}: invalid attribute name: "{name}"'))


def is_server_name(text: str) -> bool:
    """Whether a text may be sent as a host's name (`hostname` and `nexthop`, which stand for one, are such texts)."""
    return len(text) <= _HOSTNAME_LENGTH and _HOSTNAME.fullmatch(text) is not None and not _is_number(text)


async def _by_policy_maps(rules: PolicyRules, where: Destination, oracle: Oracle, load: Load) -> Stated:
    title = f"{rules.prefix}_tls_policy_maps, next-hop destination"
    for key in _keys(where.nexthop):
        try:
            for table in rules.policy_maps:
                value = await oracle.lookup(table, key)
                if value is not None:
                    return parse_policy(value, f'{title} "{key}"', load)
        except LookupFailed as error:
            texts = (*error.warnings, f'{title} "{key}": policy table lookup error')
            raise Unusable(*map(Warned, texts)) from error
    return Stated(rules.level)


def _keys(nexthop: str) -> Iterator[str]:
    yield nexthop
    rest = nexthop
    while is_server_name(nexthop) and "." in rest:
        rest = rest.partition(".")[2]
        yield f".{rest}"


_SITE_WORDS = {"NONE": Level.NONE, "MAY": Level.MAY, "MUST_NOPEERMATCH": Level.ENCRYPT, "MUST": Level.VERIFY}


async def _by_site(rules: PolicyRules, where: Destination, oracle: Oracle) -> Stated:
    """The older table: both names count. `NONE` wins over `MAY`; what demands TLS wins over both."""
    found: list[Level] = []
    names = {where.nexthop.lower(): "next-hop destination"}
    names.setdefault(where.host.lower(), "server hostname")
    for name, kind in names.items():
        level = await _site_level(rules, name, kind, oracle)
        found += [] if level is None else [level]
    if not found:
        return Stated(rules.level)
    level = Level.NONE if max(found) <= Level.MAY and Level.NONE in found else max(found)
    if level is Level.MAY:
        level = max(level, rules.level)
    return Stated(level, explicit=True)


async def _site_level(rules: PolicyRules, name: str, kind: str, oracle: Oracle) -> Level | None:
    title = f"{rules.prefix}_tls_per_site"
    for table in rules.per_site:
        try:
            value = await oracle.lookup(table, name)
        except LookupFailed as error:
            texts = (*error.warnings, f'{title}: {kind} "{name}": per-site table lookup error')
            raise Unusable(*map(Warned, texts), text="Temporary lookup error", dsn="4.3.0") from error
        if value is not None:
            level = _SITE_WORDS.get(value.strip().upper())
            if level is None:
                raise Unusable(Warned(f"{title}: unknown TLS policy '{value}' for {kind} {name}"))
            return level
    return None


def _names(patterns: Sequence[str], where: Destination) -> Iterator[str]:
    """Patterns with `hostname`, `nexthop` and `dot-nexthop` replaced by what they stand for here."""
    for pattern in patterns:
        match pattern.lower():
            case "hostname":
                yield where.host
            case "nexthop":
                yield where.domain
            case "dot-nexthop":
                yield f".{where.domain}"
            case _:
                yield pattern


def _exclusions(rules: PolicyRules, stated: Stated, level: Level) -> str:
    parts = [rules.exclude, "" if level is Level.MAY else rules.mandatory_exclude]
    if stated.exclude is not None:
        parts = [stated.exclude]
    if level.matches:
        parts.append("aNULL")
    elif level is Level.ENCRYPT:
        parts.append("eNULL")
    return " ".join(filter(None, parts))


def _server_name(rules: PolicyRules, stated: Stated, where: Destination) -> str:
    name = rules.servername if stated.servername is None else stated.servername
    if not name:
        return ""
    if not is_server_name(name):
        raise Unusable(Warned(f'"{rules.prefix}_tls_servername = {name}" specifies an invalid hostname'))
    match name.lower():
        case "hostname":
            name = where.host
        case "nexthop":
            name = where.domain
    return name if is_server_name(name) else ""


def _is_number(text: str) -> bool:
    return text.replace(".", "").isdigit()
