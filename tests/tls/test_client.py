"""Our client's side against our server's side, in memory. Log lines are those of Postfix 3.7.11."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from gatepost.config.settings import Settings
from gatepost.mail.tlsa import Tlsa
from gatepost.maillog import text
from gatepost.tls import client as client_module
from gatepost.tls.channel import TlsChannel, TlsFailed
from gatepost.tls.client import ClientTls
from gatepost.tls.context import TlsUnavailable
from gatepost.tls.dane import selected
from gatepost.tls.policy import Level, TlsPolicy
from tests.fakes.certificates import authority, issue, read_pem
from tests.fakes.tls import meet, our_client, read, server

PEER = "mx.example[192.0.2.2]:25"
MAY = TlsPolicy(Level.MAY, ">=TLSv1", "medium")
VERIFY = TlsPolicy(Level.VERIFY, ">=TLSv1", "medium", "aNULL", match=("mx.example",))
TLS = "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange"


def sha256(selector: int, usage: int, name: str = "mx.example") -> Tlsa:
    certificate = read_pem(authority() if usage == 2 else issue(name))
    return Tlsa(usage, selector, 1, hashlib.sha256(selected(certificate, selector)).digest())


def pin(selector: int) -> str:
    return sha256(selector, 3).data.hex().upper()


def session(
    policy: TlsPolicy, certificate: str = "server.pem", ours: ClientTls | None = None
) -> tuple[TlsChannel, list[str]]:
    """A handshake, and what our log says of it without the part that is the same for all."""
    theirs = server(f"smtpd_tls_chain_files = {certificate}").channel("a[192.0.2.1]")
    channel = (ours or our_client()).channel(policy, PEER)
    meet(channel, theirs)
    return channel, [text(event).partition(f": {TLS}")[0] for event in channel.events()]


def established(state: str) -> str:
    return f"{state} TLS connection established to {PEER}"


FAILED = f"server certificate verification failed for {PEER}"
DANE = TlsPolicy(Level.DANE, ">=TLSv1", "medium", "aNULL", match=("mx.example",))
PINS = TlsPolicy(Level.FINGERPRINT, ">=TLSv1", "medium", "aNULL")
NO_RECORD = f"{FAILED}: num=65:no matching DANE TLSA records"


@pytest.mark.parametrize(
    ("policy", "certificate", "accepted", "lines"),
    [
        (MAY, "server.pem", True, [established("Trusted")]),
        (MAY, "self.pem", True, [established("Untrusted")]),
        (replace(MAY, level=Level.ENCRYPT), "self.pem", True, [established("Untrusted")]),
        (VERIFY, "server.pem", True, [established("Verified")]),
        (
            VERIFY,
            "self.pem",
            False,
            [f"certificate verification failed for {PEER}: self-signed certificate", established("Untrusted")],
        ),
        (
            replace(VERIFY, match=("other.example",)),
            "server.pem",
            False,
            [f"{FAILED}: num=62:hostname mismatch", established("Untrusted")],
        ),
        (replace(PINS, pins=(pin(0),)), "server.pem", True, [established("Verified")]),
        (replace(PINS, pins=("00" * 32, pin(1))), "server.pem", True, [established("Verified")]),
        (replace(PINS, pins=("00" * 32,)), "server.pem", False, [NO_RECORD, established("Untrusted")]),
        (
            replace(PINS, pins=("AABB",)),
            "server.pem",
            False,
            [
                f"warning: {PEER}: unusable TLSA RR: 3 1 255 AABB",
                f"warning: {PEER}: unusable TLSA RR: 3 0 255 AABB",
                f"warning: {PEER}: all fingerprints unusable",
                f"{FAILED}: num=1:unspecified certificate verification error",
                established("Untrusted"),
            ],
        ),
        (replace(DANE, records=(sha256(1, 3),)), "server.pem", True, [established("Verified")]),
        (replace(DANE, records=(sha256(1, 3),), match=()), "server.pem", True, [established("Verified")]),
        (replace(DANE, records=(sha256(1, 3),)), "self.pem", False, [NO_RECORD, established("Untrusted")]),
        (replace(DANE, records=(sha256(0, 2),)), "chain.pem", True, [established("Verified")]),
        (replace(DANE, records=(sha256(0, 2),)), "server.pem", False, [NO_RECORD, established("Untrusted")]),
        (
            replace(DANE, records=(sha256(0, 2),), match=("other.example",)),
            "chain.pem",
            False,
            [f"{FAILED}: num=62:hostname mismatch", established("Untrusted")],
        ),
        (
            replace(DANE, level=Level.HALF_DANE, records=(sha256(1, 3),)),
            "server.pem",
            True,
            [established("Trusted")],
        ),
        (
            replace(DANE, level=Level.HALF_DANE, records=(sha256(1, 3),)),
            "self.pem",
            False,
            [NO_RECORD, established("Untrusted")],
        ),
    ],
)
def test_what_a_certificate_is_worth(policy: TlsPolicy, certificate: str, accepted: bool, lines: list[str]) -> None:
    channel, said = session(policy, certificate)
    assert lines == said
    assert channel.verdict is not None
    assert accepted is channel.verdict.accepted


def test_anchors_of_a_policy_take_the_place_of_the_authorities() -> None:
    anchor = Tlsa(2, 0, 0, read_pem(authority()).public_bytes(Encoding.DER))
    nobody = ClientTls.build(Settings.parse("smtp_tls_loglevel = 1"), read=read)
    assert established("Verified") in session(replace(VERIFY, records=(anchor,)), ours=nobody)[1]
    assert [f"certificate verification failed for {PEER}: untrusted issuer /CN=Test CA", established("Untrusted")] == (
        session(VERIFY, ours=nobody)[1]
    )
    stranger = Tlsa(2, 0, 0, read_pem(issue("Other CA", by_authority=False)).public_bytes(Encoding.DER))
    assert established("Untrusted") in session(replace(VERIFY, records=(stranger,)))[1]


def test_the_verbose_level_tells_what_matched() -> None:
    ours = our_client("smtp_tls_loglevel = 2")
    for policy, told in (
        (replace(VERIFY, servername="mx.example"), "matched peername: mx.example"),
        (replace(DANE, records=(sha256(1, 3),)), f"Matched DANE EE certificate at depth 0: 3 1 1 {pin(1)}"),
        (replace(PINS, pins=(pin(0),)), f"Matched fingerprint: {pin(0)}"),
    ):
        _, said = session(policy, ours=ours)
        assert f"{PEER}: {told}" in said
        assert f"setting up TLS connection to {PEER}" in said
        assert f'{PEER}: TLS cipher list "aNULL:-aNULL:HIGH:MEDIUM:+RC4:@STRENGTH:!aNULL"' in said
        (shown,) = (line for line in said if "subject_CN=" in line)
        assert shown.startswith(f"{PEER}: subject_CN=mx.example, issuer_CN=Test CA, fingerprint=")
        assert (f"{PEER}: SNI hostname: mx.example" in said) is bool(policy.servername)


def test_a_name_is_sent_only_where_the_policy_has_one() -> None:
    for name in ("", "sni.example"):
        theirs = server(look_up={"sni.example": ("sni.pem", "texthash:sni")}.get).channel("a[192.0.2.1]")
        channel = our_client().channel(replace(MAY, servername=name), PEER)
        meet(channel, theirs)
        assert name == theirs.details.server_name


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        (replace(MAY, protocols=">=TLSv9"), f'{PEER}: Invalid TLS protocol list ">=TLSv9": aborting TLS session'),
        (replace(MAY, ciphers="foo"), f'{PEER}: invalid cipher grade: "foo"'),
        (replace(MAY, exclude="!MD5"), f"{PEER}: invalid unary '!+-@' in cipher exclusion: !MD5"),
        (replace(MAY, exclude="ALL"), f'{PEER}: error setting cipher grade: "medium"'),
    ],
)
def test_a_policy_that_openssl_does_not_understand(policy: TlsPolicy, says: str) -> None:
    with pytest.raises(TlsUnavailable) as caught:
        our_client().channel(policy, PEER)
    assert [f"warning: {says}"] == [text(event) for event in caught.value.events]


def test_protocols_of_the_policy_count() -> None:
    theirs = server("smtpd_tls_protocols = TLSv1.2").channel("a[192.0.2.1]")
    with pytest.raises(TlsFailed):
        meet(our_client().channel(replace(MAY, protocols="TLSv1.3"), PEER), theirs)
    theirs = server().channel("a[192.0.2.1]")
    channel = our_client().channel(replace(MAY, protocols="<=TLSv1.2"), PEER)
    meet(channel, theirs)
    assert "TLSv1.2" == channel.details.protocol


KEPT = "smtp_tls_session_cache_database = btree:/nowhere"


def resumed(ours: ClientTls, policy: TlsPolicy, peer: str = PEER, *, there: object = None) -> bool:
    channel = ours.channel(policy, peer)
    meet(channel, there.channel("a[192.0.2.1]"))  # type: ignore[attr-defined]  # our server's side
    assert channel.verdict is not None
    assert channel.verdict.accepted
    channel.close()
    return channel.resumed


def test_a_session_is_taken_up_again_with_the_same_policy_and_peer_only() -> None:
    ours, there = our_client(KEPT), server()
    assert not resumed(ours, VERIFY, there=there)
    assert resumed(ours, VERIFY, there=there)
    assert not resumed(ours, MAY, there=there)
    assert not resumed(ours, VERIFY, "mx.example[192.0.2.3]:25", there=there)
    assert not resumed(ours, replace(VERIFY, servername="mx.example"), there=there)


def test_without_the_parameter_no_session_is_kept() -> None:
    ours, there = our_client(), server()
    assert not resumed(ours, VERIFY, there=there)
    assert not resumed(ours, VERIFY, there=there)


def test_a_session_grows_old(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, there = our_client(KEPT), server()
    assert not resumed(ours, VERIFY, there=there)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 3601)
    assert not resumed(ours, VERIFY, there=there)


def test_what_was_wrong_with_a_chain_is_known_when_its_session_is_taken_up_again() -> None:
    ours, there = our_client(KEPT), server("smtpd_tls_chain_files = self.pem")
    for was_resumed in (False, True):
        channel = ours.channel(MAY, PEER)
        meet(channel, there.channel("a[192.0.2.1]"))
        assert was_resumed is channel.resumed
        assert "Untrusted" in text(channel.events()[-1])
        channel.close()


def test_few_sessions_and_contexts_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "SESSIONS", 1)
    monkeypatch.setattr(client_module, "CONTEXTS", 1)
    ours, there = our_client(KEPT), server()
    assert not resumed(ours, VERIFY, there=there)
    assert not resumed(ours, MAY, there=there)
    assert not resumed(ours, VERIFY, there=there)
    assert (1, 1) == (len(ours._sessions), len(ours._contexts))


def test_our_certificate_is_shown_to_a_server_that_asks() -> None:
    theirs = server("smtpd_tls_ask_ccert = yes\nsmtpd_tls_CAfile = ca.pem").channel("a[192.0.2.1]")
    channel = our_client("smtp_tls_chain_files = sni.pem").channel(MAY, PEER)
    meet(channel, theirs)
    assert theirs.details.certificate is not None
    assert ("sni.example", True) == (theirs.details.certificate.subject_cn, theirs.details.certificate.trusted)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("smtp_tls_CAfile = absent.pem", "absent.pem"),
        ("smtp_tls_cert_file = absent.pem", "absent.pem"),
        ("smtp_tls_fingerprint_digest = crc32", "unknown fingerprint digest"),
        ("tls_ssl_options = rubbish", "rubbish"),
    ],
)
def test_a_client_whose_files_or_values_are_of_no_use_says_so(line: str, says: str) -> None:
    with pytest.raises(TlsUnavailable, match=says):
        ClientTls.build(Settings.parse(line), read=read)


def test_lmtp_has_parameters_of_its_own() -> None:
    ours = our_client("lmtp_tls_loglevel = 3\ntls_dane_digests = sha256=1 crc32", prefix="lmtp")
    assert (3, ("sha256",)) == (ours.log_level, ours.digests)


def test_the_authorities_of_the_web_vouch_where_a_policy_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "web.pem"
    file.write_bytes(authority().certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    nobody = ClientTls.build(Settings.parse("smtp_tls_loglevel = 1"), read=read)
    assert established("Untrusted") in session(VERIFY, ours=nobody)[1]
    assert [established("Verified")] == session(replace(VERIFY, by_web=True), ours=nobody)[1]
    assert established("Untrusted") in session(VERIFY, ours=nobody)[1]


def test_a_session_has_a_name_for_logins_that_both_sides_know() -> None:
    theirs = server().channel("a[192.0.2.1]")
    channel = our_client().channel(MAY, PEER)
    meet(channel, theirs)
    assert 32 == len(channel.binding)
    assert channel.binding == theirs.binding
    old = our_client().channel(replace(MAY, protocols="<=TLSv1.2"), PEER)
    meet(old, server().channel("a[192.0.2.1]"))
    assert b"" == old.binding
