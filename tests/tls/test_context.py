"""Contexts from configurations."""

from __future__ import annotations

from pathlib import Path

import pytest
from OpenSSL import SSL

from gatepost.config.settings import Settings
from gatepost.mail.events import Event, Noted, Warned
from gatepost.mail.events.tls import TlsEstablished
from gatepost.tls.channel import TlsFailed
from gatepost.tls.context import ServerTls, TlsUnavailable, certificate_files
from tests.fakes.tls import FILES, client, server, shake

PEER = "a[192.0.2.1]"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("smtpd_tls_cert_file = absent.pem", 'cannot read "absent.pem": No such file or directory'),
        ("smtpd_tls_key_file = ca.pem", 'no private key in file "ca.pem"'),
        ("smtpd_tls_key_file = rsa.pem", "does not belong"),
        ("smtpd_tls_cert_file =", "No server certs available"),
        ("smtpd_tls_CAfile = absent.pem", "absent.pem"),
        ("smtpd_tls_protocols = >=TLSv7", "TLSv7"),
        ("tls_medium_cipherlist = rubbish", "TLS cannot be set up"),
        ("smtpd_tls_fingerprint_digest = crc32", "unknown fingerprint digest"),
    ],
)
def test_what_is_wrong_makes_tls_unavailable_and_says_why(text: str, says: str) -> None:
    with pytest.raises(TlsUnavailable, match=says) as caught:
        server(text)
    assert all(isinstance(event, Warned) for event in caught.value.events)


def test_no_certificate_on_purpose_lets_the_handshake_fail() -> None:
    channel = server("smtpd_tls_cert_file = none").channel(PEER)
    with pytest.raises(TlsFailed):
        shake(channel, client())


def test_chain_files_beat_the_older_parameters() -> None:
    channel = server("smtpd_tls_chain_files = rsa.pem\nsmtpd_tls_cert_file = absent.pem").channel(PEER)
    shake(channel, client())
    assert "RSA-PSS (2048 bits) server-digest SHA256" == channel.details.server_signature


def test_a_second_certificate_of_another_kind_serves_old_clients() -> None:
    tls = server("smtpd_tls_cert_file = rsa.pem\nsmtpd_tls_eccert_file = server.pem")
    for ciphers, expected in (("ECDHE-RSA-AES128-GCM-SHA256", "RSA"), ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDSA")):
        channel = tls.channel(PEER)
        shake(channel, client(ciphers=ciphers, maximum=SSL.TLS1_2_VERSION))
        assert f"ECDHE-{expected}-AES128-GCM-SHA256" == channel.details.cipher


def test_certificates_can_be_demanded_only_where_tls_is() -> None:
    seen: list[Event] = []
    server("smtpd_tls_req_ccert = yes", seen=seen)
    assert [Warned("Can't require client certs unless TLS is required")] == seen


def test_the_mandatory_protocols_count_where_tls_is_required() -> None:
    channel = server("smtpd_tls_security_level = encrypt\nsmtpd_tls_mandatory_protocols = TLSv1.3").channel(PEER)
    with pytest.raises(TlsFailed):
        shake(channel, client(maximum=SSL.TLS1_2_VERSION))


def test_a_context_is_renewed_when_its_ticket_key_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    tls = server("smtpd_tls_session_cache_timeout = 2h")
    first = tls.channel(PEER)._connection.get_context()
    assert first is tls.channel(PEER)._connection.get_context()
    monkeypatch.setattr(tls, "_expiry", 0.0)
    assert first is not tls.channel(PEER)._connection.get_context()


def test_server_names_choose_the_certificate() -> None:
    values = {"sni.example": ("sni.pem", "texthash:sni"), ".parent.example": ("sni.pem", "texthash:sni")}
    tls = server(look_up=values.get)
    for name, matched in (("SNI.example", True), ("a.parent.example", True), ("other.example", False), ("", False)):
        channel = tls.channel(PEER)
        other = client(name=name)
        shake(channel, other)
        presented = other.get_peer_certificate(as_cryptography=True)
        assert presented is not None
        assert ("sni.example" if matched else "mx.example") in presented.subject.rfc4514_string()
        assert channel.details.server_name == (name if matched else "")
        *notes, established = channel.events()
        assert isinstance(established, TlsEstablished)
        unmatched = [Noted(f"TLS SNI {name} from {PEER} not matched, using default chain")]
        assert notes == (unmatched if name and not matched else [])


def test_a_server_name_whose_certificate_is_of_no_use_fails_the_handshake() -> None:
    channel = server(look_up={"sni.example": ("absent.pem", "texthash:sni")}.get).channel(PEER)
    with pytest.raises(TlsFailed):
        shake(channel, client(name="sni.example"))
    first, second, *_ = channel.events()
    assert Warned('cannot read "absent.pem": No such file or directory') == first
    assert Warned("tls_server_sni_maps: sni.example map lookup problem") == second


def test_the_files_of_a_side_are_known() -> None:
    settings = Settings.parse(
        "smtpd_tls_cert_file = a\nsmtpd_tls_key_file = b\nsmtpd_tls_eccert_file = c\nsmtpd_tls_CAfile = d\n"
        "smtpd_tls_chain_files = e, f"
    )
    assert {"a", "b", "c", "d", "e", "f"} == set(certificate_files(settings, "smtpd"))
    assert ("/ta",) == certificate_files(Settings.parse("smtp_tls_trust_anchor_file = /ta"), "smtp")
    assert () == certificate_files(Settings.parse("smtpd_tls_cert_file = none"), "smtpd")


def test_a_server_reads_the_disk_where_nothing_else_is_said(tmp_path: Path) -> None:
    (tmp_path / "server.pem").write_bytes(FILES["server.pem"])
    settings = Settings.parse(f"smtpd_tls_cert_file = {tmp_path}/server.pem\nsmtpd_use_tls = yes")
    seen: list[Event] = []
    built = ServerTls.build(settings, seen.append)
    shake(built.channel(PEER), client())
