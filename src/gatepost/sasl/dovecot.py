"""Logins by Dovecot's auth socket, whatever mechanisms it offers.

The protocol is Dovecot's authentication protocol, version 1: lines of fields between tabs. After a greeting (VERSION,
MECH, SPID, CUID, COOKIE, DONE) the client sends AUTH and CONT with a request number, and hears OK, FAIL or CONT.

The rules:

1. One connection a worker and socket, kept open, with many requests under way at once; it is made anew when it is gone.
2. `resp=` is the last field of AUTH, as the protocol wants it: nothing that follows would be read as a field.
3. What a client sends is passed on only when it has base64's characters alone, so that no tab or line end can add a
   field or a request; whether it is base64, the auth server says. The mechanism goes as the client wrote it.
4. A request that is dropped (the client gave up) keeps its number until Dovecot answers; the answer is thrown away.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from gatepost.mail.events import Warned
from gatepost.mail.peer import Login
from gatepost.sasl.server import (
    INVALID_CONTINUED,
    INVALID_INITIAL,
    INVALID_MECHANISM,
    NO_MECHANISMS,
    NO_REASON,
    Challenge,
    Exchange,
    Failure,
    Mechanism,
    Refused,
    SaslContext,
    SaslRules,
    SaslUnavailable,
    Step,
    Success,
)

TIMEOUT = 10.0
"""Seconds for the greeting, and for each answer (Postfix has the same)."""

LINE_LIMIT = 65_536
"""Bytes of a line; a server that sends longer ones is none."""

LOST = "Connection lost to authentication server"
UNREACHABLE = "Can't connect to authentication server"

_MAJOR, _MINOR = 1, 0
_BASE64 = re.compile(r"[A-Za-z0-9+/=]*")


class AuthServerError(Exception):
    """The auth server cannot be talked to; the text says why."""


@dataclass(slots=True)
class _Greeting:
    mechanisms: list[Mechanism] = field(default_factory=list)
    version_seen: bool = False


class _Connection(asyncio.Protocol):
    """One connection: greeting first, then answers to requests by number."""

    def __init__(self) -> None:
        self._buffer = b""
        self._transport: asyncio.WriteTransport | None = None
        self._greeting = _Greeting()
        self._answers: dict[int, asyncio.Future[list[str]]] = {}
        self._last = 0
        self.greeted: asyncio.Future[tuple[Mechanism, ...]] = asyncio.get_running_loop().create_future()
        self.closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Introduce ourselves."""
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's are none by inheritance
        self._transport.write(f"VERSION\t{_MAJOR}\t{_MINOR}\nCPID\t{os.getpid()}\n".encode("ascii"))

    def data_received(self, data: bytes) -> None:
        """Cut into lines."""
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            self._line(line.decode("utf-8", "replace").split("\t"))
        if len(self._buffer) > LINE_LIMIT:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody will be answered any more."""
        del exc
        self.closed = True
        if not self.greeted.done():
            self.greeted.set_exception(AuthServerError(LOST))
            self.greeted.exception()  # it may be that nobody waits for it
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(AuthServerError(LOST))
        self._answers.clear()

    def close(self) -> None:
        """Hang up."""
        self.closed = True
        if self._transport is not None:
            self._transport.close()

    def next_number(self) -> int:
        """A request number that is not in use."""
        self._last = self._last % 0x7FFFFFFF + 1
        return self._last

    async def ask(self, number: int, line: str) -> list[str]:
        """Send a request and give the answer's fields. Raises AuthServerError."""
        if self.closed or self._transport is None:
            raise AuthServerError(LOST)
        answer: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        self._transport.write(line.encode("utf-8", "replace"))
        try:
            return await asyncio.wait_for(answer, TIMEOUT)
        except TimeoutError:
            self.close()
            raise AuthServerError(LOST) from None
        finally:
            self._answers.pop(number, None)

    def _line(self, fields: list[str]) -> None:
        match fields:
            case ["VERSION", major, *_]:
                self._greeting.version_seen = major == str(_MAJOR)
            case ["MECH", name, *properties]:
                self._greeting.mechanisms.append(Mechanism(name, frozenset(properties)))
            case ["DONE", *_] if not self.greeted.done():
                if self._greeting.version_seen:
                    self.greeted.set_result(tuple(self._greeting.mechanisms))
                else:
                    self.greeted.set_exception(AuthServerError("incompatible protocol version"))
                    self.close()
            case ["OK" | "FAIL" | "CONT", number, *_] if number.isdigit():
                answer = self._answers.get(int(number))
                if answer is not None and not answer.done():
                    answer.set_result(fields)
            case _:
                pass  # SPID, CUID, COOKIE and what later versions add


