"""What the entries of master.cf are to Gatepost: services with their settings and ports.

Rules of this module:

1. Every entry becomes a `Service`; which of them run is for the server to say by their command.
2. An entry on port 465 (`smtps`, `submissions`) is in wrappermode unless a setting says otherwise, because everyone who
   writes the bare entry means that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from gatepost.config.findings import Finding, Level
from gatepost.config.master import Entry, known_ports, split_endpoint
from gatepost.config.settings import Settings
from gatepost.config.source import SourceText

WRAPPED_PORT = 465
SUPPORTED = frozenset({"smtpd", "smtp", "lmtp", "local", "virtual", "pipe", "discard", "error"})
"""Commands that Gatepost carries out."""

ABSORBED = frozenset(
    [
        "pickup",
        "cleanup",
        "qmgr",
        "nqmgr",
        "oqmgr",
        "tlsmgr",
        "trivial-rewrite",
        "bounce",
        "verify",
        "flush",
        "proxymap",
        "showq",
        "anvil",
        "scache",
        "postlogd",
    ]
)
"""Processes of Postfix whose work Gatepost does without a process of its own."""


@dataclass(frozen=True, slots=True)
class Service:
    """One entry of master.cf with its settings.

    `settings` are those of main.cf with this entry's overrides; `endpoints` the addresses and ports that an inet
    service listens on.
    """

    name: str
    type: str
    command: str
    args: tuple[str, ...]
    settings: Settings
    entry: Entry
    endpoints: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class HostNames:
    """How names become numbers: ports of service names, addresses of host names. Both give nothing for an unknown."""

    port: Callable[[str], int | None]
    addresses: Callable[[str], tuple[str, ...]]
    listen: tuple[str, ...]
    """Addresses that a service without a host listens on."""


def build_service(entry: Entry, settings: Settings, names: HostNames) -> tuple[Service, list[Finding]]:
    """The service of an entry, and what is wrong with it."""
    own = settings.with_defaults({"service_name": entry.name, "process_name": entry.command})
    own = own.with_overrides(entry.overrides)
    endpoints: tuple[tuple[str, int], ...] = ()
    findings: list[Finding] = []
    if entry.type == "inet":
        endpoints, findings = _endpoints(entry, settings, names)
        if entry.command == "smtpd" and any(port == WRAPPED_PORT for _, port in endpoints):
            own, more = _wrapped(entry, own)
            findings += more
    service = Service(entry.name, entry.type, entry.command, entry.args, own, entry, endpoints)
    return service, findings + own.override_findings(entry.overrides)


def _endpoints(entry: Entry, settings: Settings, names: HostNames) -> tuple[tuple[tuple[str, int], ...], list[Finding]]:
    host, port_name = split_endpoint(entry.name)
    port = int(port_name) if port_name.isdigit() else known_ports(settings.known_tcp_ports).get(port_name)
    port = names.port(port_name) if port is None else port
    if port is None or not 0 < port < 65536:  # noqa: PLR2004 - ports have 16 bits
        message = f"{entry.name}: unknown port {port_name!r}"
        return (), [Finding("GP0207", Level.ERROR, message, entry.place, "write the port as a number")]
    addresses = names.addresses(host) if host else names.listen
    if host and not addresses:
        message = f"{entry.name}: {host} has no address"
        return (), [Finding("GP0208", Level.ERROR, message, entry.place, "write the address itself")]
    return tuple((address, port) for address in addresses), []


def _wrapped(entry: Entry, settings: Settings) -> tuple[Settings, list[Finding]]:
    """The settings of an entry on port 465: in wrappermode, or a remark that they say no."""
    if not settings.is_set("smtpd_tls_wrappermode"):
        return settings.with_overrides({"smtpd_tls_wrappermode": "yes"}), []
    if settings.text("smtpd_tls_wrappermode").lower() != "no":
        return settings, []
    message = f"{entry.name} is on port {WRAPPED_PORT}, where clients begin with TLS, but smtpd_tls_wrappermode is no"
    place = settings.place("smtpd_tls_wrappermode") or entry.place
    return settings, [Finding("GP0209", Level.WARNING, message, place, "set it to yes, or use port 587")]


def enabled(entries: Iterable[Entry], disabled: Iterable[str]) -> tuple[Entry, ...]:
    """The entries that `master_service_disable` leaves.

    Its words are `name/type`, `name.type` or a type; `!` excepts, and the first word that fits decides.
    """
    words = list(disabled)
    return tuple(entry for entry in entries if not _disabled(entry, words))


def _disabled(entry: Entry, words: list[str]) -> bool:
    names = {f"{entry.name}/{entry.type}", f"{entry.name}.{entry.type}", entry.type}
    first = next((word for word in words if word.removeprefix("!") in names), "!")
    return not first.startswith("!")


def command_findings(entries: tuple[Entry, ...]) -> Iterator[Finding]:
    """Remarks on entries whose command Gatepost does not run as a process."""
    absorbed = [entry for entry in entries if entry.command in ABSORBED]
    if absorbed:
        names = ", ".join(entry.name for entry in absorbed)
        yield Finding("GP0210", Level.NOTE, f"Gatepost does the work of these itself: {names}", absorbed[0].place)
    for entry in entries:
        if entry.command in SUPPORTED or entry.command in ABSORBED:
            continue
        if entry.type == "inet" or entry.command == "postscreen":
            message = f"{entry.name}: {entry.command} is not supported, so its port would stay closed"
            yield Finding("GP0211", Level.ERROR, message, entry.place, "remove the entry, or use smtpd")
        else:
            yield Finding("GP0212", Level.NOTE, f"{entry.name}: {entry.command} is not supported", entry.place)


def references_of(entries: tuple[Entry, ...]) -> Mapping[str, SourceText]:
    """All override texts, for the names that they refer to."""
    return {f"{entry.name}/{name}": value for entry in entries for name, value in entry.overrides.items()}
