"""Two ends of TLS in memory, for tests."""

from __future__ import annotations

from contextlib import suppress

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL

from gatepost.config.settings import Settings
from gatepost.mail.events import Event
from gatepost.tls.channel import TlsChannel, TlsFailed
from gatepost.tls.client import ClientTls
from gatepost.tls.context import ServerTls
from gatepost.tls.sni import LookUp
from tests.fakes.certificates import Issued, authority, issue

FILES = {
    "server.pem": issue("mx.example").both,
    "rsa.pem": issue("rsa.example", kind="rsa").both,
    "sni.pem": issue("sni.example").both,
    "ca.pem": authority().certificate,
    "self.pem": issue("mx.example", by_authority=False).both,
    "chain.pem": issue("mx.example").both + authority().certificate,
}
"""What the contexts of tests read."""


def read(name: str) -> bytes:
    """A file of `FILES`."""
    try:
        return FILES[name]
    except KeyError:
        raise FileNotFoundError(2, "No such file or directory", name) from None


def server(text: str = "", *, seen: list[Event] | None = None, look_up: LookUp | None = None) -> ServerTls:
    """A server's side; `text` is added to a main.cf with a certificate and log level 1."""
    settings = Settings.parse(
        f"smtpd_tls_cert_file = server.pem\nsmtpd_tls_security_level = may\nsmtpd_tls_loglevel = 1\n{text}"
    )
    return ServerTls.build(settings, (seen if seen is not None else []).append, read=read, look_up=look_up)


def our_client(text: str = "", prefix: str = "smtp") -> ClientTls:
    """Our own client's side; `text` is added to a main.cf that trusts the authority, with log level 1."""
    settings = Settings.parse(
        f"compatibility_level = 3.6\n{prefix}_tls_CAfile = ca.pem\n{prefix}_tls_loglevel = 1\n{text}"
    )
    return ClientTls.build(settings, prefix=prefix, read=read)


def meet(ours: TlsChannel, theirs: TlsChannel) -> None:
    """Let our two sides finish their handshake, tickets included. Raises TlsFailed."""
    for _ in range(6):
        theirs.receive(ours.outgoing())
        ours.receive(theirs.outgoing())


def client(certificate: Issued | None = None, *, name: str = "", ciphers: str = "", maximum: int = 0) -> SSL.Connection:
    """A client's side, which trusts everybody."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_max_proto_version(maximum)
    if ciphers:
        context.set_cipher_list(ciphers.encode())
    if certificate is not None:
        context.use_certificate(x509.load_pem_x509_certificate(certificate.certificate))
        key = load_pem_private_key(certificate.key, None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        context.use_privatekey(key)
    connection = SSL.Connection(context, None)
    connection.set_connect_state()
    if name:
        connection.set_tlsext_host_name(name.encode())
    return connection


def wire(connection: SSL.Connection) -> bytes:
    """What a client has to send."""
    parts = []
    try:
        while True:
            parts.append(connection.bio_read(65536))
    except SSL.WantReadError:
        return b"".join(parts)


def shake(channel: TlsChannel, connection: SSL.Connection, *, cut: int = 0) -> None:
    """Let both sides finish their handshake; `cut` is the size of the pieces that arrive. Raises TlsFailed."""
    for _ in range(10):
        with suppress(SSL.WantReadError):
            connection.do_handshake()
        data = wire(connection)
        size = cut or len(data) or 1
        for start in range(0, len(data), size):
            try:
                channel.receive(data[start : start + size])
            except TlsFailed:
                feed(connection, channel.outgoing())
                raise
        feed(connection, channel.outgoing())
        if channel.established and not data:
            return


def feed(connection: SSL.Connection, data: bytes) -> None:
    """Bring bytes to a client."""
    if data:
        connection.bio_write(data)
