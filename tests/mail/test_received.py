"""The Received header."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gatepost.mail.peer import Certificate, Peer, TlsDetails
from gatepost.mail.received import Stamp, Trace, received, received_internally

PEER = Peer("192.0.2.50", "client.example")
TRACE = Trace(PEER, "helo.example", "ESMTP")
STAMP = Stamp("mx.ohio.net", "Postfix", "QID", "Mon, 23 Nov 2026 08:02:53 +0000 (UTC)")
DATE = STAMP.date

TLS = TlsDetails("TLSv1.3", "TLS_AES_256_GCM_SHA384", 256, 256, "X25519", "ECDSA (P-256) server-digest SHA256")
USING = (
    "(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\n"
    "\t key-exchange X25519 server-signature ECDSA (P-256) server-digest SHA256)\n"
)
CERTIFICATE = Certificate("client.example.com", "Test CA", "", "", trusted=True)


def lines(trace: Trace, recipient: str | None = None) -> str:
    return received(trace, STAMP, recipient).replace("\r\n", "\n")


def test_one_recipient() -> None:
    assert lines(TRACE, "kib una@ohio.net") == (
        "Received: from helo.example (client.example [192.0.2.50])\n"
        "\tby mx.ohio.net (Postfix) with ESMTP id QID\n"
        f'\tfor <"kib una"@ohio.net>; {DATE}\n'
    )


def test_several_recipients() -> None:
    assert lines(TRACE) == (
        "Received: from helo.example (client.example [192.0.2.50])\n"
        "\tby mx.ohio.net (Postfix) with ESMTP id QID;\n"
        f"\t{DATE}\n"
    )


@pytest.mark.parametrize(
    ("trace", "start"),
    [
        (TRACE._replace(helo=""), "Received: from client.example (client.example [192.0.2.50])\n"),
        (Trace(Peer("2001:db8::9"), "x", "SMTP"), "Received: from x (unknown [IPv6:2001:db8::9])\n"),
        (TRACE._replace(helo="[192.0.2.1]"), "Received: from [192.0.2.1] (client.example [192.0.2.50])\n"),
        (TRACE._replace(helo="a\r\nX: y"), "Received: from a??X: y (client.example [192.0.2.50])\n"),
    ],
)
def test_where_it_came_from(trace: Trace, start: str) -> None:
    assert lines(trace).startswith(start)


@pytest.mark.parametrize(
    ("trace", "name"),
    [
        (TRACE._replace(protocol="SMTP"), "SMTP"),
        (TRACE._replace(protocol="SMTP", secure=True, authenticated=True), "SMTP"),
        (TRACE, "ESMTP"),
        (TRACE._replace(secure=True), "ESMTPS"),
        (TRACE._replace(authenticated=True), "ESMTPA"),
        (TRACE._replace(secure=True, authenticated=True), "ESMTPSA"),
        (TRACE._replace(utf8=True), "UTF8SMTP"),
        (TRACE._replace(utf8=True, secure=True, authenticated=True), "UTF8SMTPSA"),
        (TRACE._replace(utf8=True, protocol="SMTP", secure=True), "UTF8SMTP"),
    ],
)
def test_protocol_names(trace: Trace, name: str) -> None:
    assert f"\tby mx.ohio.net (Postfix) with {name} id QID;" in lines(trace)


@pytest.mark.parametrize(
    ("tls", "shown"),
    [
        (TLS, USING + "\t(No client certificate requested)\n"),
        (replace(TLS, certificate_requested=True), USING + "\t(Client did not present a certificate)\n"),
        (
            replace(TLS, certificate=CERTIFICATE),
            USING + '\t(Client CN "client.example.com", Issuer "Test CA" (verified OK))\n',
        ),
        (
            replace(TLS, certificate=replace(CERTIFICATE, subject_cn='a") b', issuer_cn="", trusted=False)),
            USING + '\t(Client CN "a?? b", Issuer "unknown" (not verified))\n',
        ),
        (
            replace(TLS, client_signature="RSA-PSS (2048 bits) client-digest SHA256"),
            USING.removesuffix(")\n")
            + "\n\t client-signature RSA-PSS (2048 bits) client-digest SHA256)\n"
            + "\t(No client certificate requested)\n",
        ),
        (
            TlsDetails("TLSv1.2", "AES128-SHA", 128, 128),
            "(using TLSv1.2 with cipher AES128-SHA (128/128 bits))\n\t(No client certificate requested)\n",
        ),
    ],
)
def test_tls_lines(tls: TlsDetails, shown: str) -> None:
    text = lines(TRACE._replace(tls=tls, secure=True))
    assert text.startswith(f"Received: from helo.example (client.example [192.0.2.50])\n\t{shown}\tby mx.ohio.net ")


def test_login() -> None:
    assert "\n\t(Authenticated sender: kibuna)\n\tby " in lines(TRACE._replace(login="kibuna"))
    assert "(Authenticated sender: a?? b)" in lines(TRACE._replace(login="a)( b"))


def test_mail_made_here() -> None:
    assert received_internally(STAMP) == f"Received: by mx.ohio.net (Postfix)\r\n\tid QID; {DATE}\r\n"
    assert received_internally(STAMP, 1000).startswith("Received: by mx.ohio.net (Postfix, from userid 1000)\r\n\tid ")
