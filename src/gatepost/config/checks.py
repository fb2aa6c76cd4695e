"""Checks of relations between parameters, which no single value shows.

A check is a function under `@check("GP01nn")` that yields findings with that id. To add one, write it here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

from gatepost.config.bouncetemplates import templates_of
from gatepost.config.findings import Finding, Level, Place
from gatepost.config.matchlist import Faulty, MatchList
from gatepost.config.param import Patterns
from gatepost.config.services import SUPPORTED, Service
from gatepost.config.settings import PARAMETERS, Settings

Check = Callable[[Settings, Sequence[Service]], Iterator[Finding]]

REGISTRY: dict[str, Check] = {}
"""Every check by the id of its findings."""


def check(number: str) -> Callable[[Check], Check]:
    """Declare a check. The id is its own, stable and never used again."""

    def declare(function: Check) -> Check:
        if number in REGISTRY:
            raise ValueError(f"{number} is taken by {REGISTRY[number].__name__}")
        REGISTRY[number] = function
        return function

    return declare


def check_all(settings: Settings, services: Sequence[Service]) -> list[Finding]:
    """What all checks find."""
    return [finding for function in REGISTRY.values() for finding in function(settings, services)]


_CLASSES = ("mydestination", "virtual_alias_domains", "virtual_mailbox_domains", "relay_domains")
_TRANSPORTS = (
    "local_transport",
    "virtual_transport",
    "relay_transport",
    "default_transport",
    "mailbox_transport",
    "fallback_transport",
)


@check("GP0101")
def domain_in_two_classes(settings: Settings, _: Sequence[Service]) -> Iterator[Finding]:
    """A domain belongs to one address class; the others would never see its mail.

    mydestination and relay_domains may overlap, because the default of the latter once was the former.
    """
    named = [name for name in _CLASSES if name != "relay_domains" or settings.is_set(name)]
    for first, second in combinations(named, 2):
        if (first, second) == ("mydestination", "relay_domains"):
            continue
        theirs = {word.text.lower() for word in settings.words(first)}
        for word in settings.words(second):
            if word.text.lower() in theirs and ":" not in word.text and word.text[0] not in "!/":
                message = f"{word.text} is in {first} and in {second}; its mail is handled as of {first}"
                hint = f"remove it from {first} or from {second}"
                yield Finding("GP0101", Level.WARNING, message, word.place, hint)


@check("GP0102")
def unknown_transport(settings: Settings, services: Sequence[Service]) -> Iterator[Finding]:
    """A transport parameter names a service of master.cf, or its mail waits in the queue until there is one."""
    known = {service.name: service for service in services if service.type == "unix"}
    for name in _TRANSPORTS:
        transport = settings.text(name).partition(":")[0].strip()
        place = settings.place(name)
        if not transport:
            continue
        if transport not in known:
            message = f"{name}: master.cf has no transport {transport}, so mail for it would wait in the queue"
            yield Finding("GP0102", Level.WARNING, message, place, "name a service of type unix in master.cf")
        elif known[transport].command not in SUPPORTED:
            message = f"{name}: transport {transport} is run by {known[transport].command}, which is not supported"
            hint = f"supported are {', '.join(sorted(SUPPORTED - {'smtpd'}))}"
            yield Finding("GP0102", Level.ERROR, message, place, hint)


@check("GP0103")
def certificate_without_key(settings: Settings, services: Sequence[Service]) -> Iterator[Finding]:
    """Each certificate needs a key; the default is to look for it in the certificate's file."""
    for scope in _smtpd_settings(settings, services):
        for cert, key in _CERTIFICATES:
            if scope.text(cert) and not scope.text(key):
                message = f"{cert} is set, but {key} is empty"
                hint = f"delete the line if the key is in the certificate's file, or set {key}"
                yield Finding("GP0103", Level.ERROR, message, scope.place(key) or scope.place(cert), hint)
            elif scope.text(key) and not scope.text(cert):
                message = f"{key} is set, but {cert} is empty"
                yield Finding("GP0103", Level.WARNING, message, scope.place(key), f"set {cert}")


_CERTIFICATES = (
    ("smtpd_tls_cert_file", "smtpd_tls_key_file"),
    ("smtpd_tls_eccert_file", "smtpd_tls_eckey_file"),
    ("smtp_tls_cert_file", "smtp_tls_key_file"),
)


@check("GP0104")
def tls_without_certificate(_: Settings, services: Sequence[Service]) -> Iterator[Finding]:
    """TLS needs a certificate; `smtpd_tls_cert_file = none` says that this is meant."""
    for service in services:
        scope = service.settings
        if service.command != "smtpd" or any(scope.text(name) for name in _SERVER_CERTIFICATES):
            continue
        if scope.smtpd_tls_wrappermode or scope.smtpd_tls_security_level in ("may", "encrypt"):
            name = "smtpd_tls_wrappermode" if scope.smtpd_tls_wrappermode else "smtpd_tls_security_level"
            message = f"{service.name} is to speak TLS, but there is no certificate"
            place = scope.place(name) or service.entry.place
            hint = "set smtpd_tls_chain_files, or smtpd_tls_cert_file and smtpd_tls_key_file"
            yield Finding("GP0104", Level.WARNING, message, place, hint)


