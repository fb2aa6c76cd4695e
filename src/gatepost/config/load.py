"""Reading a configuration directory: the only module of this package that touches files and the host.

A configuration is read whole, or not at all: every fault is collected, and one error among them refuses it.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from gatepost.config.checks import check_all
from gatepost.config.expand import references
from gatepost.config.findings import ConfigurationError, Finding, Level, errors
from gatepost.config.lexer import logical_lines
from gatepost.config.master import Entry, parse_master
from gatepost.config.matchlist import NESTING_LIMIT, included_files
from gatepost.config.own import Interface, OwnAddresses, address_request, networks, parse_addresses
from gatepost.config.param import Patterns
from gatepost.config.services import HostNames, Service, build_service, command_findings, enabled, references_of
from gatepost.config.settings import PARAMETERS, Settings
from gatepost.config.source import split_words


@dataclass(frozen=True, slots=True)
class Configuration:
    """A configuration directory, read and checked. `findings` holds the remarks; errors do not get this far."""

    directory: Path
    settings: Settings
    services: tuple[Service, ...]
    own: OwnAddresses
    findings: tuple[Finding, ...]

    def service(self, name: str, kind: str = "unix") -> Service | None:
        """The service of that name and type, None where master.cf has none."""
        found = (service for service in self.services if (service.name, service.type) == (name, kind))
        return next(found, None)


def load(directory: Path) -> Configuration:
    """Read main.cf and master.cf of the directory, and what they name.

    Raises:
        ConfigurationError: there is at least one error; all findings are in it.
    """
    configuration = survey(directory)
    if errors(configuration.findings):
        raise ConfigurationError(configuration.findings)
    return configuration


def survey(directory: Path) -> Configuration:
    """The same, for finding faults rather than for running: what is wrong is replaced by defaults, and looked past.

    Raises:
        ConfigurationError: one of the two files cannot be read, so that there is nothing to look at.
    """
    findings: list[Finding] = []
    settings = _parse_main(directory, findings)
    entries, faults = parse_master(_read(directory / "master.cf", findings), str(directory / "master.cf"))
    if errors(findings):
        raise ConfigurationError(findings)
    findings += faults
    mentioned = set().union(*(references(text) for text in references_of(entries).values()))
    findings += settings.findings(services={entry.name for entry in entries}, mentioned=mentioned)
    settings, own = _with_host_facts(settings.without_faults(), findings)
    services = _services(enabled(entries, settings.master_service_disable), settings, own, findings)
    findings += check_all(settings, services)
    return Configuration(directory, settings, services, own, tuple(findings))


def read_settings(directory: Path) -> tuple[Settings, list[Finding]]:
    """The settings of main.cf alone, and what is wrong with them; for showing rather than for running.

    Raises:
        ConfigurationError: main.cf cannot be read.
    """
    findings: list[Finding] = []
    settings = _parse_main(directory, findings)
    if errors(findings):
        raise ConfigurationError(findings)
    findings += settings.findings()
    return (settings if errors(findings) else _with_host_facts(settings, findings)[0]), findings


def _parse_main(directory: Path, findings: list[Finding]) -> Settings:
    return Settings.parse(
        _read(directory / "main.cf", findings),
        file=str(directory / "main.cf"),
        directory=str(directory),
        host_name=socket.gethostname(),
    )


def _read(path: Path, findings: list[Finding]) -> str:
    """The text of a file; where it cannot be read, a finding and no text."""
    try:
        return path.read_text("utf-8", "surrogateescape")
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        findings.append(Finding("GP0005", Level.ERROR, message, None, "name a directory with main.cf and master.cf"))
        return ""


def _with_host_facts(settings: Settings, findings: list[Finding]) -> tuple[Settings, OwnAddresses]:
    """The settings with what files and interfaces say, and the host's own addresses."""
    settings = _with_origin(settings, findings)
    used = _used_interfaces(settings, findings)
    nets = networks(settings.mynetworks_style, used)
    proxies = frozenset(address for name in settings.proxy_interfaces for address in _addresses(name))
    own = OwnAddresses(frozenset(str(interface.ip) for interface in used), proxies, nets)
    settings = settings.with_defaults({"mynetworks": " ".join(nets)})
    return settings.with_files({**_included(settings), **_bounce_templates(settings)}), own


def _with_origin(settings: Settings, findings: list[Finding]) -> Settings:
    """`myorigin = /file` means the first line of the file, as Debian's Postfix has it."""
    if not settings.myorigin.startswith("/"):
        return settings
    text = _read(Path(settings.myorigin), findings)
    return settings.with_overrides({"myorigin": text.partition("\n")[0].strip()}) if text else settings


