"""OpenSSL contexts from plain terms: versions, ciphers, certificates, authorities.

The rules:

1. Verification never ends a handshake. Its result is a fact for policy, and for the log line.
2. Renegotiation and compression are off (both have been ways to attack the session); nothing is kept in a session
   cache, tickets do that without memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from OpenSSL import SSL, crypto

from gatepost.mail.events import Noted
from gatepost.tls.chains import Chain, install, trust
from gatepost.tls.channel import VERBOSE, Handshake, observe
from gatepost.tls.details import Side, readable
from gatepost.tls.protocols import VERSIONS, Protocols
from gatepost.tls.verdict import ChainFault

_EXCLUSIONS = {
    VERSIONS["ssl2"]: SSL.OP_NO_SSLv2,
    VERSIONS["ssl3"]: SSL.OP_NO_SSLv3,
    VERSIONS["tls1"]: SSL.OP_NO_TLSv1,
    VERSIONS["tls1.1"]: SSL.OP_NO_TLSv1_1,
    VERSIONS["tls1.2"]: SSL.OP_NO_TLSv1_2,
    VERSIONS["tls1.3"]: SSL.OP_NO_TLSv1_3,
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What both sides of TLS are configured with."""

    protocols: Protocols
    ciphers: str
    chains: tuple[Chain, ...] = ()
    authorities: bytes = b""
    authority_folder: str = ""
    default_authorities: bool = False
    depth: int = 9
    verify: bool = False
    prefer_own_ciphers: bool = False
    tickets: bool = True
    level: int = 0
    options: tuple[int, int] = (0, 0)  # of OpenSSL: to turn on, and workarounds to leave out


def make_context(side: Side, terms: Terms) -> SSL.Context:
    """An OpenSSL context. Raises ChainError for certificates, SSL.Error for ciphers."""
    context = SSL.Context(SSL.TLS_SERVER_METHOD if side is Side.SERVER else SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(terms.protocols.minimum)
    context.set_max_proto_version(terms.protocols.maximum)
    options = SSL.OP_ALL | SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION | SSL.OP_IGNORE_UNEXPECTED_EOF
    for version in terms.protocols.excluded:
        options |= _EXCLUSIONS.get(version, 0)
    options |= SSL.OP_CIPHER_SERVER_PREFERENCE if terms.prefer_own_ciphers else 0
    options |= 0 if terms.tickets else SSL.OP_NO_TICKET
    wanted, left_out = terms.options
    context.set_options(options & ~left_out | wanted)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_cipher_list(terms.ciphers.encode("ascii", "replace"))
    for chain in terms.chains:
        install(context, chain)
    if terms.authorities:
        trust(context, terms.authorities, announce=side is Side.SERVER and terms.verify)
    if terms.authority_folder:
        context.load_verify_locations(None, terms.authority_folder)
    if terms.default_authorities:
        context.set_default_verify_paths()
    if terms.verify:
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_CLIENT_ONCE, _note_verification)
        context.set_verify_depth(terms.depth)
    if terms.level >= VERBOSE:
        context.set_info_callback(observe)
    return context


def _note_verification(connection: SSL.Connection, certificate: crypto.X509, error: int, depth: int, ok: int) -> bool:
    """Remember the fault of the peer's chain that is nearest to the peer, and let the handshake go on."""
    shake = connection.get_app_data()
    if isinstance(shake, Handshake):
        if error and (shake.fault is None or shake.fault.depth > depth):
            shake.fault = ChainFault(error, depth, _one_line(certificate, "issuer"))
        if shake.level >= VERBOSE:
            subject = _one_line(certificate, "subject")
            shake.events.append(Noted(f"{shake.peer}: depth={depth} verify={ok} subject={subject}"))
    return True


def _one_line(certificate: crypto.X509, whose: Literal["subject", "issuer"]) -> str:
    """A name of the certificate in OpenSSL's one-line form, `/C=SI/CN=mx.example`."""
    read = readable(certificate)
    try:
        name = None if read is None else read.subject if whose == "subject" else read.issuer
    except ValueError:
        name = None
    if name is None:
        return "(unreadable)"
    names = [attribute for part in name.rdns for attribute in part]
    return "".join(f"/{attribute.rfc4514_attribute_name}={attribute.value!s}" for attribute in names)
