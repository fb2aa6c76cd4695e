"""The replies: their texts are what clients and log tools know."""

from __future__ import annotations

import pytest

from gatepost.mail import replies
from gatepost.mail.reply import Reply

CONSTANTS = [(name, value) for name, value in vars(replies).items() if isinstance(value, Reply)]

CASES = [
    (replies.greeting("mx ESMTP Postfix"), "220 mx ESMTP Postfix"),
    (replies.too_many_connections("mx", "192.0.2.1"), "421 4.7.0 mx Error: too many connections from 192.0.2.1"),
    (replies.access_denied("a[192.0.2.1]"), "503 5.7.0 Error: access denied for a[192.0.2.1]"),
    (replies.timed_out("mx"), "421 4.4.2 mx Error: timeout exceeded"),
    (replies.too_many_errors("mx"), "421 4.7.0 mx Error: too many errors"),
    (replies.local_data_error("mx"), "421 4.3.0 mx Server local data error"),
    (replies.shutting_down("mx"), "421 4.3.2 mx Service shutting down, try again later"),
    (replies.command_too_long("mx"), "500 5.5.2 mx Error: command too long"),
    (replies.bare_newline("mx", 550), "550 5.5.2 mx Error: bare <LF> received"),
    (replies.bare_newline("mx", 450), "450 4.5.2 mx Error: bare <LF> received"),
    (replies.unsupported_option("FOO=1"), "555 5.5.4 Unsupported option: FOO=1"),
    (replies.rate_exceeded("mail", "192.0.2.1"), "450 4.7.1 Error: too much mail from 192.0.2.1"),
    (replies.rate_exceeded("recipients", "192.0.2.1"), "450 4.7.1 Error: too many recipients from 192.0.2.1"),
    (replies.helo_syntax("EHLO"), "501 Syntax: EHLO hostname"),
    (replies.hello("mx"), "250 mx"),
    (replies.after_chunks("DATA"), "503 5.5.1 Error: DATA after BDAT"),
    (replies.chunk_discarded(5), "551 5.0.0 Discarded 5 bytes after earlier error"),
    (replies.chunk_taken(5), "250 2.0.0 Ok: 5 bytes"),
    (replies.queued("ABC"), "250 2.0.0 Ok: queued as ABC"),
    (replies.queued("ABC", 42), "250 2.0.0 Ok: 42 bytes queued as ABC"),
    (replies.vrfy_syntax(smtputf8=True), "501 5.5.4 Syntax: VRFY address [SMTPUTF8]"),
    (replies.vrfy_syntax(smtputf8=False), "501 5.5.4 Syntax: VRFY address"),
    (replies.vrfy_ok("a@b"), "252 2.0.0 a@b"),
    (replies.etrn_refused("b"), "459 <b>: service unavailable"),
    (replies.login_failed("no"), "535 5.7.8 Error: authentication failed: no"),
    (replies.login_unavailable("no"), "454 4.7.0 Temporary authentication failure: no"),
    (replies.too_many_handshakes("a[b]"), "454 4.7.0 Error: too many new TLS sessions from a[b]"),
    (replies.too_many_tls_sessions("mx", "a[b]"), "421 4.7.0 mx Error: too many new TLS sessions from a[b]"),
    (
        replies.certificate_required("mx", "Client certificate not trusted"),
        "421 4.7.1 mx Error: Client certificate not trusted",
    ),
    (replies.bad_attribute("ADDR", "x"), "501 5.5.4 Bad ADDR syntax: x"),
    (replies.unknown_attribute("FOO"), "501 5.5.4 Bad XCLIENT attribute name: FOO"),
]


@pytest.mark.parametrize(("reply", "text"), CASES, ids=lambda value: value if isinstance(value, str) else "")
def test_texts(reply: Reply, text: str) -> None:
    assert text == reply.text


def test_a_challenge_may_be_empty() -> None:
    assert b"334 \r\n" == replies.challenge("").render()


def test_ehlo_has_a_line_a_keyword() -> None:
    assert b"250-mx\r\n250-SIZE\r\n250 DSN\r\n" == replies.extended_hello(("mx", "SIZE", "DSN")).render()


@pytest.mark.parametrize(("name", "reply"), CONSTANTS)
def test_code_and_status_code_agree(name: str, reply: Reply) -> None:
    assert not reply.dsn or reply.dsn[0] == str(reply.code)[0], name
