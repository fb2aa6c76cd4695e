"""Checks of relations between parameters."""

from __future__ import annotations

import pytest

from gatepost.config.checks import REGISTRY, check, check_all
from gatepost.config.master import parse_master
from gatepost.config.services import HostNames, build_service
from gatepost.config.settings import Settings

MASTER = """\
smtp inet n - n - - smtpd
smtp unix - - n - - smtp
relay unix - - n - - smtp
local unix - n n - - local
virtual unix - n n - - virtual
dovecot unix - n n - - spawn flags=R argv=/usr/lib/dovecot-lda
"""
NAMES = HostNames(lambda _: None, lambda host: (host,), ("127.0.0.1",))


def found(main: str, master: str = MASTER) -> list[str]:
    settings = Settings.parse(main, host_name="mx.example")
    entries, _ = parse_master(master)
    services = [build_service(entry, settings, NAMES)[0] for entry in entries]
    return [f"{one.level.value} {one.id} {one.message}" for one in check_all(settings, services)]


@pytest.mark.parametrize(
    ("main", "findings"),
    [
        ("", []),
        (
            "mydestination = a.example\nvirtual_alias_domains = A.example, hash:/x\n",
            [
                (
                    "warning GP0101 A.example is in mydestination and in virtual_alias_domains;"
                    " its mail is handled as of mydestination"
                )
            ],
        ),
        (
            "virtual_mailbox_domains = b.example\nrelay_domains = b.example\n",
            [
                (
                    "warning GP0101 b.example is in virtual_mailbox_domains and in relay_domains;"
                    " its mail is handled as of virtual_mailbox_domains"
                )
            ],
        ),
        ("mydestination = a.example\nrelay_domains = $mydestination\n", []),
        (
            "local_transport = lmtp:unix:/x\n",
            ["warning GP0102 local_transport: master.cf has no transport lmtp, so mail for it would wait in the queue"],
        ),
        (
            "virtual_transport = dovecot\n",
            ["error GP0102 virtual_transport: transport dovecot is run by spawn, which is not supported"],
        ),
        (
            "smtpd_tls_cert_file = /c\nsmtpd_tls_key_file =\n",
            ["error GP0103 smtpd_tls_cert_file is set, but smtpd_tls_key_file is empty"],
        ),
        (
            "smtpd_tls_key_file = /k\n",
            ["warning GP0103 smtpd_tls_key_file is set, but smtpd_tls_cert_file is empty"],
        ),
        ("smtpd_tls_cert_file = /c\nsmtpd_tls_security_level = may\n", []),
        ("smtpd_tls_security_level = may\n", ["warning GP0104 smtp is to speak TLS, but there is no certificate"]),
        ("smtpd_tls_cert_file = none\nsmtpd_tls_security_level = may\n", []),
        (
            "smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = gatepost\n",
            ["error GP0106 smtpd_sasl_type is gatepost, but gatepost_users_file is empty"],
        ),
        ("smtpd_sasl_auth_enable = yes\ngatepost_users_file = /u\n", []),
        ("maillog_file = /var/log/mail.log\n", []),
        (
            "smtp_tls_security_level = dane\n",
            [
                (
                    "warning GP0111 smtp_tls_security_level = dane is no more than may"
                    " without smtp_dns_support_level = dnssec"
                )
            ],
        ),
        (
            "lmtp_tls_security_level = dane-only\n",
            [
                (
                    "warning GP0111 lmtp_tls_security_level = dane-only lets no mail go"
                    " without lmtp_dns_support_level = dnssec"
                )
            ],
        ),
        ("smtp_tls_security_level = dane\nsmtp_dns_support_level = dnssec\n", []),
        (
            "smtp_tls_security_level = verify\n",
            [
                (
                    "warning GP0112 smtp_tls_security_level = verify,"
                    " but no authority is trusted that could vouch for a server"
                )
            ],
        ),
        ("smtp_tls_security_level = secure\nsmtp_tls_CAfile = /ca\n", []),
        ("smtp_tls_security_level = secure\ntls_append_default_CA = yes\n", []),
        (
            "maillog_file = /etc/passwd\n",
            ["error GP0108 maillog_file: /etc/passwd is in none of the places that maillog_file_prefixes allows"],
        ),
        (
            "mynetworks = 10.0.0.1/8\n",
            [
                (
                    'warning GP0107 mynetworks: non-null host address bits in "10.0.0.1/8",'
                    ' perhaps you should use "10.0.0.0/8" instead; lookups that get here fail, and clients must retry'
                )
            ],
        ),
    ],
)
def test_findings(main: str, findings: list[str]) -> None:
    assert findings == found(main)


def test_overrides_of_a_server_are_checked_too() -> None:
    master = MASTER + "submission inet n - n - - smtpd -o smtpd_tls_security_level=encrypt\n"
    assert ["warning GP0104 submission is to speak TLS, but there is no certificate"] == found("", master)


def test_overrides_of_a_client_are_checked_too() -> None:
    master = MASTER + "strict unix - - n - - smtp -o smtp_tls_security_level=dane-only\n"
    (finding,) = found("", master)
    assert "GP0111 smtp_tls_security_level = dane-only lets no mail go" in finding


def test_an_id_is_used_once() -> None:
    taken = next(iter(REGISTRY))
    with pytest.raises(ValueError, match=f"{taken} is taken by"):
        check(taken)(lambda _settings, _services: iter(()))
