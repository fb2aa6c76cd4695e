"""The server's side of AUTH as values: what a session asks of a backend, and what it hears.

The rules:

1. A session asks `prepare` once, before its greeting: a backend that cannot say what it offers ends the session, as
   in Postfix, because a greeting without AUTH would make mail programs send passwords elsewhere.
2. `mechanisms` is what EHLO shows; `start` refuses every other mechanism by itself.
3. Responses are base64 text as it came; each backend checks it before use and says which one was wrong.
4. One exchange belongs to one AUTH command, and is dropped when that ends, however it ends.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from gatepost.mail.events import Event, Failed
from gatepost.mail.peer import Login

INVALID_MECHANISM = "Invalid authentication mechanism"
INVALID_INITIAL = "Invalid base64 data in initial response"
INVALID_CONTINUED = "Invalid base64 data in continued response"
NO_REASON = "(reason unavailable)"
"""What stands in replies and log lines where a backend gives no reason."""


NO_MECHANISMS = Failed("no SASL authentication mechanisms")
"""What is logged of a backend that offers none, or none that the configuration lets through."""


class SaslUnavailable(Exception):  # noqa: N818 - said as it is
    """The backend cannot serve this session; `events` are the log lines that say why."""

    def __init__(self, *events: Event) -> None:
        super().__init__("; ".join(str(event) for event in events))
        self.events = events


@dataclass(frozen=True, slots=True)
class SaslContext:
    """What a backend may want to know of the connection."""

    client_address: str = ""
    client_port: str = ""
    server_address: str = ""
    server_port: str = ""
    tls: bool = False


@dataclass(frozen=True, slots=True)
class Challenge:
    """The client is to answer; `text` is base64, possibly empty."""

    text: str


@dataclass(frozen=True, slots=True)
class Success:
    """The client is who it says."""

    login: Login


@dataclass(frozen=True, slots=True)
class Failure:
    """The login was refused.

    `temporary`: trying again later may help (454 instead of 535). `username` is empty where it never became known.
    """

    reason: str = NO_REASON
    temporary: bool = False
    username: str = ""


Step = Challenge | Success | Failure
"""What follows on a response."""


class Exchange(Protocol):
    """One AUTH command under way."""

    async def step(self, response: str | None) -> Step:
        """Go on with the client's response (base64; None where it has given none yet). Never raises."""
        ...

    def abort(self) -> None:
        """The client gave up (`*`), or went away."""
        ...


class SaslServer(Protocol):
    """A backend, as a service's configuration restricts it."""

    async def prepare(self) -> None:
        """Make sure that the mechanisms are known. Raises SaslUnavailable."""
        ...

    def mechanisms(self, *, tls: bool) -> tuple[str, ...]:
        """What is offered with, or without TLS, in the backend's order."""
        ...

    def start(self, mechanism: str, initial: str | None, context: SaslContext) -> Exchange:
        """Begin; the first `step(None)` takes the initial response into account (`=` stands for an empty one)."""
        ...


def decode_response(text: str) -> bytes | None:
    """The bytes of a base64 response, strictly read; None where it is no base64."""
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None


class Refused:
    """An exchange that was over before it began."""

    def __init__(self, failure: Failure) -> None:
        self._failure = failure

    async def step(self, response: str | None) -> Step:
        """Say that it is refused, whatever the response."""
        del response
        return self._failure

    def abort(self) -> None:
        """Nothing is under way."""


@dataclass(frozen=True, slots=True)
class Mechanism:
    """A mechanism and its properties, in Dovecot's words: plaintext, anonymous, dictionary and so on."""

    name: str
    properties: frozenset[str] = frozenset()


_FORBIDS = {
    "noplaintext": "plaintext",
    "noanonymous": "anonymous",
    "nodictionary": "dictionary",
    "noactive": "active",
}
_DEMANDS = {"forward_secrecy": "forward-secrecy", "mutual_auth": "mutual-auth"}


@dataclass(frozen=True, slots=True)
class SaslRules:
    """What a service's configuration lets through: the security options without and with TLS, and the name filter.

    `excluded` are the mechanism names, in upper case, that `smtpd_sasl_mechanism_filter` takes out.
    """

    options: frozenset[str] = frozenset({"noanonymous"})
    tls_options: frozenset[str] = frozenset({"noanonymous"})
    excluded: frozenset[str] = frozenset({"EXTERNAL"})

    def select(self, offered: Iterable[Mechanism], *, tls: bool) -> tuple[str, ...]:
        """The names that pass, in the order of the offer."""
        options = self.tls_options if tls else self.options
        return tuple(
            mechanism.name
            for mechanism in offered
            if mechanism.name.upper() not in self.excluded and _passes(mechanism.properties, options)
        )


def _passes(properties: frozenset[str], options: frozenset[str]) -> bool:
    return not any(
        (option in _FORBIDS and _FORBIDS[option] in properties)
        or (option in _DEMANDS and _DEMANDS[option] not in properties)
        for option in options
    )
