"""TLS sessions, on either side."""

from __future__ import annotations

from gatepost.mail.events import Event, event


@event(
    "{state} TLS connection established {direction} {peer}[ to {sni}]: {protocol} with cipher {cipher} "
    "({used_bits}/{algorithm_bits} bits)[ key-exchange {key_exchange}][ server-signature {server_signature}]"
    "[ client-signature {client_signature}]"
)
class TlsEstablished(Event):
    """A handshake succeeded. `state` is Anonymous, Untrusted, Trusted or Verified; `direction` is from or to."""

    state: str
    direction: str
    peer: str
    protocol: str
    cipher: str
    used_bits: int
    algorithm_bits: int
    sni: str = ""
    key_exchange: str = ""
    server_signature: str = ""
    client_signature: str = ""


@event("setting up TLS connection {direction} {peer}")
class TlsStarting(Event):
    """A handshake begins (log level 2)."""

    direction: str
    peer: str


@event('{peer}: TLS cipher list "{ciphers}"')
class TlsCiphers(Event):
    """The cipher list in force (log level 2)."""

    peer: str
    ciphers: str


@event("{function}:{state}")
class TlsState(Event):
    """A step of the handshake (log level 2); `function` is SSL_accept or SSL_connect."""

    function: str
    state: str


@event("{function} error {direction} {peer}: {reason}")
class TlsHandshakeFailed(Event):
    """A handshake failed."""

    function: str
    direction: str
    peer: str
    reason: str


@event("warning: TLS library problem: {text}")
class TlsLibraryProblem(Event):
    """What OpenSSL has to say about it."""

    text: str
