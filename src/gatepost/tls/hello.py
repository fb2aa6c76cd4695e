"""The signature schemes of a ClientHello (RFC 8446 sections 4.1.2, 4.2.3), which OpenSSL's bindings do not tell.

Only what the log wants is read, from a copy of the first bytes; OpenSSL alone decides what the handshake is worth.
"""

from __future__ import annotations

HELLO_LIMIT = 16_384
"""Bytes that are kept for this; a ClientHello that is longer is not looked at."""

RSA_DIGESTS = {0x0804: "SHA256", 0x0805: "SHA384", 0x0806: "SHA512"}
"""The digests of RSA signatures in TLS 1.3 (rsa_pss_rsae_*)."""

_HANDSHAKE, _CLIENT_HELLO, _SIGNATURE_ALGORITHMS = 22, 1, 13
_HEADER = 4  # bytes before the body of a handshake message: its type and length


def signature_schemes(data: bytes) -> tuple[int, ...]:
    """The schemes that a client takes, in its order; empty where the bytes do not tell."""
    try:
        return _schemes(_message(data))
    except IndexError:
        return ()


def rsa_digest(data: bytes) -> str:
    """The digest that a server with an RSA key signs with for this client; empty where that is not known."""
    return next((RSA_DIGESTS[scheme] for scheme in signature_schemes(data) if scheme in RSA_DIGESTS), "")


class _Reader:
    """Takes bytes from the front; raises IndexError where there are too few."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, length: int) -> bytes:
        end = self._at + length
        if end > len(self._data):
            raise IndexError
        piece = self._data[self._at : end]
        self._at = end
        return piece

    def number(self, length: int) -> int:
        return int.from_bytes(self.take(length), "big")

    def vector(self, length: int) -> bytes:
        """What follows a length of that many bytes."""
        return self.take(self.number(length))

    @property
    def more(self) -> bool:
        return self._at < len(self._data)


def _message(data: bytes) -> _Reader:
    """The body of the first handshake message, which may be spread over records."""
    records, message = _Reader(data), b""
    while records.more and (len(message) < _HEADER or len(message) < _HEADER + int.from_bytes(message[1:4], "big")):
        kind = records.number(1)
        records.take(2)
        if kind != _HANDSHAKE:
            raise IndexError
        message += records.vector(2)
    reader = _Reader(message)
    if reader.number(1) != _CLIENT_HELLO:
        raise IndexError
    return _Reader(reader.vector(3))


def _schemes(hello: _Reader) -> tuple[int, ...]:
    hello.take(2 + 32)  # version, random
    hello.vector(1)  # session id
    hello.vector(2)  # cipher suites
    hello.vector(1)  # compression methods
    extensions = _Reader(hello.vector(2))
    while extensions.more:
        kind, content = extensions.number(2), _Reader(extensions.vector(2))
        if kind == _SIGNATURE_ALGORITHMS:
            listed = content.vector(2)
            return tuple(int.from_bytes(listed[at : at + 2], "big") for at in range(0, len(listed) - 1, 2))
    return ()
