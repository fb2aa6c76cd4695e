"""Texts with `$name` in them that are filled in for a session: DNS list replies, and what is appended to refusals.

1. The language is that of main.cf values (`gatepost.config.expand`), but values are inserted as they are: a `$` that a
   client sent is never looked at again.
2. Bytes outside `smtpd_expansion_filter` become `_`, so that no client can put words of its own into a reply.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from gatepost.config.expand import ExpansionError, expand
from gatepost.config.source import SourceText
from gatepost.policy.facts import Facts

_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|(.))", re.DOTALL)
_CONTROLS = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


class UnknownNameError(ValueError):
    """A template uses a name that there is not. `name` is that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f'unknown macro name "{name}" in expansion request')
        self.name = name


class TemplateError(ValueError):
    """A template is malformed."""


class Filter:
    """The bytes that values may bring into a text, as `smtpd_expansion_filter` lists them (with C escapes)."""

    def __init__(self, text: str) -> None:
        allowed = _ESCAPE.sub(_unescaped, text.encode("utf-8", "surrogateescape"))
        self._table = bytes(byte if byte in allowed else ord("_") for byte in range(256))

    def clean(self, value: str) -> str:
        """The value with every other byte as an underscore."""
        return value.encode("utf-8", "surrogateescape").translate(self._table).decode("utf-8", "replace")


def _unescaped(found: re.Match[bytes]) -> bytes:
    if found[1]:
        return bytes((int(found[1], 8) & 0xFF,))
    return _CONTROLS.get(found[2], found[2])


def fill(template: str, values: Mapping[str, str], allowed: Filter) -> str:
    """The template with its names replaced.

    Raises:
        UnknownNameError: it uses a name that is not among the values.
        TemplateError: it is malformed.
    """

    def value(name: str) -> SourceText:
        if name not in values:
            raise UnknownNameError(name)
        return SourceText.of(allowed.clean(values[name]).replace("$", "$$"))

    try:
        return str(expand(SourceText.of(template), value))
    except ExpansionError as error:
        raise TemplateError(str(error)) from None


SESSION_NAMES: tuple[str, ...] = (
    "client",
    "client_name",
    "client_address",
    "client_port",
    "reverse_client_name",
    "helo_name",
    "server_name",
    "localtime",
    "sender",
    "sender_name",
    "sender_domain",
    "recipient",
    "recipient_name",
    "recipient_domain",
)
"""What templates may say about a session."""


def session_values(facts: Facts, *, client: str, server_name: str, recipient: str | None) -> dict[str, str]:
    """The values of SESSION_NAMES. `client` is the client's label, `recipient` the one that the text is about."""
    peer = facts.peer
    return {
        "client": client,
        "client_name": peer.name,
        "client_address": peer.address,
        "client_port": peer.port,
        "reverse_client_name": peer.reverse_name,
        "helo_name": facts.helo or "",
        "server_name": server_name,
        "localtime": facts.local_time,
        **dict(_address_values("sender", facts.sender)),
        **dict(_address_values("recipient", recipient)),
    }


def _address_values(name: str, address: str | None) -> Iterator[tuple[str, str]]:
    """The address, its local part and its domain. The null address shows as `<>`; one not given yet is empty."""
    if not address:
        shown = "" if address is None else "<>"
        yield from ((name, shown), (f"{name}_name", shown), (f"{name}_domain", ""))
        return
    local, _, domain = address.rpartition("@") if "@" in address else (address, "", "")
    yield from ((name, address), (f"{name}_name", local or "<>"), (f"{name}_domain", domain))
