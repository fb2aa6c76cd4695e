"""Certificates with their keys, read from PEM text (RFC 7468) and put into OpenSSL contexts.

The rules:

1. A chain is a private key and the certificates that belong to it, the server's own first.
2. In a file of `smtpd_tls_chain_files` the key comes first; a key begins a new chain, also across files.
3. A chain whose key does not belong to its certificate is refused here, where the fault can still be named.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from OpenSSL import SSL, crypto

_PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey

Read = Callable[[str], bytes]
"""Gives a file's content; raises OSError. The supervisor hands in what only root may read."""

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
NONE = "none"
"""The file name that says: no certificate, on purpose."""


class ChainError(Exception):
    """A certificate or key cannot be used; the text says which, and why."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A private key and its certificates, as PEM text; `source` names the files for messages."""

    key: bytes
    certificates: tuple[bytes, ...]
    source: str


def read_file(name: str) -> bytes:
    """A file's content."""
    return Path(name).read_bytes()


def read_pair(certificate_file: str, key_file: str, read: Read) -> Chain:
    """The chain of a certificate file and a key file (often the same). Raises ChainError."""
    certificates = [text for label, text in _blocks(_content(certificate_file, read)) if label == b"CERTIFICATE"]
    if not certificates:
        raise ChainError(f'no certificate in file "{certificate_file}"')
    keys = [text for label, text in _blocks(_content(key_file, read)) if label.endswith(b"PRIVATE KEY")]
    if not keys:
        raise ChainError(f'no private key in file "{key_file}"')
    source = certificate_file if certificate_file == key_file else f"{certificate_file}, {key_file}"
    return _checked(Chain(keys[0], tuple(certificates), source))


def read_chain_files(names: Iterable[str], read: Read) -> tuple[Chain, ...]:
    """The chains of a list of files, key first in each. Raises ChainError."""
    chains: list[Chain] = []
    for name in names:
        for label, text in _blocks(_content(name, read)):
            if label.endswith(b"PRIVATE KEY"):
                chains.append(Chain(text, (), name))
            elif label == b"CERTIFICATE":
                if not chains:
                    raise ChainError(f'"{name}": a certificate stands before any private key')
                chains[-1] = replace(chains[-1], certificates=(*chains[-1].certificates, text))
    if not chains:
        raise ChainError("no private key in any chain file")
    return tuple(_checked(chain) for chain in chains)


def install(context: SSL.Context, chain: Chain) -> None:
    """Give the chain to a context, beside those of other key types. Raises ChainError."""
    with _named(b"\n".join(chain.certificates) + b"\n") as name:
        try:
            context.use_certificate_chain_file(name)
            context.use_privatekey(_private_key(chain))
        except SSL.Error as error:
            raise ChainError(f'"{chain.source}": {_reason(error)}') from error


def read_authorities(name: str, read: Read) -> bytes:
    """The certificates of a CA file, as PEM text. Raises ChainError."""
    blocks = [text for label, text in _blocks(_content(name, read)) if label.endswith(b"CERTIFICATE")]
    if not blocks:
        raise ChainError(f'no certificate in file "{name}"')
    return b"\n".join(blocks) + b"\n"


def trust(context: SSL.Context, authorities: bytes, *, announce: bool) -> None:
    """Have a context trust authorities; `announce`: tell clients which certificates are worth sending.

    Raises ChainError.
    """
    with _named(authorities) as name:
        try:
            context.load_verify_locations(name)
            if announce:
                context.load_client_ca(name.encode("ascii"))
        except SSL.Error as error:
            raise ChainError(f"CAfile: {_reason(error)}") from error


def _content(name: str, read: Read) -> bytes:
    try:
        return read(name)
    except OSError as error:
        raise ChainError(f'cannot read "{name}": {error.strerror or error}') from error


def _blocks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    return ((found[1], found[0]) for found in _BLOCK.finditer(content))


def _checked(chain: Chain) -> Chain:
    if not chain.certificates:
        raise ChainError(f'"{chain.source}": a private key without a certificate')
    try:
        certificate = crypto.load_certificate(crypto.FILETYPE_PEM, chain.certificates[0])
        public = certificate.get_pubkey()
    except crypto.Error as error:
        raise ChainError(f'"{chain.source}": {_reason(error)}') from error
    own = _private_key(chain).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if crypto.dump_publickey(crypto.FILETYPE_ASN1, public) != own:
        raise ChainError(f'"{chain.source}": the private key does not belong to the certificate')
    return chain


def _private_key(chain: Chain) -> _PrivateKey:
    try:
        key = load_pem_private_key(chain.key, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ChainError(f'"{chain.source}": the private key cannot be read (is it encrypted?)') from error
    if not isinstance(key, _PrivateKey):
        raise ChainError(f'"{chain.source}": the private key is of a kind that TLS does not use')
    return key


@contextmanager
def _named(content: bytes) -> Iterator[str]:
    """A name for bytes in memory: OpenSSL takes chains of several certificates from files only."""
    descriptor = os.memfd_create("chain")
    try:
        os.write(descriptor, content)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def _reason(error: Exception) -> str:
    queue = error.args[0] if error.args and isinstance(error.args[0], list) else []
    return "; ".join(str(entry[2]) for entry in queue) or str(error)
