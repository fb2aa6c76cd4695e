"""What a configuration says about talking to other servers: the parameters of one smtp or lmtp service, read once.

`smtp_` and `lmtp_` parameters have the same names after the prefix, but for what is called EHLO there and LHLO here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from gatepost.config.master import known_ports
from gatepost.config.matchlist import MatchList
from gatepost.config.param import PatternStyle
from gatepost.config.settings import Settings
from gatepost.delivery.tlspolicy import TlsRules
from gatepost.sasl.client import SecurityOption, security_options
from gatepost.smtp.client_values import Dialect, Hello, Stage


@dataclass(frozen=True, slots=True)
class LoginRules:
    """Which logins to use with other servers, and how."""

    enabled: bool = False
    password_maps: tuple[str, ...] = ()
    mechanism_filter: tuple[str, ...] = ()
    options: frozenset[SecurityOption] = frozenset()
    tls_options: frozenset[SecurityOption] = frozenset()
    verified_options: frozenset[SecurityOption] = frozenset()
    by_sender: bool = False
    delimiters: str = ""
    owner_request: bool = True
    dummy_auth: bool = False
    remembered: float = 0.0
    """Seconds for which a refused login is not tried again."""
    soft_bounce: bool = True


@dataclass(frozen=True, slots=True)
class PixRules:
    """What to do about servers behind old PIX firewalls; times in seconds."""

    workarounds: frozenset[str] = frozenset({"disable_esmtp", "delay_dotcrlf"})
    maps: tuple[str, ...] = ()
    threshold: float = 500.0
    delay: float = 10.0


@dataclass(frozen=True, slots=True)
class PoolRules:
    """How long sessions are kept for more mail; seconds, and a count of which 0 is no limit."""

    time_limit: float = 2.0
    reuse_time_limit: float = 300.0
    reuse_count_limit: int = 0


@dataclass(frozen=True, slots=True)
class ClientRules:
    """The rules of one service. Times are in seconds, None for no limit.

    `min_data_rate` is in bytes a second, 0 where deadlines are for single writes. `assume_final`: a server that reports
    no deliveries makes them.
    """

    dialect: Dialect = Dialect.SMTP
    name: str = "localhost"
    port: str = "25"
    fallback: str = ""
    relayhost: str = ""
    families: tuple[str, ...] = ("A", "AAAA")
    address_preference: str = ""
    randomize: bool = True
    mx_address_limit: int = 5
    mx_session_limit: int = 2
    host_lookup: tuple[str, ...] = ("dns",)
    defer_without_address: bool = False
    ignore_mx_errors: bool = False
    bind_address: str = ""
    bind_address6: str = ""
    bind_enforce: bool = False
    known_ports: dict[str, int] = field(default_factory=dict)
    balance: bool = True
    true_names: bool = False
    min_data_rate: int = 0
    assume_final: bool = False
    tells_origin: bool = False
    reply_filter: tuple[str, ...] = ()
    dns_filter: tuple[str, ...] = ()
    best_mx_transport: str = ""
    connect_timeout: float | None = 30.0
    timeouts: dict[Stage, float | None] = field(default_factory=dict)
    hello: Hello = Hello.ALWAYS
    discard_keywords: frozenset[str] = frozenset()
    discard_maps: tuple[str, ...] = ()
    skip_5xx_greeting: bool = True
    skip_quit_reply: bool = True
    line_limit: int = 998
    tls: TlsRules = field(default_factory=TlsRules)
    login: LoginRules = LoginRules()
    converts_8bit: bool = True
    fallback_delay: float = 300.0
    notes_tls_offers: bool = False
    queue_directory: str = ""
    pix: PixRules = PixRules()
    pool: PoolRules = PoolRules()
    cache_on_demand: bool = True
    cache_destinations: MatchList = field(default_factory=lambda: MatchList((), PatternStyle.STRINGS))

    @classmethod
    def read(cls, settings: Settings, dialect: Dialect) -> ClientRules:
        """The rules that a service's settings make. Raises ConfigurationError."""
        prefix = dialect.value
        hello = "lhlo" if dialect is Dialect.LMTP else "ehlo"

        def get(name: str) -> Any:  # noqa: ANN401 - the type is the declared parameter's
            return getattr(settings, f"{prefix}_{name}")

        families, preference = _families(settings, get("address_preference"))
        return cls(
            dialect=dialect,
            name=get("lhlo_name" if dialect is Dialect.LMTP else "helo_name"),
            port=settings.text(f"{prefix}_tcp_port"),
            fallback=" ".join(_words(settings, f"{prefix}_fallback_relay")),
            relayhost=settings.text("relayhost"),
            families=families,
            address_preference=preference,
            randomize=get("randomize_addresses"),
            mx_address_limit=get("mx_address_limit"),
            mx_session_limit=get("mx_session_limit"),
            host_lookup=_host_lookup(settings, prefix),
            defer_without_address=get("defer_if_no_mx_address_found"),
            ignore_mx_errors=settings.ignore_mx_lookup_error,
            bind_address=get("bind_address"),
            bind_address6=get("bind_address6"),
            bind_enforce=get("bind_address_enforce"),
            known_ports=known_ports(settings.known_tcp_ports),
            true_names=get("cname_overrides_servername"),
            balance=get("balance_inet_protocols"),
            min_data_rate=get("min_data_rate") if get("per_request_deadline") else 0,
            reply_filter=get("reply_filter"),
            dns_filter=get("dns_reply_filter"),
            tells_origin=get("send_xforward_command"),
            assume_final=dialect is Dialect.LMTP and settings.lmtp_assume_final,
            best_mx_transport=settings.best_mx_transport,
            connect_timeout=_seconds(get("connect_timeout")),
            timeouts={stage: _seconds(get(_limit(stage, dialect))) for stage in Stage},
            hello=_hello(settings, dialect),
            discard_keywords=keywords(" ".join(_words(settings, f"{prefix}_discard_{hello}_keywords"))),
            discard_maps=get(f"discard_{hello}_keyword_address_maps"),
            skip_5xx_greeting=get("skip_5xx_greeting"),
            skip_quit_reply=get("skip_quit_response"),
            line_limit=get("line_length_limit"),
            tls=TlsRules.read(settings, prefix),
            login=_login(settings, prefix),
            converts_8bit=not settings.disable_mime_output_conversion,
            fallback_delay=settings.minimal_backoff_time.total_seconds(),
            notes_tls_offers=get("tls_note_starttls_offer"),
            queue_directory=settings.queue_directory,
            pix=PixRules(
                pix_workarounds(" ".join(_words(settings, f"{prefix}_pix_workarounds"))),
                get("pix_workaround_maps"),
                get("pix_workaround_threshold_time").total_seconds(),
                get("pix_workaround_delay_time").total_seconds(),
            ),
            pool=PoolRules(
                get("connection_cache_time_limit").total_seconds(),
                get("connection_reuse_time_limit").total_seconds(),
                get("connection_reuse_count_limit"),
            ),
            cache_on_demand=get("connection_cache_on_demand"),
            cache_destinations=MatchList.of(settings, f"{prefix}_connection_cache_destinations"),
        )


