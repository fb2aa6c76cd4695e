"""MAIL and RCPT lines; the machine's tests show them in dialogs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gatepost.mail.envelope import Notify, Origin, Recipient, Ret
from gatepost.smtp.client_commands import mail_line, origin_lines, original_recipient, rcpt_line
from gatepost.smtp.client_values import Mail, Stage

EVERYTHING = frozenset({"SIZE", "8BITMIME", "DSN", "SMTPUTF8"})


@pytest.mark.parametrize(
    ("mail", "line"),
    [
        (Mail("", (), 5), "MAIL FROM:<> SIZE=5"),
        (Mail("a b@x", (), 5, body_8bit=True), 'MAIL FROM:<"a b"@x> SIZE=5 BODY=8BITMIME'),
        (Mail("a@x", (), 5, ret=Ret.FULL, envid="a b"), "MAIL FROM:<a@x> SIZE=5 ENVID=a+20b RET=FULL"),
    ],
)
def test_mail(mail: Mail, line: str) -> None:
    assert line == mail_line(mail, EVERYTHING)


@pytest.mark.parametrize(
    ("recipient", "line"),
    [
        (Recipient("a@x", "b@x"), "RCPT TO:<a@x> ORCPT=rfc822;b@x"),
        (Recipient("a@x", "b@x", orcpt="x400;c=d"), "RCPT TO:<a@x> ORCPT=x400;c+3Dd"),
        (Recipient("a@x", "b@x", orcpt="utf-8;jö=e@x"), r"RCPT TO:<a@x> ORCPT=utf-8;j\x{F6}\x{3D}e@x"),
        (Recipient("a@x", "ö b@x", Notify.NEVER), 'RCPT TO:<a@x> ORCPT=rfc822;"+C3+B6+20b"@x NOTIFY=NEVER'),
    ],
)
def test_rcpt(recipient: Recipient, line: str) -> None:
    assert line == rcpt_line(recipient, EVERYTHING)


def test_a_size_that_nobody_knows_is_not_told() -> None:
    mail = Mail("a@x", (), 5, converts_8bit=True)
    assert mail_line(mail, {"SIZE"}) == "MAIL FROM:<a@x>"
    assert mail_line(mail, {"SIZE", "8BITMIME"}) == "MAIL FROM:<a@x> SIZE=5"
    assert mail_line(Mail("a@x", (), 5), {"SIZE"}) == "MAIL FROM:<a@x> SIZE=5"


def test_a_server_that_offers_nothing_gets_nothing() -> None:
    assert mail_line(Mail("a@x", (), 5, body_8bit=True, smtputf8=True), ()) == "MAIL FROM:<a@x>"
    assert rcpt_line(Recipient("a@x", "b@x"), ()) == "RCPT TO:<a@x>"


def test_the_original_recipient_is_what_the_sender_said() -> None:
    assert original_recipient(Recipient("a@x", "b@x", orcpt="rfc822;c@x")) == "rfc822;c@x"


WANTS = "NAME ADDR PROTO HELO SOURCE PORT IDENT"
CLIENT = Origin(
    "mx.c.example[192.0.2.9]", "mx.c.example", "192.0.2.9", "4711", helo="he lo+", protocol="ESMTP", is_local=False
)


@pytest.mark.parametrize(
    ("lines", "origin", "wanted"),
    [
        (
            [
                (Stage.ORIGIN, "XFORWARD NAME=mx.c.example ADDR=192.0.2.9 PORT=4711"),
                (Stage.SESSION, "XFORWARD PROTO=ESMTP HELO=he+20lo+2B IDENT=4Xyz SOURCE=REMOTE"),
            ],
            CLIENT,
            WANTS,
        ),
        (
            [(Stage.ORIGIN, "XFORWARD ADDR=192.0.2.9"), (Stage.SESSION, "XFORWARD PROTO=ESMTP")],
            replace(CLIENT, client_name="unknown"),
            "name addr proto",
        ),
        ([(Stage.SESSION, "XFORWARD SOURCE=LOCAL")], Origin(is_local=True), WANTS),
        ([], CLIENT, None),
        ([], CLIENT, "NOTHING"),
        ([], None, WANTS),
    ],
)
def test_the_origin_is_told_as_far_as_the_server_wants_to_know(
    lines: list[tuple[Stage, str]], origin: Origin | None, wanted: str | None
) -> None:
    offered = {} if wanted is None else {"XFORWARD": wanted}
    assert lines == origin_lines(Mail("", (), 0, queue_id="4Xyz", origin=origin), offered)
