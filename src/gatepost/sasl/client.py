"""Logging in to another server: PLAIN (RFC 4616), LOGIN (draft-murchison-sasl-login) and CRAM-MD5 (RFC 2195).

The rules:

1. Mechanisms are offered by the server, filtered by `smtp_sasl_mechanism_filter`, then by the security options
   (`noplaintext` forbids PLAIN and LOGIN), and the strongest of the rest is taken.
2. Only a mechanism that proves a password is here, so `noanonymous` always holds; `nodictionary`, `noactive`,
   `forward_secrecy` and `mutual_auth` ask for what none of these can do, and leave no mechanism.
3. What is sent is base64 (RFC 4954 section 4); a challenge that is none cancels the exchange.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass
from enum import Enum


class SecurityOption(Enum):
    """A word of `smtp_sasl_security_options`."""

    NO_PLAINTEXT = "noplaintext"
    NO_ACTIVE = "noactive"
    NO_DICTIONARY = "nodictionary"
    NO_ANONYMOUS = "noanonymous"
    MUTUAL = "mutual_auth"
    FORWARD_SECRECY = "forward_secrecy"


MECHANISMS = ("CRAM-MD5", "PLAIN", "LOGIN")
"""What we can do, the strongest first."""

_HARMLESS = {SecurityOption.NO_ANONYMOUS}
_FORBIDDEN_BY = {
    "CRAM-MD5": frozenset(SecurityOption) - _HARMLESS - {SecurityOption.NO_PLAINTEXT},
    "PLAIN": frozenset(SecurityOption) - _HARMLESS,
    "LOGIN": frozenset(SecurityOption) - _HARMLESS,
}


@dataclass(frozen=True, slots=True)
class SaslLogin:
    """A user name with its password, and what may be done with them.

    `allowed` are the mechanisms that the configured filter lets through, in capitals; None where there is no filter.
    """

    username: str
    password: str
    options: frozenset[SecurityOption] = frozenset()
    tls_options: frozenset[SecurityOption] = frozenset()
    allowed: frozenset[str] | None = None

    def supported(self, offered: tuple[str, ...]) -> tuple[str, ...]:
        """The offered mechanisms that the filter lets through."""
        return tuple(name for name in offered if self.allowed is None or name in self.allowed)

    def begin(self, mechanisms: tuple[str, ...], *, tls: bool) -> SaslExchange | None:
        """Start with the strongest of these; None where options or what is implemented leave none."""
        options = self.tls_options if tls else self.options
        for name in MECHANISMS:
            if name in mechanisms and not options & _FORBIDDEN_BY[name]:
                return SaslExchange(name, _bytes(self.username), _bytes(self.password))
        return None


@dataclass(slots=True)
class SaslExchange:
    """One attempt to log in."""

    mechanism: str
    username: bytes
    password: bytes
    _said: int = 0

    def initial(self) -> str | None:
        """The initial response; None where the server speaks first."""
        return _encode(b"\0" + self.username + b"\0" + self.password) if self.mechanism == "PLAIN" else None

    def answer(self, challenge: str) -> str | None:
        """The response to a challenge; None where there is none to give."""
        try:
            asked = base64.b64decode(challenge, validate=True)
        except (binascii.Error, ValueError):
            return None
        self._said += 1
        match self.mechanism, self._said:
            case "CRAM-MD5", 1:
                digest = hmac.new(self.password, asked, "md5").hexdigest()
                return _encode(self.username + b" " + digest.encode("ascii"))
            case "LOGIN", 1:
                return _encode(self.username)
            case "LOGIN", 2:
                return _encode(self.password)
            case _:
                return None


def security_options(words: tuple[str, ...]) -> frozenset[SecurityOption]:
    """The words of a security options parameter; raises ValueError for one that is none."""
    return frozenset(SecurityOption(word.strip().lower()) for word in words if word.strip())


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
