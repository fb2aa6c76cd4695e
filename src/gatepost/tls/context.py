"""The server's side of TLS for one service: OpenSSL contexts from a configuration (the client's: `tls/client.py`).

The rules:

1. What is wrong with certificates is found when a snapshot of the configuration is built, not when a client comes.
   A service without usable certificates keeps offering STARTTLS and answers 454, as Postfix does.
2. Session tickets are sealed with a key that lives as long as its context, which is built anew when
   `smtpd_tls_session_cache_timeout` is over; a stolen key opens no more than that.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import timedelta

from OpenSSL import SSL

from gatepost.config.settings import Settings
from gatepost.mail.events import Emit, Event, Noted, Warned
from gatepost.mail.events.tls import TlsCiphers
from gatepost.oracle import LookupFailed
from gatepost.tls.chains import (
    NONE,
    Chain,
    ChainError,
    Read,
    read_authorities,
    read_chain_files,
    read_file,
    read_pair,
)
from gatepost.tls.channel import SUMMARY, VERBOSE, Handshake, TlsChannel
from gatepost.tls.ciphers import cipher_list
from gatepost.tls.details import Side
from gatepost.tls.modes import ServerTlsMode, log_level, server_tls_mode
from gatepost.tls.options import configured_options
from gatepost.tls.protocols import parse_protocols
from gatepost.tls.setup import Terms, make_context
from gatepost.tls.sni import LookUp, ServerNames

_SESSION_CONTEXT = b"gatepost"
"""Sessions are resumed only under the name they began with; without one, OpenSSL refuses to resume at all where
client certificates are asked for."""


class TlsUnavailable(Exception):  # noqa: N818 - said as it is
    """A service wants TLS and cannot have it; `events` are the log lines that say why."""

    def __init__(self, *events: Event) -> None:
        super().__init__("; ".join(getattr(event, "text", str(event)) for event in events))
        self.events = events


class ServerTls:
    """The server side of one service."""

    def __init__(self, terms: Terms, digest: str, lifetime: timedelta, names: ServerNames | None = None) -> None:
        self._terms = terms
        self._digest = digest
        self._lifetime = max(lifetime.total_seconds(), 60.0)
        self._names = names
        self._context, self._expiry = self._renew()

    @classmethod
    def build(
        cls,
        settings: Settings,
        emit: Emit,
        *,
        read: Read = read_file,
        look_up: LookUp | None = None,
    ) -> ServerTls:
        """Make the contexts that a service's settings ask for.

        `look_up` asks `tls_server_sni_maps` for a key; None: there are no such maps.
        Raises TlsUnavailable, whose events have not been logged yet.
        """
        mode = server_tls_mode(settings)
        if log_level(settings) >= VERBOSE:
            emit(Noted("initializing the server-side TLS engine"))
        if not mode.required and settings.smtpd_tls_req_ccert:
            emit(Warned("Can't require client certs unless TLS is required"))
        try:
            terms = _server_terms(settings, mode, read)
            names = ServerNames(look_up, read) if look_up is not None else None
            return cls(terms, fingerprint_digest(settings), settings.smtpd_tls_session_cache_timeout, names)
        except ChainError as error:
            raise TlsUnavailable(Warned(f"{error}: disabling TLS support")) from error
        except (SSL.Error, ValueError) as error:
            raise TlsUnavailable(Warned(f"TLS cannot be set up: {error}: disabling TLS support")) from error

    def channel(self, peer_label: str) -> TlsChannel:
        """A channel for one client; `peer_label` is `name[address]` for log lines."""
        if time.time() >= self._expiry:
            self._context, self._expiry = self._renew()
        terms = self._terms
        handshake = Handshake(Side.SERVER, peer_label, self._digest, terms.level, certificate_requested=terms.verify)
        handshake.ticket_expiry = int(self._expiry)
        connection = SSL.Connection(self._context, None)
        connection.set_accept_state()
        return TlsChannel(connection, handshake, TlsCiphers(peer_label, terms.ciphers))

    def _renew(self) -> tuple[SSL.Context, float]:
        context = make_context(Side.SERVER, self._terms)
        context.set_session_id(_SESSION_CONTEXT)
        if self._names is not None:
            context.set_tlsext_servername_callback(self._choose)
        return context, time.time() + self._lifetime

    def _choose(self, connection: SSL.Connection) -> None:
        """Take the certificate for the name that the client asks for (RFC 6066 section 3)."""
        shake = connection.get_app_data()
        name = (connection.get_servername() or b"").decode("ascii", "replace")
        if self._names is None or not name or not isinstance(shake, Handshake):
            return
        try:
            chains = self._names.find(name)
        except (LookupFailed, ChainError) as error:
            shake.events += (Warned(str(error)), Warned(f"tls_server_sni_maps: {name} map lookup problem"))
            chains = ()
        if chains is None:
            if shake.level >= SUMMARY:
                shake.events.append(Noted(f"TLS SNI {name} from {shake.peer} not matched, using default chain"))
            return
        shake.server_name = name
        # a failed look-up has no chain, and a context without certificates ends the handshake with an alert
        connection.set_context(self._names.context(chains, self._terms))


def _server_terms(settings: Settings, mode: ServerTlsMode, read: Read) -> Terms:
    prefix = "smtpd_tls_mandatory_protocols" if mode.required else "smtpd_tls_protocols"
    return Terms(
        protocols=parse_protocols(settings.text(prefix)),
        ciphers=cipher_list(settings, "smtpd", mandatory=mode.required, authenticated=mode.asks),
        chains=configured_chains(settings, "smtpd", read),
        authorities=configured_authorities(settings, "smtpd", read),
        authority_folder=settings.text("smtpd_tls_CApath"),
        default_authorities=settings.tls_append_default_CA,
        depth=settings.smtpd_tls_ccert_verifydepth,
        verify=mode.asks,
        prefer_own_ciphers=settings.tls_preempt_cipherlist,
        tickets=settings.smtpd_tls_session_cache_timeout > timedelta(0),
        level=log_level(settings),
        options=configured_options(settings),
    )


def fingerprint_digest(settings: Settings, prefix: str = "smtpd") -> str:
    """The digest of certificate fingerprints; raises ValueError where OpenSSL knows none by that name."""
    name = settings.text(f"{prefix}_tls_fingerprint_digest").strip().lower()
    if name not in {"md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "sha3_512"}:
        raise ValueError(f"unknown fingerprint digest {name!r}")
    return name


def certificate_files(settings: Settings, prefix: str) -> tuple[str, ...]:
    """The names of all files with certificates and keys that a side is configured with."""
    names = settings.text(f"{prefix}_tls_chain_files").replace(",", " ").split()
    if prefix != "smtpd":
        names += settings.text(f"{prefix}_tls_trust_anchor_file").replace(",", " ").split()
    for kind in ("", "ec", "d"):
        certificate = settings.text(f"{prefix}_tls_{kind}cert_file")
        if certificate and certificate != NONE:
            names += [certificate, settings.text(f"{prefix}_tls_{kind}key_file")]
    return tuple(dict.fromkeys((*names, *filter(None, [settings.text(f"{prefix}_tls_CAfile")]))))


def configured_chains(settings: Settings, prefix: str, read: Read) -> tuple[Chain, ...]:
    """The configured chains; files of `chain_files` beat the older parameters. Raises ChainError."""
    names = settings.text(f"{prefix}_tls_chain_files").replace(",", " ").split()
    if names:
        return read_chain_files(names, read)
    pairs: Iterable[tuple[str, str]] = (
        (settings.text(f"{prefix}_tls_{kind}cert_file"), settings.text(f"{prefix}_tls_{kind}key_file"))
        for kind in ("", "ec")
    )
    chains = tuple(read_pair(name, key or name, read) for name, key in pairs if name and name != NONE)
    if not chains and prefix == "smtpd" and settings.text("smtpd_tls_cert_file") != NONE:
        raise ChainError("No server certs available. TLS won't be enabled")
    return chains


def configured_authorities(settings: Settings, prefix: str, read: Read) -> bytes:
    """The authorities of the CA file; empty where there is none. Raises ChainError."""
    name = settings.text(f"{prefix}_tls_CAfile")
    return read_authorities(name, read) if name else b""
