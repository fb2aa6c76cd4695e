r"""The users file: logins and argon2id hashes that `gatepost user` writes, and the backend that checks against them.

The rules:

1. A line is `name:hash`; `#` begins a comment. The last line of a name counts. The file is read again when it changes.
2. Hashes are argon2id with 19 MiB, two passes and one lane (the OWASP minimum of 2023); one takes some 30 ms of a core.
3. Verification happens in threads, at most one a core, with a bounded queue: a flood of logins delays logins, and
   nothing else. Who waits too long is told to come again.
4. A success is remembered for some minutes under a key of this process, together with the row that it was checked
   against, so that a changed password is in force at once.
5. An unknown name costs as much as a known one, and gets the same answer.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import argon2

from gatepost.mail.events import Warned
from gatepost.mail.peer import Login
from gatepost.sasl.mechanisms import MECHANISMS, OFFER, Credentials, Malformed, PasswordExchange, Prompt
from gatepost.sasl.server import (
    INVALID_CONTINUED,
    INVALID_INITIAL,
    INVALID_MECHANISM,
    Challenge,
    Exchange,
    Failure,
    Refused,
    SaslContext,
    SaslRules,
    SaslUnavailable,
    Step,
    Success,
    decode_response,
)

HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""The hashes that are made; those that are checked may have other costs."""

QUEUE = 64
"""Verifications that may wait for a thread, for each thread."""

PATIENCE = 20.0
"""Seconds that a login waits for its turn."""

MEMORY = 300.0
"""Seconds that a success is remembered."""

REMEMBERED = 10_000
"""Successes that are remembered."""

FAILED = "authentication failed"
BUSY = "too many logins at once"


def parse_users(text: str) -> dict[str, str]:
    """Name to hash; raises ValueError with the number of a line that is none of either."""
    rows: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        name, colon, hashed = stripped.partition(":")
        if not colon or not name or not hashed.startswith("$argon2"):
            raise ValueError(f"line {number}: not of the form name:hash")
        rows[name] = hashed
    return rows


def render_users(rows: Mapping[str, str]) -> str:
    """The text of a users file."""
    return "".join(f"{name}:{hashed}\n" for name, hashed in rows.items())


class Rows(Protocol):
    """The rows of a users file as they are now."""

    def current(self) -> Mapping[str, str]:
        """Name to hash. Raises OSError and ValueError where there is nothing to go by."""
        ...


class UsersFile:
    """A users file, read again when it changes; what cannot be read any more keeps the old rows."""

    def __init__(self, path: str, read: Callable[[str], bytes] | None = None) -> None:
        self._path = Path(path)
        self._read = read or (lambda name: Path(name).read_bytes())
        self._seen: tuple[int, int, int] | None = None
        self._rows: Mapping[str, str] | None = None

    def current(self) -> Mapping[str, str]:
        """The rows. Raises OSError and ValueError where they could never be read."""
        try:
            status = self._path.stat()
            seen = (status.st_ino, status.st_size, status.st_mtime_ns)
            if self._rows is None or seen != self._seen:
                self._rows = parse_users(self._read(str(self._path)).decode("utf-8"))
                self._seen = seen
        except (OSError, ValueError):
            if self._rows is None:
                raise
        return self._rows