class DovecotSocket:
    """The auth socket of `smtpd_sasl_path`: a path, `unix:path`, or `inet:host:port`.

    `shown` is how log lines call it, where that differs: the path as it is configured.
    """

    def __init__(self, path: str, shown: str = "") -> None:
        self.path = path
        self.shown = shown or path
        self.mechanisms: tuple[Mechanism, ...] = ()
        """As of the last greeting."""
        self._connection: _Connection | None = None
        self._turn = asyncio.Lock()

    async def connection(self) -> _Connection:
        """The connection, made where it is missing. Raises OSError and AuthServerError."""
        async with self._turn:
            if self._connection is None or self._connection.closed:
                self._connection = await self._connect()
            return self._connection

    async def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        made: Callable[[], _Connection] = _Connection
        async with asyncio.timeout(TIMEOUT):
            if self.path.startswith("inet:"):
                host, _, port = self.path.removeprefix("inet:").rpartition(":")
                _, connection = await loop.create_connection(made, host.strip("[]"), int(port))
            else:
                _, connection = await loop.create_unix_connection(made, self.path.removeprefix("unix:"))
            try:
                self.mechanisms = await connection.greeted
            except BaseException:
                connection.close()
                raise
        return connection


class DovecotServer:
    """Dovecot as a service's login backend (`smtpd_sasl_type = dovecot`); `service` is `smtpd_sasl_service`."""

    def __init__(self, backend: DovecotSocket, rules: SaslRules, service: str = "smtp") -> None:
        self._backend = backend
        self._rules = rules
        self._service = service

    async def prepare(self) -> None:
        """Connect, and hear what mechanisms there are. Raises SaslUnavailable."""
        try:
            await self._backend.connection()
        except (OSError, AuthServerError, ValueError) as error:
            reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
            warning = Warned(f"SASL: Connect to Dovecot auth socket '{self._backend.shown}' failed: {reason}")
            raise SaslUnavailable(warning, NO_MECHANISMS) from error
        if not self._backend.mechanisms:
            raise SaslUnavailable(NO_MECHANISMS)

    def mechanisms(self, *, tls: bool) -> tuple[str, ...]:
        """What Dovecot offers, as far as the rules let it through."""
        return self._rules.select(self._backend.mechanisms, tls=tls)

    def start(self, mechanism: str, initial: str | None, context: SaslContext) -> Exchange:
        """Begin an exchange."""
        if mechanism.upper() not in (offered.upper() for offered in self.mechanisms(tls=context.tls)):
            return Refused(Failure(INVALID_MECHANISM))
        if initial is not None and not _BASE64.fullmatch(initial):
            return Refused(Failure(INVALID_INITIAL))
        fields = ["AUTH", "{}", mechanism, f"service={self._service}", "nologin"]
        fields += [f"lip={context.server_address}", f"rip={context.client_address}"]
        fields += ["secured"] if context.tls else []
        fields += [f"resp={initial}"] if initial is not None else []
        return _DovecotLogin(self._backend, mechanism, "\t".join(fields) + "\n")


class _DovecotLogin:
    def __init__(self, backend: DovecotSocket, method: str, request: str) -> None:
        self._backend = backend
        self._method = method
        self._request = request
        self._connection: _Connection | None = None
        self._number = 0

    async def step(self, response: str | None) -> Step:
        if response is None:
            return await self._begin()
        if not _BASE64.fullmatch(response):
            return Failure(INVALID_CONTINUED)
        if self._connection is None:
            return Failure(LOST, temporary=True)
        try:
            return self._step(await self._connection.ask(self._number, f"CONT\t{self._number}\t{response}\n"))
        except AuthServerError as error:
            return Failure(str(error), temporary=True)

    async def _begin(self) -> Step:
        """Send AUTH; once more where the connection turns out to have been closed since its last use."""
        for _ in range(2):
            try:
                self._connection = await self._backend.connection()
                self._number = self._connection.next_number()
                answer = await self._connection.ask(self._number, self._request.replace("{}", str(self._number), 1))
                return self._step(answer)
            except AuthServerError:
                continue
            except (OSError, TimeoutError):
                return Failure(UNREACHABLE, temporary=True)
        return Failure(LOST, temporary=True)

    def _step(self, fields: list[str]) -> Step:
        kind, rest = fields[0], fields[2:]
        if kind == "CONT":
            return Challenge(rest[0] if rest else "")
        told = {name: value for name, _, value in (entry.partition("=") for entry in rest)}
        username = told.get("user", "")
        if kind == "FAIL":
            return Failure(told.get("reason") or NO_REASON, username=username)
        if not username or not username.isprintable():
            return Failure("Authentication backend error")
        return Success(Login(self._method, username))

    def abort(self) -> None:
        """Nothing is under way between two steps; Dovecot drops what is not continued."""
