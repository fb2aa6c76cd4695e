"""Logging in to another server: which mechanism is taken, and its exchange in base64.

The rules:

1. Mechanisms are offered by the server, filtered by `smtp_sasl_mechanism_filter`, then by the security options
   (`noplaintext` forbids those that send the secret itself), and the strongest of the rest is taken.
2. OAUTHBEARER and XOAUTH2 are taken only where the filter names them: what the password table holds is then an access
   token, and a token is no password.
3. Only a mechanism that proves a secret is here, so `noanonymous` always holds; `mutual_auth` is what SCRAM can do, and
   `nodictionary`, `noactive` and `forward_secrecy` ask for what none of these can, and leave no mechanism.
4. What is sent is base64 (RFC 4954 section 4); a challenge that is none cancels the exchange.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from gatepost.sasl.bearer import BearerExchange
from gatepost.sasl.refusals import Refusals
from gatepost.sasl.scram import Binding, ScramExchange


class SecurityOption(Enum):
    """A word of `smtp_sasl_security_options`."""

    NO_PLAINTEXT = "noplaintext"
    NO_ACTIVE = "noactive"
    NO_DICTIONARY = "nodictionary"
    NO_ANONYMOUS = "noanonymous"
    MUTUAL = "mutual_auth"
    FORWARD_SECRECY = "forward_secrecy"


BEARER = frozenset({"OAUTHBEARER", "XOAUTH2"})
"""Mechanisms that want an access token."""

MECHANISMS = (
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-256",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-1",
    "CRAM-MD5",
    "OAUTHBEARER",
    "XOAUTH2",
    "PLAIN",
    "LOGIN",
)
"""What we can do, the strongest first."""

_SHOWS_NOTHING = frozenset({SecurityOption.NO_ANONYMOUS, SecurityOption.NO_PLAINTEXT})


def _can(mechanism: str) -> frozenset[SecurityOption]:
    """The security options that a mechanism satisfies."""
    if mechanism.startswith("SCRAM"):
        return _SHOWS_NOTHING | {SecurityOption.MUTUAL}
    if mechanism == "CRAM-MD5":
        return _SHOWS_NOTHING
    return frozenset({SecurityOption.NO_ANONYMOUS})


class Exchange(Protocol):
    """One attempt with one mechanism, in plain bytes."""

    @property
    def mechanism(self) -> str:
        """The mechanism's name."""
        ...

    @property
    def is_proven(self) -> bool:
        """Whether the server has proven what its mechanism asks it to prove."""
        ...

    def initial(self) -> bytes | None:
        """The initial response; None where the server speaks first."""
        ...

    def answer(self, challenge: bytes) -> bytes | None:
        """The response to a challenge; None where there is none to give."""
        ...

    def final(self, data: bytes) -> None:
        """Take what came with the server's success."""
        ...


@dataclass(slots=True)
class PasswordExchange:
    """PLAIN (RFC 4616), LOGIN (draft-murchison-sasl-login) and CRAM-MD5 (RFC 2195)."""

    mechanism: str
    username: bytes
    password: bytes
    is_proven: bool = True
    _said: int = 0

    def initial(self) -> bytes | None:
        """Of PLAIN, everything."""
        return b"\0" + self.username + b"\0" + self.password if self.mechanism == "PLAIN" else None

    def answer(self, challenge: bytes) -> bytes | None:
        """The name, the password, or proof of it."""
        self._said += 1
        match self.mechanism, self._said:
            case "CRAM-MD5", 1:
                digest = hmac.new(self.password, challenge, "md5").hexdigest()
                return self.username + b" " + digest.encode("ascii")
            case "LOGIN", 1:
                return self.username
            case "LOGIN", 2:
                return self.password
            case _:
                return None

    def final(self, data: bytes) -> None:
        """Success has nothing to add."""


@dataclass(slots=True)
class SaslExchange:
    """An attempt as the protocol carries it: in base64."""

    _inner: Exchange

    @property
    def mechanism(self) -> str:
        """The mechanism's name."""
        return self._inner.mechanism

    def initial(self) -> str | None:
        """The initial response; None where the server speaks first."""
        first = self._inner.initial()
        return None if first is None else _encode(first)

    def answer(self, challenge: str) -> str | None:
        """The response to a challenge; None where there is none to give."""
        asked = _decode(challenge)
        answer = None if asked is None else self._inner.answer(asked)
        return None if answer is None else _encode(answer)

    def is_proven(self, last: str) -> bool:
        """Whether the server has proven what it had to; `last` is what its success says."""
        data = _decode(last)
        if data:
            self._inner.final(data)
        return self._inner.is_proven


@dataclass(frozen=True, slots=True)
class SaslLogin:
    """A user name with its secret, and what may be done with them.

    `allowed` are the mechanisms that the configured filter lets through, in capitals; None where there is no filter.
    The options are those of plain sessions, of TLS, and of TLS with a verified server. `nonce` makes text that was
    never used before. Logins are equal where name, secret and rules are.
    """

    username: str
    password: str
    options: frozenset[SecurityOption] = frozenset()
    tls_options: frozenset[SecurityOption] = frozenset()
    verified_options: frozenset[SecurityOption] = frozenset()
    allowed: frozenset[str] | None = None
    host: str = ""
    port: str = ""
    nonce: Callable[[], str] = field(default=lambda: "", compare=False)
    refusals: Refusals | None = field(default=None, compare=False)
    """Refused logins, where they are remembered."""

    def refusal(self) -> str:
        """What the server said to this login some time ago; empty where it may be tried."""
        return self.refusals.find((self.host, self.username, self.password)) if self.refusals is not None else ""

    def refused(self, said: str) -> None:
        """Remember, where that is wanted, that the server refused this login."""
        if self.refusals is not None:
            self.refusals.add((self.host, self.username, self.password), said)

    def supported(self, offered: tuple[str, ...]) -> tuple[str, ...]:
        """The offered mechanisms that the filter lets through."""
        return tuple(name for name in offered if self.allowed is None or name in self.allowed)

    def begin(
        self, mechanisms: tuple[str, ...], *, tls: bool, verified: bool = False, binding: bytes = b""
    ) -> SaslExchange | None:
        """Start with the strongest of these; None where options or what is implemented leave none.

        `binding` is what names the TLS session (RFC 9266), empty where nothing does.
        """
        wanted = self.options
        if tls:
            wanted = self.verified_options if verified else self.tls_options
        for name in MECHANISMS:
            if name not in mechanisms or wanted - _can(name):
                continue
            if (name.endswith("-PLUS") and not binding) or (name in BEARER and self.allowed is None):
                continue
            return SaslExchange(self._exchange(name, mechanisms, binding))
        return None

    def _exchange(self, name: str, mechanisms: tuple[str, ...], binding: bytes) -> Exchange:
        if name.startswith("SCRAM"):
            plus = f"{name.removesuffix('-PLUS')}-PLUS"
            could = self.allowed is None or plus in self.allowed
            bound = Binding(data=binding, hidden=bool(binding) and could and plus not in mechanisms)
            return ScramExchange(name, self.username, self.password, self.nonce(), bound)
        if name in BEARER:
            return BearerExchange(name, self.username, self.password, self.host, self.port)
        return PasswordExchange(name, _bytes(self.username), _bytes(self.password))


def security_options(words: tuple[str, ...]) -> frozenset[SecurityOption]:
    """The words of a security options parameter; raises ValueError for one that is none."""
    return frozenset(SecurityOption(word.strip().lower()) for word in words if word.strip())


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _decode(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
