"""Restrictions about the client."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gatepost.config.own import OwnAddresses
from gatepost.mail.peer import Certificate, Login, NameStatus, Peer, TlsDetails
from gatepost.policy.facts import Stage
from tests.fakes.oracle import FakeOracle
from tests.fakes.policy import CLIENT, ask, decided, facts, program

UNKNOWN = Peer("192.0.2.50", port="50000")
CERTIFICATE = Certificate("client.example.com", "Authority", "AA:01", "BB:02", trusted=False)
TLS = TlsDetails("TLSv1.3", "TLS_AES_256_GCM_SHA384", 256, 256)
WITH_CERTIFICATE = replace(TLS, certificate=CERTIFICATE)
TRUSTED = replace(TLS, certificate=replace(CERTIFICATE, trusted=True))
SASL = "smtpd_sasl_auth_enable = yes\n"
KIBUNA = Login("PLAIN", "kibuna")


@pytest.mark.parametrize(
    ("networks", "peer", "trusted"),
    [
        ("192.0.2.0/24", CLIENT, True),
        ("192.0.2.64/26", CLIENT, False),
        ("!192.0.2.50, 192.0.2.0/24", CLIENT, False),
        ("c.example", CLIENT, True),
        ("c.example", UNKNOWN, False),
        ("hash:/nets", CLIENT, True),
        ("[2001:db8::]/32", Peer("2001:db8::1"), True),
    ],
)
def test_permit_mynetworks(networks: str, peer: Peer, trusted: bool) -> None:
    lists = f"mynetworks = {networks}\nsmtpd_client_restrictions = permit_mynetworks, reject"
    answer = ask(lists, peer=peer, tables={"hash:/nets": {"192.0.2.50": "x"}})
    assert trusted == (answer.said == "ok" or "Relay" in answer.reply)


def test_permit_inet_interfaces() -> None:
    compiled = program(
        "smtpd_client_restrictions = permit_inet_interfaces, reject", own=OwnAddresses(frozenset({"192.0.2.50"}))
    )
    assert decided(compiled, facts(), FakeOracle()).said == "ok"
    elsewhere = facts()._replace(peer=Peer("192.0.2.51"))
    assert decided(compiled, elsewhere, FakeOracle()).reply.startswith("554")


@pytest.mark.parametrize(
    ("login", "active", "permitted"),
    [
        (None, True, False),
        (KIBUNA, True, True),
        (Login("ANONYMOUS", "x"), True, False),
        (Login("XCLIENT", "kibuna"), True, True),
        (Login("XCLIENT", "kibuna"), False, False),
    ],
)
def test_permit_sasl_authenticated(login: Login | None, active: bool, permitted: bool) -> None:
    lists = "smtpd_client_restrictions = permit_sasl_authenticated, reject"
    assert permitted == (ask(lists, login=login, sasl_active=active).said == "ok")


@pytest.mark.parametrize(
    ("restriction", "tls", "listed", "permitted"),
    [
        ("permit_tls_clientcerts", None, "AA:01", False),
        ("permit_tls_clientcerts", TLS, "AA:01", False),
        ("permit_tls_clientcerts", WITH_CERTIFICATE, "AA:01", True),
        ("permit_tls_clientcerts", WITH_CERTIFICATE, "BB:02", True),
        ("permit_tls_clientcerts", TRUSTED, "CC:03", False),
        ("permit_tls_all_clientcerts", TRUSTED, "CC:03", True),
        ("permit_tls_all_clientcerts", WITH_CERTIFICATE, "CC:03", False),
        ("permit_tls_all_clientcerts", WITH_CERTIFICATE, "AA:01", True),
    ],
)
def test_client_certificates(restriction: str, tls: TlsDetails | None, listed: str, permitted: bool) -> None:
    lists = (
        "smtpd_tls_ask_ccert = yes\nrelay_clientcerts = hash:/certificates\n"
        f"smtpd_client_restrictions = {restriction}, reject"
    )
    tables = {"hash:/certificates": {listed.casefold(): "x"}}
    assert permitted == (ask(lists, tls=tls, tables=tables).said == "ok")


def test_certificates_that_are_not_asked_for_will_not_come() -> None:
    log = ask("smtpd_client_restrictions = permit_tls_clientcerts", tls=TLS).log
    assert log == ['warning: permit_tls_clientcerts is requested, but "smtpd_tls_ask_ccert = no"']
    assert ask("smtpd_client_restrictions = permit_tls_clientcerts").log == []


@pytest.mark.parametrize(
    ("status", "code"),
    [(NameStatus.PERMANENT, 550), (NameStatus.FORGED, 550), (NameStatus.TEMPORARY, 450)],
)
def test_nameless_clients(status: NameStatus, code: int) -> None:
    nameless = Peer("192.0.2.50", name_status=status, reverse_status=status)
    setting = "unknown_client_reject_code = 550\nsmtpd_client_restrictions = "
    hostname = ask(f"{setting}reject_unknown_client_hostname", peer=nameless)
    assert hostname.reply == (
        f"{code} {code // 100}.7.25 Client host rejected: cannot find your hostname, [192.0.2.50]"
    )
    reverse = ask(f"{setting}reject_unknown_reverse_client_hostname", peer=nameless)
    assert reverse.reply == (
        f"{code} {code // 100}.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.50]"
    )


def test_named_clients() -> None:
    forged = Peer("192.0.2.50", reverse_name="r.example", name_status=NameStatus.FORGED, reverse_status=NameStatus.OK)
    assert ask("smtpd_client_restrictions = reject_unknown_client").said == "ok"
    assert ask("smtpd_client_restrictions = reject_unknown_client", peer=forged).reply.startswith("450 4.7.25")
    assert ask("smtpd_client_restrictions = reject_unknown_reverse_client_hostname", peer=forged).said == "ok"


@pytest.mark.parametrize(
    ("key", "peer", "found"),
    [
        ("full.host.example", Peer("192.0.2.1", "full.host.example"), True),
        ("host.example", Peer("192.0.2.1", "full.host.example"), True),
        ("example", Peer("192.0.2.1", "full.host.example"), True),
        (".host.example", Peer("192.0.2.1", "full.host.example"), False),
        ("192.0.2.1", Peer("192.0.2.1", "x.example"), True),
        ("192.0", Peer("192.0.2.1", "x.example"), True),
        ("2001:db8:1", Peer("2001:db8:1:2::3", "x.example"), True),
        ("unknown", Peer("192.0.2.1"), True),
        ("other.example", Peer("192.0.2.1", "x.example"), False),
    ],
)
def test_keys_of_a_client(key: str, peer: Peer, found: bool) -> None:
    answer = ask(
        "smtpd_client_restrictions = check_client_access hash:/c", peer=peer, tables={"hash:/c": {key: "REJECT"}}
    )
    assert found == answer.reply.startswith(f"554 5.7.1 <{peer.label}>: Client host rejected:")


def test_what_is_found_by_name_keeps_the_address_from_being_asked() -> None:
    tables = {"hash:/c": {"c.example": "DUNNO", "192.0.2.50": "REJECT"}}
    answer = ask("smtpd_client_restrictions = check_client_access hash:/c", tables=tables)
    assert answer.said == "ok"
    assert answer.oracle.asked == ["hash:/c c.example"]


def test_dotted_parents_where_access_maps_do_not_cover_subdomains() -> None:
    lists = "parent_domain_matches_subdomains =\nsmtpd_client_restrictions = check_client_access hash:/c"
    assert ask(lists, tables={"hash:/c": {".example": "REJECT"}}).reply
    assert ask(lists, tables={"hash:/c": {"example": "REJECT"}}).said == "ok"


def test_the_unconfirmed_name() -> None:
    lists = "smtpd_client_restrictions = check_reverse_client_hostname_access hash:/r"
    named = ask(lists, tables={"hash:/r": {"r.example": "REJECT"}})
    assert named.reply == "554 5.7.1 <r.example>: Unverified Client host rejected: Access denied"
    assert ask(lists, tables={"hash:/r": {"192.0.2": "REJECT"}}).reply == named.reply
    assert ask(lists, tables={"hash:/r": {"c.example": "REJECT"}}).said == "ok"


@pytest.mark.parametrize("key", ["r.example", "192.0.2.50"])
def test_a_claimed_name_permits_nothing(key: str) -> None:
    answer = ask(
        "smtpd_client_restrictions = check_reverse_client_hostname_access hash:/r", tables={"hash:/r": {key: "OK"}}
    )
    assert answer.reply == "451 4.3.5 Server configuration error"
    assert answer.log[:3] == [
        "warning: restriction check_reverse_client_hostname_access returns OK for r.example",
        "warning: this is not allowed for security reasons",
        "warning: use DUNNO instead of OK if you want to make an exception",
    ]


def test_but_it_may_be_discarded() -> None:
    lists = "smtpd_client_restrictions = check_reverse_client_hostname_access hash:/r"
    assert ask(lists, tables={"hash:/r": "DISCARD"}).said == "ok"


@pytest.mark.parametrize(
    ("login", "said"),
    [
        (KIBUNA, "554 5.7.1 <kibuna>: SASL login name rejected: account closed"),
        (Login("PLAIN", "kibuna@ohio.net"), "ok"),
        (None, "ok"),
    ],
)
def test_check_sasl_access(login: Login | None, said: str) -> None:
    lists = f"{SASL}smtpd_sender_restrictions = check_sasl_access hash:/l"
    tables = {"hash:/l": {"kibuna": "REJECT account closed"}}
    assert said == ask(lists, login=login, sasl_active=True, tables=tables).said


def test_check_sasl_access_without_logins() -> None:
    answer = ask("smtpd_sender_restrictions = check_sasl_access hash:/l", login=KIBUNA, tables={"hash:/l": "REJECT"})
    assert answer.said == "ok"
    assert answer.log == ["warning: restriction `check_sasl_access' ignored: no SASL support"]


@pytest.mark.parametrize(
    ("argument", "key", "found"),
    [
        ("hash:/k", "aa:01", True),
        ("hash:/k", "bb:02", True),
        ("{ hash:/k, { search_order = pubkey_fingerprint } }", "bb:02", True),
        ("{ hash:/k, { search_order = pubkey_fingerprint } }", "aa:01", False),
        ("{ hash:/k, { search_order = pubkey_fingerprint, cert_fingerprint } }", "aa:01", True),
    ],
)
def test_check_ccert_access(argument: str, key: str, found: bool) -> None:
    lists = f"smtpd_tls_ask_ccert = yes\nsmtpd_client_restrictions = check_ccert_access {argument}"
    answer = ask(lists, tls=WITH_CERTIFICATE, tables={"hash:/k": {key: "REJECT revoked"}})
    refused = "554 5.7.1 <client.example.com>: Client certificate rejected: revoked"
    assert answer.said == (refused if found else "ok")


def test_check_ccert_access_without_certificates() -> None:
    lists = "smtpd_client_restrictions = check_ccert_access hash:/k"
    assert ask(lists).log == ['warning: check_ccert_access is requested, but "smtpd_tls_ask_ccert = no"']
    assert ask(f"smtpd_tls_ask_ccert = yes\n{lists}", stage=Stage.RCPT).log == []
