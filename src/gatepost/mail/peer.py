"""What is known of the other side of a session: its address and names, its TLS session, its login."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

UNKNOWN = "unknown"
"""What stands for a name that is not known or was not confirmed."""


class NameStatus(Enum):
    """How a name look-up ended."""

    OK = "ok"
    PERMANENT = "permanent"  # no name, or one that its addresses do not confirm
    TEMPORARY = "temporary"  # the DNS gave no answer
    FORGED = "forged"  # the name's addresses are others


@dataclass(frozen=True, slots=True)
class Peer:
    """The SMTP client (or, on our client side, the server).

    `name` is confirmed (PTR, then address) or `unknown`; `reverse_name` is the PTR name, unconfirmed. Addresses are
    in canonical text form without `IPv6:`.
    """

    address: str
    name: str = UNKNOWN
    reverse_name: str = UNKNOWN
    name_status: NameStatus = NameStatus.PERMANENT
    reverse_status: NameStatus = NameStatus.PERMANENT
    port: str = ""

    @property
    def label(self) -> str:
        """`name[address]`, as log lines and replies show it."""
        return f"{self.name}[{self.address}]"

    @property
    def rfc_address(self) -> str:
        """The address as Received headers show it: with `IPv6:` in front where it is one."""
        return f"IPv6:{self.address}" if ":" in self.address else self.address


@dataclass(frozen=True, slots=True)
class Certificate:
    """The peer's certificate. Fingerprints are upper-case hex pairs joined by colons."""

    subject_cn: str
    issuer_cn: str
    fingerprint: str
    pubkey_fingerprint: str
    trusted: bool


@dataclass(frozen=True, slots=True)
class TlsDetails:
    """An established TLS session, in the words of log lines and Received headers."""

    protocol: str
    cipher: str
    used_bits: int
    algorithm_bits: int
    key_exchange: str = ""  # such as `X25519`
    server_signature: str = ""  # such as `ECDSA (prime256v1) server-digest SHA256`
    client_signature: str = ""
    server_name: str = ""  # SNI that was matched
    certificate: Certificate | None = None
    certificate_requested: bool = False


@dataclass(frozen=True, slots=True)
class Login:
    """A successful AUTH."""

    method: str
    username: str
