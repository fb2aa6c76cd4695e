"""What is known of a peer's certificate after a handshake: the fault that OpenSSL found, and what that means."""

from __future__ import annotations

from dataclasses import dataclass

from gatepost.mail.events import Event


@dataclass(frozen=True, slots=True)
class ChainFault:
    """What is wrong with a chain: OpenSSL's number (x509_vfy.h), how deep, and the issuer in question in one line."""

    number: int
    depth: int = 0
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a certificate.

    `accepted`: mail may go. `state` is the log's word: Anonymous, Untrusted, Trusted or Verified. `events` are logged
    in any case, `details` at the verbose level. `fault` is why it was not accepted.
    """

    accepted: bool
    state: str
    events: tuple[Event, ...] = ()
    details: tuple[Event, ...] = ()
    fault: ChainFault | None = None
