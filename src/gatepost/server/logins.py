"""The login backends of a worker: one connection to each auth socket, one password checker for each users file.

The rules:

1. Backends outlive a reload; what changes with it are the rules that each service has for them.
2. `smtpd_sasl_mechanism_filter` is a pattern list: a mechanism that it does not match is not offered. It is asked once,
   when the snapshot is built, for every name that a backend may offer.
"""

from __future__ import annotations

from pathlib import Path

from gatepost.config.matchlist import MatchList
from gatepost.config.settings import Settings
from gatepost.oracle import LookupFailed, Oracle
from gatepost.sasl.dovecot import DovecotServer, DovecotSocket
from gatepost.sasl.server import SaslRules, SaslServer
from gatepost.sasl.users import PasswordChecker, UsersFile, UsersServer
from gatepost.server.startup import login_type
from gatepost.tls.chains import Read

MECHANISMS = (
    "ANONYMOUS",
    "APOP",
    "CRAM-MD5",
    "DIGEST-MD5",
    "EXTERNAL",
    "GSS-SPNEGO",
    "GSSAPI",
    "LOGIN",
    "NTLM",
    "OAUTHBEARER",
    "OTP",
    "PLAIN",
    "RPA",
    "SCRAM-SHA-1",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-256",
    "SCRAM-SHA-256-PLUS",
    "SKEY",
    "XOAUTH2",
)
"""The mechanisms that Dovecot has ever offered."""


class LoginBackends:
    """Makes the login side of services."""

    def __init__(self) -> None:
        self._sockets: dict[str, DovecotSocket] = {}
        self._checkers: dict[str, PasswordChecker] = {}

    async def server(self, settings: Settings, oracle: Oracle, read: Read) -> SaslServer | None:
        """The backend of a service; None where AUTH is not enabled."""
        if not settings.smtpd_sasl_auth_enable:
            return None
        rules = SaslRules(
            frozenset(word.lower() for word in settings.smtpd_sasl_security_options),
            frozenset(word.lower() for word in settings.smtpd_sasl_tls_security_options),
            await _excluded(settings, oracle),
        )
        if login_type(settings) == "gatepost":
            return UsersServer(self._checker(settings.gatepost_users_file, read), rules)
        return DovecotServer(self._socket(settings), rules, settings.smtpd_sasl_service)

    async def close(self) -> None:
        """Hang up everywhere."""
        for backend in self._sockets.values():
            await backend.close()
        for checker in self._checkers.values():
            checker.close()

    def _socket(self, settings: Settings) -> DovecotSocket:
        shown = path = settings.smtpd_sasl_path
        if not path.startswith("inet:"):
            path = str(Path(settings.queue_directory) / path.removeprefix("unix:"))
        return self._sockets.setdefault(path, DovecotSocket(path, shown))

    def _checker(self, path: str, read: Read) -> PasswordChecker:
        rows = UsersFile(path, read)
        if path in self._checkers:
            self._checkers[path].use(rows)
        else:
            self._checkers[path] = PasswordChecker(rows)
        return self._checkers[path]


async def _excluded(settings: Settings, oracle: Oracle) -> frozenset[str]:
    """The mechanisms that the filter takes out; all of them where it cannot be asked."""
    wanted = MatchList.of(settings, "smtpd_sasl_mechanism_filter")
    excluded: set[str] = set()
    for name in MECHANISMS:
        try:
            if not await wanted.matches(oracle, name=name.lower()):
                excluded.add(name)
        except LookupFailed:
            excluded.add(name)
    return frozenset(excluded)