def _used_interfaces(settings: Settings, findings: list[Finding]) -> list[Interface]:
    """The interfaces that `inet_interfaces` and `inet_protocols` let the server use."""
    versions = _versions(settings)
    present = [interface for interface in _host_interfaces() if interface.version in versions]
    if "all" in settings.inet_interfaces:
        return present
    if "loopback-only" in settings.inet_interfaces:
        return [interface for interface in present if interface.is_loopback]
    used: list[Interface] = []
    for word in settings.words("inet_interfaces"):
        addresses = [address for address in _addresses(word.text) if ipaddress.ip_address(address).version in versions]
        if not addresses:
            message = f"inet_interfaces: {word.text} has no address that inet_protocols allows"
            findings.append(Finding("GP0105", Level.ERROR, message, word.place, "write the address itself"))
        for address in addresses:
            wanted = ipaddress.ip_address(address)
            used.append(next((one for one in present if one.ip == wanted), ipaddress.ip_interface(address)))
    return sorted(set(used), key=lambda one: (one.version, one.ip.packed))


def _versions(settings: Settings) -> set[int]:
    """The IP versions in use. `all` leaves out IPv6 where the host has none."""
    words = {word.lower() for word in settings.inet_protocols}
    versions = {4} if words & {"all", "ipv4"} else set()
    if "ipv6" in words or ("all" in words and _has_ipv6()):
        versions.add(6)
    return versions


def _has_ipv6() -> bool:
    try:
        socket.socket(socket.AF_INET6, socket.SOCK_STREAM).close()
    except OSError:
        return False
    return True


def _host_interfaces() -> list[Interface]:
    """The addresses of all interfaces, as the kernel lists them; loopback alone where it cannot be asked."""
    found: list[Interface] = []
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as asked:
            asked.settimeout(5)
            asked.send(address_request())
            complete = False
            while not complete:
                more, complete = parse_addresses(asked.recv(1 << 16))
                found += more
    except OSError:
        return [ipaddress.ip_interface("127.0.0.1/8"), ipaddress.ip_interface("::1/128")]
    return found


def _addresses(host: str) -> tuple[str, ...]:
    """The addresses of a host name, or the address itself."""
    name = host.removeprefix("[").removesuffix("]")
    try:
        infos = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(str(info[4][0]) for info in infos))


def _port(name: str) -> int | None:
    try:
        return socket.getservbyname(name, "tcp")
    except OSError:
        return None


def _included(settings: Settings) -> dict[str, str]:
    """The text of every file that a pattern list includes. One that cannot be read fails its list later."""
    texts: dict[str, str] = {}
    paths = {
        path
        for name, parameter in PARAMETERS.items()
        if isinstance(parameter, Patterns)
        for path in included_files(settings.words(name))
    }
    for _ in range(NESTING_LIMIT):
        new = {path: text for path in paths - texts.keys() if (text := _file_text(path)) is not None}
        if not new:
            break
        texts |= new
        paths = {path for text in new.values() for path in _nested_files(text)}
    return texts


def _bounce_templates(settings: Settings) -> dict[str, str]:
    """The text of `bounce_template_file`. One that cannot be read leaves the built-in texts in force."""
    path = settings.bounce_template_file
    text = _file_text(path) if path else None
    return {} if text is None else {path: text}


def _nested_files(text: str) -> Iterable[str]:
    for line in logical_lines(text, ""):
        yield from included_files(split_words(line))


def _file_text(path: str) -> str | None:
    try:
        return Path(path).read_text("utf-8", "surrogateescape")
    except OSError:
        return None


def _services(
    entries: tuple[Entry, ...], settings: Settings, own: OwnAddresses, findings: list[Finding]
) -> tuple[Service, ...]:
    versions = _versions(settings)
    if "all" in settings.inet_interfaces:
        listen = tuple(address for version, address in ((4, "0.0.0.0"), (6, "::")) if version in versions)  # noqa: S104 - what inet_interfaces = all means
    else:
        listen = tuple(sorted(own.interfaces))
    names = HostNames(_port, _addresses, listen)
    built = []
    for entry in entries:
        service, faults = build_service(entry, settings, names)
        findings += faults
        if entry.overrides:
            theirs = service.settings.without_faults()
            service = replace(service, settings=theirs.with_files(_included(theirs)))
        built.append(service)
    findings += command_findings(entries)
    return tuple(built)