_SERVER_CERTIFICATES = (
    "smtpd_tls_chain_files",
    "smtpd_tls_cert_file",
    "smtpd_tls_eccert_file",
    "smtpd_tls_dcert_file",
)


@check("GP0106")
def login_without_users(settings: Settings, services: Sequence[Service]) -> Iterator[Finding]:
    """The login backend `gatepost` reads `gatepost_users_file`."""
    for scope in _smtpd_settings(settings, services):
        wanted = scope.smtpd_sasl_auth_enable and scope.smtpd_sasl_type == "gatepost"
        if wanted and not scope.gatepost_users_file:
            message = "smtpd_sasl_type is gatepost, but gatepost_users_file is empty"
            hint = "set gatepost_users_file, and add users by `gatepost user add`"
            yield Finding("GP0106", Level.ERROR, message, scope.place("smtpd_sasl_type"), hint)


@check("GP0107")
def faulty_pattern(settings: Settings, services: Sequence[Service]) -> Iterator[Finding]:
    """A pattern that makes no sense fails every lookup that reaches it, so that clients get 451."""
    seen: set[Place | None] = set()  # lists that take over another one's patterns need not repeat its faults
    for scope in _smtpd_settings(settings, services):
        for name, parameter in PARAMETERS.items():
            if not isinstance(parameter, Patterns):
                continue
            for pattern in MatchList.of(scope, name).patterns:
                if isinstance(pattern.matcher, Faulty) and pattern.place not in seen:
                    seen.add(pattern.place)
                    message = f"{name}: {pattern.matcher.reason}; lookups that get here fail, and clients must retry"
                    yield Finding("GP0107", Level.WARNING, message, pattern.place)


@check("GP0108")
def log_file_in_the_wrong_place(settings: Settings, _: Sequence[Service]) -> Iterator[Finding]:
    """A log file is where `maillog_file_prefixes` allows, so that a slip of the pen writes over nothing else."""
    name, prefixes = settings.maillog_file, settings.maillog_file_prefixes
    if name and not name.startswith(prefixes):
        message = f"maillog_file: {name} is in none of the places that maillog_file_prefixes allows"
        hint = f"put it below {' or '.join(prefixes) or 'one of them'}, or add its directory to maillog_file_prefixes"
        yield Finding("GP0108", Level.ERROR, message, settings.place("maillog_file"), hint)


def _smtpd_settings(settings: Settings, services: Sequence[Service]) -> list[Settings]:
    """The settings of main.cf, and those of the SMTP servers that override any."""
    return [settings, *(one.settings for one in services if one.command == "smtpd" and one.entry.overrides)]


@check("GP0110")
def bounce_templates(settings: Settings, _: Sequence[Service]) -> Iterator[Finding]:
    """A template of `bounce_template_file` that is wrong is not used, which its author wants to know."""
    yield from templates_of(settings)[1]


@check("GP0111")
def keys_without_signed_answers(settings: Settings, services: Sequence[Service]) -> Iterator[Finding]:
    """The levels dane and dane-only go by signed answers of the DNS, which have to be asked for."""
    for scope, prefix in _client_settings(settings, services):
        level = scope.text(f"{prefix}_tls_security_level").lower()
        signed = scope.text(f"{prefix}_dns_support_level").lower() == "dnssec"
        if level in {"dane", "dane-only"} and not signed:
            name = f"{prefix}_tls_security_level"
            left = "is no more than may" if level == "dane" else "lets no mail go"
            message = f"{name} = {level} {left} without {prefix}_dns_support_level = dnssec"
            hint = f"set {prefix}_dns_support_level = dnssec, and see to it that the resolver validates"
            yield Finding("GP0111", Level.WARNING, message, scope.place(name), hint)


@check("GP0112")
def verification_without_authorities(settings: Settings, services: Sequence[Service]) -> Iterator[Finding]:
    """Where no authority is trusted, no server can be verified, and mail waits."""
    for scope, prefix in _client_settings(settings, services):
        level = scope.text(f"{prefix}_tls_security_level").lower()
        names = [f"{prefix}_tls_{name}" for name in ("CAfile", "CApath", "trust_anchor_file")]
        if level in {"verify", "secure"} and not scope.tls_append_default_CA and not any(map(scope.text, names)):
            name = f"{prefix}_tls_security_level"
            message = f"{name} = {level}, but no authority is trusted that could vouch for a server"
            yield Finding("GP0112", Level.WARNING, message, scope.place(name), f"set {names[0]}")


def _client_settings(settings: Settings, services: Sequence[Service]) -> list[tuple[Settings, str]]:
    """The settings of main.cf, and those of the clients that override any, with the prefix of their parameters."""
    own = ((one.settings, one.command) for one in services if one.command in {"smtp", "lmtp"} and one.entry.overrides)
    return [(settings, "smtp"), (settings, "lmtp"), *own]