def keywords(text: str) -> frozenset[str]:
    """A list of EHLO keywords, in capitals."""
    return frozenset(text.replace(",", " ").upper().split())


def pix_workarounds(text: str) -> frozenset[str]:
    """A list of workarounds; what is none of them is passed over."""
    return frozenset(text.replace(",", " ").lower().split()) & {"disable_esmtp", "delay_dotcrlf"}


def _hello(settings: Settings, dialect: Dialect) -> Hello:
    if dialect is Dialect.LMTP or settings.smtp_always_send_ehlo:
        return Hello.ALWAYS
    return Hello.NEVER if settings.smtp_never_send_ehlo else Hello.WHEN_GREETED


def _limit(stage: Stage, dialect: Dialect) -> str:
    """The parameter with a stage's time limit; EHLO and LHLO share one."""
    if stage.limit in ("helo_timeout", "lhlo_timeout"):
        return "lhlo_timeout" if dialect is Dialect.LMTP else "helo_timeout"
    return stage.limit


def _seconds(limit: timedelta) -> float | None:
    return limit.total_seconds() or None


def _words(settings: Settings, name: str) -> tuple[str, ...]:
    return tuple(word.text for word in settings.words(name))


def _families(settings: Settings, preference: str) -> tuple[tuple[str, ...], str]:
    """The record types to ask for, and the family to prefer."""
    protocols = {word.lower() for word in _words(settings, "inet_protocols")} or {"all"}
    families = {"A": {"all", "ipv4"}, "AAAA": {"all", "ipv6"}}
    return tuple(rtype for rtype, names in families.items() if names & protocols), preference.strip().lower()


def _host_lookup(settings: Settings, prefix: str) -> tuple[str, ...]:
    """`dns`, `native` or both; without DNS only the system's own means remain."""
    support = settings.text(f"{prefix}_dns_support_level").strip().lower()
    if support == "disabled" or (not support and settings.disable_dns_lookups):
        return ("native",)
    return tuple(word.lower() for word in _words(settings, f"{prefix}_host_lookup"))


def _login(settings: Settings, prefix: str) -> LoginRules:
    return LoginRules(
        enabled=getattr(settings, f"{prefix}_sasl_auth_enable"),
        password_maps=getattr(settings, f"{prefix}_sasl_password_maps"),
        mechanism_filter=_words(settings, f"{prefix}_sasl_mechanism_filter"),
        options=security_options(_words(settings, f"{prefix}_sasl_security_options")),
        tls_options=security_options(_words(settings, f"{prefix}_sasl_tls_security_options")),
        verified_options=security_options(_words(settings, f"{prefix}_sasl_tls_verified_security_options")),
        by_sender=prefix == "smtp" and settings.smtp_sender_dependent_authentication,
        delimiters=settings.recipient_delimiter,
        owner_request=settings.owner_request_special,
        dummy_auth=getattr(settings, f"{prefix}_send_dummy_mail_auth"),
        remembered=_remembered(settings, prefix),
        soft_bounce=getattr(settings, f"{prefix}_sasl_auth_soft_bounce"),
    )


def _remembered(settings: Settings, prefix: str) -> float:
    if not settings.text(f"{prefix}_sasl_auth_cache_name"):
        return 0.0
    lifetime: timedelta = getattr(settings, f"{prefix}_sasl_auth_cache_time")
    return lifetime.total_seconds()
