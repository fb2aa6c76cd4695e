"""How faults of a chain are told, and what is left of a verdict where nothing has to match."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import crypto

from gatepost.mail.tlsa import Tlsa
from gatepost.maillog import text
from gatepost.tls.dane import CERTIFICATE, selected
from gatepost.tls.details import certificate
from gatepost.tls.policy import Level, TlsPolicy
from gatepost.tls.verdict import ChainFault
from gatepost.tls.verify import (
    CHAIN_TOO_LONG,
    EXPIRED,
    NO_ISSUER_LOCALLY,
    NOT_YET_VALID,
    SELF_SIGNED,
    UNTRUSTED,
    WRONG_NAME,
    WRONG_PURPOSE,
    Judge,
)
from tests.fakes.certificates import authority, issue, read_pem, signed_by

PEER = "mx.example[192.0.2.2]:25"
SERVER = crypto.X509.from_cryptography(read_pem(issue("mx.example")))


def judge(level: Level, *, depth: int = 9, records: tuple[Tlsa, ...] = ()) -> Judge:
    return Judge(TlsPolicy(level, match=("mx.example",), records=records), "sha256", ("sha512", "sha256"), depth)


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (SELF_SIGNED, f"certificate verification failed for {PEER}: self-signed certificate"),
        (NO_ISSUER_LOCALLY, f"certificate verification failed for {PEER}: untrusted issuer /CN=CA"),
        (NOT_YET_VALID, f"server certificate verification failed for {PEER}: certificate not yet valid"),
        (EXPIRED, f"server certificate verification failed for {PEER}: certificate has expired"),
        (WRONG_PURPOSE, f"certificate verification failed for {PEER}: not designated for use as a server certificate"),
        (CHAIN_TOO_LONG, f"certificate verification failed for {PEER}: certificate chain longer than limit(9)"),
        (UNTRUSTED, f"certificate verification failed for {PEER}: not trusted by local or TLSA policy"),
        (7, f"server certificate verification failed for {PEER}: num=7:certificate signature failure"),
    ],
)
def test_a_fault_has_its_words(number: int, says: str) -> None:
    verdict = judge(Level.VERIFY).verdict([SERVER], ChainFault(number, 0, "/CN=CA"), PEER)
    assert [says] == [text(event) for event in verdict.events]
    assert (False, "Untrusted", number) == (verdict.accepted, verdict.state, verdict.fault and verdict.fault.number)


@pytest.mark.parametrize("level", [Level.MAY, Level.ENCRYPT])
def test_where_nothing_has_to_match_a_fault_is_not_told(level: Level) -> None:
    verdict = judge(level).verdict([SERVER], ChainFault(EXPIRED), PEER)
    assert (True, "Untrusted", ()) == (verdict.accepted, verdict.state, verdict.events)


@pytest.mark.parametrize(("level", "accepted"), [(Level.MAY, True), (Level.VERIFY, False), (Level.DANE, False)])
def test_a_server_without_a_certificate(level: Level, accepted: bool) -> None:
    verdict = judge(level).verdict([], None, PEER)
    assert (accepted, "Anonymous") == (verdict.accepted, verdict.state)


def test_a_chain_to_an_anchor_has_a_limit_too() -> None:
    middle = signed_by(authority(), "Middle CA", is_authority=True)
    sent = [read_pem(one) for one in (signed_by(middle, "mx.example"), middle, authority())]
    records = (Tlsa(2, 0, 0, selected(sent[2], CERTIFICATE)),)
    chain = [crypto.X509.from_cryptography(one) for one in sent]
    assert judge(Level.DANE, depth=2, records=records).verdict(chain, None, PEER).accepted
    refused = judge(Level.DANE, depth=1, records=records).verdict(chain, None, PEER)
    assert ChainFault(CHAIN_TOO_LONG) == refused.fault


def test_at_a_level_by_authority_an_anchor_is_told_in_its_own_words() -> None:
    sent = [read_pem(issue("mx.example")), read_pem(authority())]
    records = (Tlsa(2, 0, 0, selected(sent[1], CERTIFICATE)),)
    chain = [crypto.X509.from_cryptography(one) for one in sent]
    verdict = judge(Level.SECURE, records=records).verdict(chain, None, PEER)
    told = [text(event) for event in verdict.details]
    assert [f"{PEER}: matched peername: mx.example", f"{PEER}: Matched trust anchor at depth 1"] == told


@pytest.mark.parametrize(
    ("match", "fault", "found"),
    [
        (("mx.example",), None, None),
        (("other.example",), None, ChainFault(WRONG_NAME)),
        ((), None, ChainFault(WRONG_NAME)),
        (("mx.example",), ChainFault(SELF_SIGNED), ChainFault(SELF_SIGNED)),
    ],
)
def test_a_policy_on_trial_finds_faults_and_lets_mail_go(
    match: tuple[str, ...], fault: ChainFault | None, found: ChainFault | None
) -> None:
    policy = TlsPolicy(Level.MAY, match=match, on_trial=True)
    verdict = Judge(policy, "sha256", (), 9).verdict([SERVER], fault, PEER)
    assert (True, found, ()) == (verdict.accepted, verdict.fault, verdict.events)


def odd_certificate() -> crypto.X509:
    """A certificate of a version that does not exist, which OpenSSL takes."""
    der = read_pem(issue("mx.example")).public_bytes(Encoding.DER)
    version = bytes.fromhex("a003020102")
    assert der.count(version) == 1
    return crypto.load_certificate(crypto.FILETYPE_ASN1, der.replace(version, bytes.fromhex("a003020105")))


@pytest.mark.parametrize(
    ("level", "accepted"), [(Level.MAY, True), (Level.FINGERPRINT, False), (Level.VERIFY, False), (Level.DANE, False)]
)
def test_a_certificate_that_makes_no_sense_is_no_fault_of_ours(level: Level, accepted: bool) -> None:
    records = (Tlsa(3, 1, 1, b"x" * 32),) if level is Level.DANE else ()
    odd = odd_certificate()
    for chain in ([odd], [SERVER, odd]):
        assert accepted is judge(level, records=records).verdict(chain, None, PEER).accepted
    assert "" == certificate(odd, "sha256", trusted=False).subject_cn
    trial = TlsPolicy(Level.MAY, match=("mx.example",), on_trial=True)
    assert ChainFault(WRONG_NAME) == Judge(trial, "sha256", (), 9).verdict([odd], None, PEER).fault