class PasswordChecker:
    """Checks passwords off the event loop; one for all services of a worker."""

    def __init__(self, rows: Rows, *, threads: int | None = None) -> None:
        self._rows = rows
        self._threads = threads or len(os.sched_getaffinity(0))
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="password")
        self._waiting = 0
        self._key = secrets.token_bytes(32)
        self._known: dict[bytes, float] = {}
        self._decoy: str | None = None

    def use(self, rows: Rows) -> None:
        """Go on with other rows; successes that they bear out stay remembered."""
        self._rows = rows

    def readable(self) -> None:
        """Make sure that there are rows. Raises OSError and ValueError."""
        self._rows.current()

    async def check(self, username: str, password: str) -> bool | None:
        """Whether the password is the user's; None: too much to do, come again."""
        try:
            row = self._rows.current().get(username)
        except (OSError, ValueError):
            return None
        if row is not None and self._remembers(username, password, row):
            return True
        if self._waiting >= QUEUE * self._threads:
            return None
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            job = loop.run_in_executor(self._pool, self._verify, row, password)
            matched = await asyncio.wait_for(job, PATIENCE)
        except TimeoutError:
            return None
        finally:
            self._waiting -= 1
        if matched and row is not None:
            self._remember(username, password, row)
        return matched

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _verify(self, row: str | None, password: str) -> bool:
        if self._decoy is None:
            self._decoy = HASHER.hash(secrets.token_hex(16))
        try:
            HASHER.verify(row if row is not None else self._decoy, password)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False
        return row is not None

    def _mark(self, username: str, password: str, row: str) -> bytes:
        text = f"{username}\0{password}\0{row}"
        return hmac.new(self._key, text.encode("utf-8", "surrogateescape"), hashlib.sha256).digest()

    def _remembers(self, username: str, password: str, row: str) -> bool:
        return self._known.get(self._mark(username, password, row), 0.0) > time.monotonic()

    def _remember(self, username: str, password: str, row: str) -> None:
        if len(self._known) >= REMEMBERED:
            now = time.monotonic()
            self._known = {mark: until for mark, until in self._known.items() if until > now}
            if len(self._known) >= REMEMBERED:
                self._known.clear()
        self._known[self._mark(username, password, row)] = time.monotonic() + MEMORY


class UsersServer:
    """The users file as a service's login backend (`smtpd_sasl_type = gatepost`)."""

    def __init__(self, checker: PasswordChecker, rules: SaslRules) -> None:
        self._checker = checker
        self._rules = rules

    async def prepare(self) -> None:
        """Make sure that the users file can be read. Raises SaslUnavailable."""
        try:
            self._checker.readable()
        except (OSError, ValueError) as error:
            raise SaslUnavailable(Warned(f"SASL: gatepost_users_file: {error}")) from error

    def mechanisms(self, *, tls: bool) -> tuple[str, ...]:
        """PLAIN and LOGIN, as far as the rules let them through."""
        return self._rules.select(OFFER, tls=tls)

    def start(self, mechanism: str, initial: str | None, context: SaslContext) -> Exchange:
        """Begin an exchange."""
        name = mechanism.upper()
        if name not in self.mechanisms(tls=context.tls):
            return Refused(Failure(INVALID_MECHANISM))
        return _PasswordLogin(name, MECHANISMS[name](), initial, self._checker)


class _PasswordLogin:
    def __init__(self, method: str, exchange: PasswordExchange, initial: str | None, checker: PasswordChecker) -> None:
        self._method = method
        self._exchange = exchange
        self._initial = initial
        self._checker = checker

    async def step(self, response: str | None) -> Step:
        fault = INVALID_INITIAL if response is None else INVALID_CONTINUED
        given, self._initial = (response if response is not None else self._initial), None
        data: bytes | None = None
        if given is not None:  # "=" is an empty initial response, RFC 4954 section 4
            data = b"" if given == "=" and response is None else decode_response(given)
            if data is None:
                return Failure(fault)
        match self._exchange.take(data):
            case Prompt(text):
                return Challenge(base64.b64encode(text).decode("ascii"))
            case Malformed(username):
                return Failure(FAILED, username=username)
            case Credentials(username, password):
                return await self._check(username, password)

    async def _check(self, username: str, password: str) -> Step:
        matched = await self._checker.check(username, password)
        if matched is None:
            return Failure(BUSY, temporary=True, username=username)
        if not matched:
            return Failure(FAILED, username=username)
        return Success(Login(self._method, username))

    def abort(self) -> None:
        """Nothing is under way between two steps."""
