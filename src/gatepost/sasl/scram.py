"""SCRAM on the client's side (RFC 5802, RFC 7677): both sides prove that they know the password, and neither sends it.

The rules:

1. The server has to prove itself too: the exchange is proven only once its signature has been seen and is right.
2. Where the session's TLS can be named (channel binding, RFC 9266), it is: with a `-PLUS` mechanism the proof holds for
   this TLS session only. Where the server offers none, it is told that we could (`y`), so that hiding it is noticed.
3. A server that asks for fewer rounds than RFC 7677 allows would have the password cheaper, and one that asks for very
   many would have our time; both are refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import stringprep
import unicodedata
from dataclasses import dataclass, field

EXPORTER = "tls-exporter"
"""The channel binding of RFC 9266, for TLS 1.3."""

ROUNDS, ROUNDS_LIMIT = 4096, 200_000
"""The fewest rounds (RFC 7677 section 4), and the most: about a tenth of a second of work."""

DIGESTS = {"SCRAM-SHA-256": "sha256", "SCRAM-SHA-1": "sha1"}
"""The digest of each mechanism; each also comes with `-PLUS`."""


@dataclass(frozen=True, slots=True)
class Binding:
    """A channel binding.

    `data` is empty where there is none. `hidden`: we could bind, and the server did not offer to.
    """

    kind: str = EXPORTER
    data: bytes = b""
    hidden: bool = False


@dataclass(slots=True)
class ScramExchange:
    """One attempt. `nonce` is printable text without commas, new for each attempt."""

    mechanism: str
    username: str
    password: str
    nonce: str
    binding: Binding = field(default_factory=Binding)
    _first: bytes = b""
    _signature: bytes = b""
    _said: int = 0
    is_proven: bool = False
    """Whether the server has shown that it knows the password."""

    def initial(self) -> bytes:
        """The first message: who we are, and our nonce."""
        name = saslprep(self.username).replace("=", "=3D").replace(",", "=2C")
        self._first = f"n={name},r={self.nonce}".encode("utf-8", "surrogateescape")
        return self._header + self._first

    def answer(self, challenge: bytes) -> bytes | None:
        """The response to a challenge; None where there is none to give."""
        self._said += 1
        fields = _fields(challenge)
        match self._said:
            case 1:
                return self._prove(challenge, fields)
            case 2:
                return self._check(fields)
            case _:
                return None

    def final(self, data: bytes) -> None:
        """Take the server's last message where it came with its success."""
        if not self.is_proven:
            self._check(_fields(data))

    @property
    def _header(self) -> bytes:
        """What is said of channel binding (RFC 5802 section 6)."""
        if self.mechanism.endswith("-PLUS"):
            return f"p={self.binding.kind},,".encode("ascii")
        return b"y,," if self.binding.hidden else b"n,,"

    def _prove(self, challenge: bytes, fields: dict[str, bytes]) -> bytes | None:
        nonce, salt = fields.get("r", b""), _decoded(fields.get("s", b""))
        rounds = fields.get("i", b"")
        ours = self.nonce.encode("ascii")
        known = nonce.startswith(ours) and len(nonce) > len(ours) and salt and rounds.isdigit() and "m" not in fields
        if not known or not ROUNDS <= int(rounds[:9]) <= ROUNDS_LIMIT:
            return None
        digest = DIGESTS[self.mechanism.removesuffix("-PLUS")]
        secret = saslprep(self.password).encode("utf-8", "surrogateescape")
        salted = hashlib.pbkdf2_hmac(digest, secret, salt, int(rounds))
        bound = self.binding.data if self.mechanism.endswith("-PLUS") else b""
        last = b"c=" + base64.b64encode(self._header + bound) + b",r=" + nonce
        message = b",".join((self._first, challenge, last))
        client_key = hmac.digest(salted, b"Client Key", digest)
        signature = hmac.digest(hashlib.new(digest, client_key).digest(), message, digest)
        proof = bytes(one ^ other for one, other in zip(client_key, signature, strict=True))
        self._signature = hmac.digest(hmac.digest(salted, b"Server Key", digest), message, digest)
        return last + b",p=" + base64.b64encode(proof)

    def _check(self, fields: dict[str, bytes]) -> bytes | None:
        """Nothing is left to say where the server's signature is right."""
        given = _decoded(fields.get("v", b""))
        self.is_proven = bool(self._signature) and hmac.compare_digest(given, self._signature)
        return b"" if self.is_proven else None


def saslprep(text: str) -> str:
    """Text in the form in which it is compared (RFC 4013); as it is where that form does not exist."""
    mapped = "".join(
        " " if stringprep.in_table_c12(character) else character
        for character in text
        if not stringprep.in_table_b1(character)
    )
    found = unicodedata.normalize("NFKC", mapped)
    return text if any(_is_prohibited(character) for character in found) else found


def _is_prohibited(character: str) -> bool:
    return any(
        table(character)
        for table in (
            stringprep.in_table_c12,
            stringprep.in_table_c21_c22,
            stringprep.in_table_c3,
            stringprep.in_table_c4,
            stringprep.in_table_c5,
            stringprep.in_table_c6,
            stringprep.in_table_c7,
            stringprep.in_table_c8,
            stringprep.in_table_c9,
        )
    )


def _fields(message: bytes) -> dict[str, bytes]:
    """The attributes of a message; the first of a name counts."""
    found: dict[str, bytes] = {}
    for part in message.split(b","):
        name, sign, value = part.partition(b"=")
        if sign:
            found.setdefault(name.decode("ascii", "replace"), value)
    return found


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
