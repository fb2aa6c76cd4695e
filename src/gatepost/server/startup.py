"""What is looked at before the start, beyond the text of main.cf: restrictions, certificates, logins, tables.

GP04xx: certificates, logins and commands. A fault of certificates is a warning, as Postfix starts with it too (STARTTLS
then answers 454), and so is one of a pipe transport, whose mail waits meanwhile; a login backend that does not exist
stops the start, because every client would be turned away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from gatepost.config.findings import ConfigurationError, Finding, Level, errors
from gatepost.config.load import Configuration
from gatepost.config.services import Service
from gatepost.config.settings import Settings
from gatepost.delivery.pipeattributes import BadAttribute, PipeAttributes
from gatepost.mail.events import Event
from gatepost.policy.compile import compile_program
from gatepost.sasl.users import parse_users
from gatepost.tables.findings import unsupported_tables
from gatepost.tls.context import ServerTls, TlsUnavailable
from gatepost.tls.modes import server_tls_mode

CERTIFICATE_UNUSABLE = "GP0401"
LOGIN_TYPE_MISSING = "GP0402"
USERS_UNREADABLE = "GP0403"
PIPE_UNUSABLE = "GP0404"


def with_start_findings(configuration: Configuration) -> Configuration:
    """The configuration with what was found added. Raises ConfigurationError where it must not start.

    It may have errors already (`survey`); what is found here is told beside them.
    """
    added: list[Finding] = []
    for service in configuration.services:
        if service.command == "smtpd":
            found = (*compile_program(service.settings, configuration.own)[1], *_service_findings(service))
            added += (finding for finding in found if finding not in added)
        elif service.command == "pipe":
            added += _pipe_findings(service)
    for settings in (configuration.settings, *(service.settings for service in configuration.services)):
        added += (finding for finding in unsupported_tables(settings) if finding not in added)
    findings = (*configuration.findings, *added)
    if errors(findings):
        raise ConfigurationError(findings)
    return replace(configuration, findings=findings)


def _service_findings(service: Service) -> Iterator[Finding]:
    yield from _certificate_findings(service.settings)
    yield from _login_findings(service.settings)


def _pipe_findings(service: Service) -> Iterator[Finding]:
    try:
        PipeAttributes.parse(service.args)
    except BadAttribute as error:
        message = f"{service.name}: {error}; its mail would wait in the queue"
        hint = "such as: user=vmail argv=/usr/bin/maildrop -d ${recipient}"
        yield Finding(PIPE_UNUSABLE, Level.WARNING, message, service.entry.place, hint)


def _certificate_findings(settings: Settings) -> Iterator[Finding]:
    if not server_tls_mode(settings).used:
        return
    try:
        ServerTls.build(settings, _ignore)
    except TlsUnavailable as error:
        names = ("smtpd_tls_chain_files", "smtpd_tls_cert_file", "smtpd_tls_key_file", "smtpd_tls_security_level")
        place = next((place for name in names if (place := settings.place(name))), None)
        hint = (
            "name a certificate (smtpd_tls_cert_file) and its key (smtpd_tls_key_file); until then, "
            "STARTTLS answers 454 4.7.0 TLS not available due to local problem"
        )
        yield Finding(CERTIFICATE_UNUSABLE, Level.WARNING, str(error), place, hint)


def _login_findings(settings: Settings) -> Iterator[Finding]:
    if not settings.smtpd_sasl_auth_enable:
        return
    kind = login_type(settings)
    if kind == "cyrus":
        hint = "use smtpd_sasl_type = dovecot with smtpd_sasl_path, or gatepost_users_file and `gatepost user add`"
        message = "smtpd_sasl_type = cyrus: there is no saslauthd backend"
        place = settings.place("smtpd_sasl_type") or settings.place("smtpd_sasl_auth_enable")
        yield Finding(LOGIN_TYPE_MISSING, Level.ERROR, message, place, hint)
    if kind == "gatepost":
        yield from _users_findings(settings)


def _users_findings(settings: Settings) -> Iterator[Finding]:
    name = settings.gatepost_users_file
    place = settings.place("gatepost_users_file") or settings.place("smtpd_sasl_type")
    if not name:
        yield Finding(USERS_UNREADABLE, Level.ERROR, "smtpd_sasl_type = gatepost needs gatepost_users_file", place)
        return
    try:
        parse_users(Path(name).read_text("utf-8"))
    except OSError as error:
        hint = "create it with: gatepost user add NAME"
        yield Finding(USERS_UNREADABLE, Level.WARNING, f"{name}: {error.strerror}; nobody can log in", place, hint)
    except ValueError as error:
        yield Finding(USERS_UNREADABLE, Level.ERROR, f"{name}: {error}", place)


def login_type(settings: Settings) -> str:
    """`smtpd_sasl_type`; `gatepost` where only the users file is set."""
    if settings.gatepost_users_file and not settings.is_set("smtpd_sasl_type"):
        return "gatepost"
    return settings.smtpd_sasl_type


def _ignore(event: Event) -> None:
    del event
