"""Whether a server's certificate will do for a policy, once the handshake is done, and what the log says of it.

OpenSSL has noted what is wrong with the chain under our authorities (`tls/setup.py` lets the handshake go on). What a
policy asks beyond that is decided here: fingerprints, TLSA records, trust anchors of its own, names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.bindings.openssl.binding import Binding
from OpenSSL import crypto

from gatepost.mail.events import Event, Noted, Warned
from gatepost.tls.dane import CERTIFICATE, KEY, TRUST_ANCHOR, find_match, selected, strongest
from gatepost.tls.details import readable
from gatepost.tls.names import matching_name
from gatepost.tls.policy import Level, TlsPolicy
from gatepost.tls.verdict import ChainFault, Verdict

SELF_SIGNED, SELF_SIGNED_IN_CHAIN, NO_ISSUER, NO_ISSUER_LOCALLY = 18, 19, 2, 20
NOT_YET_VALID, EXPIRED, CHAIN_TOO_LONG, WRONG_PURPOSE, UNTRUSTED = 9, 10, 22, 26, 27
UNSPECIFIED, WRONG_NAME, NO_RECORD = 1, 62, 65
"""OpenSSL's numbers of what can be wrong with a chain (x509_vfy.h)."""

_UNTRUSTED_ISSUER = frozenset({SELF_SIGNED_IN_CHAIN, NO_ISSUER, NO_ISSUER_LOCALLY})


@dataclass(frozen=True, slots=True)
class Judge:
    """Knows what a policy asks of certificates. `digest` is that of fingerprints, `digests` those of TLSA records."""

    policy: TlsPolicy
    digest: str
    digests: tuple[str, ...]
    depth: int

    def verdict(self, chain: Sequence[crypto.X509], fault: ChainFault | None, peer: str) -> Verdict:
        """What the chain, as the server sent it, is worth; `fault` is what OpenSSL found wrong with it."""
        if not chain:
            return self._result("Anonymous", ChainFault(UNSPECIFIED), peer)
        if not self.policy.level.matches:
            state = "Untrusted" if fault else "Trusted"
            return Verdict(accepted=True, state=state, fault=self._trial(chain[0], fault))
        certificates = [certificate for each in chain if (certificate := readable(each)) is not None]
        if len(certificates) < len(chain):
            return self._result("Untrusted", ChainFault(UNSPECIFIED), peer)
        if self.policy.level is Level.FINGERPRINT:
            return self._by_fingerprint(certificates[0], peer)
        if self.policy.records:
            return self._by_records(certificates, peer)
        if fault:
            return self._result("Untrusted", fault, peer)
        return self._by_name(certificates[0], peer, ())

    def _trial(self, certificate: crypto.X509, fault: ChainFault | None) -> ChainFault | None:
        """What a policy in force would have found wrong."""
        if not self.policy.on_trial or fault is not None:
            return fault
        read = readable(certificate)
        named = None if read is None else matching_name(read, self.policy.match)
        return None if named else ChainFault(WRONG_NAME)

    def _by_fingerprint(self, certificate: x509.Certificate, peer: str) -> Verdict:
        size = hashlib.new(self.digest, usedforsecurity=False).digest_size
        pins = [pin for pin in self.policy.pins if len(pin) == 2 * size]
        warnings = [
            Warned(f"{peer}: unusable TLSA RR: 3 {selector} 255 {pin}")
            for pin in self.policy.pins
            if pin not in pins
            for selector in (KEY, CERTIFICATE)
        ]
        if not pins:
            warnings.append(Warned(f"{peer}: all fingerprints unusable"))
            return self._result("Untrusted", ChainFault(UNSPECIFIED), peer, *warnings)
        for selector in (CERTIFICATE, KEY):
            found = self._fingerprint(certificate, selector)
            if found in pins:
                return self._result("Verified", None, peer, *warnings, details=(f"Matched fingerprint: {found}",))
        return self._result("Untrusted", ChainFault(NO_RECORD), peer, *warnings)

    def _fingerprint(self, certificate: x509.Certificate, selector: int) -> str:
        try:
            data = selected(certificate, selector)
        except (ValueError, UnsupportedAlgorithm):
            return ""
        return hashlib.new(self.digest, data, usedforsecurity=False).hexdigest().upper()

    def _by_records(self, chain: Sequence[x509.Certificate], peer: str) -> Verdict:
        """By TLSA records, or by trust anchors in their form."""
        found = find_match(chain, strongest(self.policy.records, self.digests))
        if found is None:
            return self._result("Untrusted", ChainFault(NO_RECORD), peer)
        if found.record.usage == TRUST_ANCHOR:
            if found.depth > self.depth:
                return self._result("Untrusted", ChainFault(CHAIN_TOO_LONG), peer)
            told = f"Matched trust anchor at depth {found.depth}" if self.policy.level.by_authority else found.text
            return self._by_name(chain[0], peer, (told,))
        return self._result("Verified", None, peer, details=(found.text,))

    def _by_name(self, certificate: x509.Certificate, peer: str, details: tuple[str, ...]) -> Verdict:
        name = matching_name(certificate, self.policy.match)
        if name is None:
            return self._result("Untrusted", ChainFault(WRONG_NAME), peer, details=details)
        return self._result("Verified", None, peer, details=(f"matched peername: {name}", *details))

    def _result(
        self, state: str, fault: ChainFault | None, peer: str, *events: Event, details: tuple[str, ...] = ()
    ) -> Verdict:
        """The verdict of a level that asks for a match; of one that does not, the state alone."""
        if not self.policy.level.matches:
            return Verdict(True, state)
        if state == "Verified" and self.policy.level is Level.HALF_DANE:
            state = "Trusted"  # the host's own records fit, but who knows whether it is the right host
        if fault is not None:
            events += (Noted(_failure(fault, peer, self.depth)),)
        return Verdict(fault is None, state, events, tuple(Noted(f"{peer}: {text}") for text in details), fault)


def _failure(fault: ChainFault, peer: str, depth: int) -> str:
    """The log's words for a chain that does not pass."""
    number = fault.number
    if number == UNTRUSTED:
        return f"certificate verification failed for {peer}: not trusted by local or TLSA policy"
    if number == SELF_SIGNED:
        return f"certificate verification failed for {peer}: self-signed certificate"
    if number in _UNTRUSTED_ISSUER:
        return f"certificate verification failed for {peer}: untrusted issuer {fault.issuer}"
    if number == NOT_YET_VALID:
        return f"server certificate verification failed for {peer}: certificate not yet valid"
    if number == EXPIRED:
        return f"server certificate verification failed for {peer}: certificate has expired"
    if number == WRONG_PURPOSE:
        return f"certificate verification failed for {peer}: not designated for use as a server certificate"
    if number == CHAIN_TOO_LONG:
        return f"certificate verification failed for {peer}: certificate chain longer than limit({depth})"
    return f"server certificate verification failed for {peer}: num={number}:{_explained(number)}"


def _explained(number: int) -> str:
    """OpenSSL's words for a number; its own name for the library's TLSA records stays, as log readers know it."""
    binding = Binding()
    return bytes(binding.ffi.string(binding.lib.X509_verify_cert_error_string(number))).decode("ascii", "replace")
