"""The password mechanisms that the users file serves: PLAIN (RFC 4616) and LOGIN, as exchanges without a backend.

The rules:

1. An exchange takes decoded responses and gives a prompt, the credentials, or says that what came is malformed.
2. Names and passwords are UTF-8 text without control characters: a name ends up in log lines and headers.
3. Acting for somebody else (PLAIN's authorization identity) is not offered: it must be empty, or the login itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gatepost.sasl.server import Mechanism

NAME_LIMIT = 255
"""Characters of a login name (RFC 4616 section 2 allows that many)."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """The client is to send more."""

    text: bytes


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the client claims."""

    username: str
    password: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """What came is not of the mechanism's form; `username` as far as it became known."""

    username: str = ""


Answer = Prompt | Credentials | Malformed


class PlainExchange:
    """One message: authorization identity, login and password, each ended by a NUL but the last (RFC 4616)."""

    def take(self, response: bytes | None) -> Answer:
        """Go on; None: no response has come yet."""
        if response is None:
            return Prompt(b"")
        parts = response.split(b"\0")
        if len(parts) != 3:  # noqa: PLR2004 - the three parts of the message
            return Malformed()
        identity, name, password = (_text(part) for part in parts)
        if not name or password is None or identity is None or identity not in {"", name}:
            return Malformed(name or "")
        return Credentials(name, password)


class LoginExchange:
    """Two questions, as mail programs have always answered them (there is no standard)."""

    def __init__(self) -> None:
        self._name: str | None = None
        self._asked = False

    def take(self, response: bytes | None) -> Answer:
        """Go on; None: no response has come yet."""
        if response is None:
            return Prompt(b"Username:")
        if not self._asked:
            self._asked, self._name = True, _text(response)
            return Prompt(b"Password:")
        password = _text(response)
        if not self._name or password is None:
            return Malformed(self._name or "")
        return Credentials(self._name, password)


PasswordExchange = PlainExchange | LoginExchange

MECHANISMS: dict[str, Callable[[], PasswordExchange]] = {"PLAIN": PlainExchange, "LOGIN": LoginExchange}
"""What the users file can do, in the order in which EHLO shows it."""

OFFER = tuple(Mechanism(name, frozenset({"plaintext"})) for name in MECHANISMS)
"""The same with the property that security options ask about."""


def _text(raw: bytes) -> str | None:
    """The bytes as text; None where they are none that we take."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if len(text) <= NAME_LIMIT and text.isprintable() else None
