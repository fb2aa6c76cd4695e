"""XCLIENT: each attribute, and what it leaves. The dialogs have the rest."""

from __future__ import annotations

import pytest

from gatepost.mail.peer import UNKNOWN, Login, NameStatus, Peer
from gatepost.server.session import Session
from tests.fakes.clock import run
from tests.fakes.smtpd import service

MAY = "smtpd_authorized_xclient_hosts = 192.0.2.0/24\n"


async def after(*attributes: str, main_cf: str = "", before: tuple[str, ...] = ()) -> tuple[str, Session]:
    played = service(MAY + main_cf, names={"192.0.2.7": "proxy.example"})
    wire = played.connect()
    await wire.heard()
    await wire.say(*before)
    (session,) = played.sessions
    (reply,) = await wire.say(f"XCLIENT {' '.join(attributes)}")
    await wire.hang_up()
    return reply, session


def peer(**known: object) -> Peer:
    values = {
        "address": "192.0.2.7",
        "name": "proxy.example",
        "reverse_name": "proxy.example",
        "name_status": NameStatus.OK,
        "reverse_status": NameStatus.OK,
        "port": "40000",
    }
    return Peer(**{**values, **known})  # type: ignore[arg-type]  # a table of cases


@pytest.mark.parametrize(
    ("attribute", "expected"),
    [
        ("ADDR=192.0.2.9", peer(address="192.0.2.9")),
        ("addr=ipv6:2001:DB8:0::9", peer(address="2001:db8::9")),
        ("ADDR=[UNAVAILABLE]", peer(address="unknown")),
        ("NAME=a.example", peer(name="a.example", reverse_name="a.example")),
        ("NAME=[UNAVAILABLE]", peer(name="unknown", name_status=NameStatus.PERMANENT)),
        ("NAME=[TEMPUNAVAIL]", peer(name="unknown", name_status=NameStatus.TEMPORARY)),
        ("REVERSE_NAME=a.example", peer(reverse_name="a.example")),
        ("REVERSE_NAME=[UNAVAILABLE]", peer(reverse_name="unknown", reverse_status=NameStatus.PERMANENT)),
        ("PORT=25", peer(port="25")),
        ("PORT=[UNAVAILABLE]", peer(port="unknown")),
    ],
)
def test_who_the_client_is(attribute: str, expected: Peer) -> None:
    reply, session = run(after(attribute))
    assert "220 mx.example ESMTP Postfix" == reply
    assert expected == session.peer


def test_what_the_client_has_said() -> None:
    _, session = run(after("HELO=a+2Bb", "PROTO=esmtp", "LOGIN=a+20b", "DESTADDR=192.0.2.99", "DESTPORT=587"))
    assert ("a+b", "ESMTP", Login("XCLIENT", "a b"), "192.0.2.99", "587") == (
        session.helo,
        session.protocol,
        session.login,
        session.server_address,
        session.server_port,
    )


def test_what_is_not_told_is_forgotten() -> None:
    _, session = run(after("PORT=1", before=("EHLO c.example",)))
    assert (None, "SMTP", None) == (session.helo, session.protocol, session.login)
    _, session = run(after("HELO=[UNAVAILABLE]", "LOGIN=[UNAVAILABLE]", before=("EHLO c.example",)))
    assert (None, None) == (session.helo, session.login)


@pytest.mark.parametrize(
    ("attribute", "reply"),
    [
        ("ADDR=2001:db8::9", "501 5.5.4 Bad ADDR syntax: 2001:db8::9"),
        ("ADDR=IPV6:192.0.2.9", "501 5.5.4 Bad ADDR syntax: IPV6:192.0.2.9"),
        ("NAME=b_ad..x", "501 5.5.4 Bad NAME syntax: b_ad..x"),
        ("REVERSE_NAME=b_ad..x", "501 5.5.4 Bad REVERSE_NAME syntax: b_ad..x"),
        ("PORT=abc", "501 5.5.4 Bad PORT syntax: abc"),
        ("DESTADDR=x", "501 5.5.4 Bad DESTADDR syntax: x"),
        ("DESTPORT=123456", "501 5.5.4 Bad DESTPORT syntax: 123456"),
        ("LOGIN=", "501 5.5.4 Error: attribute=value expected"),
        ("HELO=" + "x" * 256, "501 5.5.4 Error: attribute value too long"),
        ("ADDR=a+0Ab", "501 5.5.4 Bad ADDR syntax: a?b"),
    ],
)
def test_what_is_refused(attribute: str, reply: str) -> None:
    assert reply == run(after(attribute))[0]


def test_a_name_cannot_forge_a_header() -> None:
    _, session = run(after("HELO=a+20(b"))
    assert "a??b" == session.helo


def test_the_words_for_what_is_unknown_have_no_case() -> None:
    reply, session = run(after("NAME=[tempunavail]"))
    assert reply.startswith("220 ")
    assert (UNKNOWN, NameStatus.TEMPORARY) == (session.peer.name, session.peer.name_status)


def test_without_ipv6_there_are_no_such_clients() -> None:
    reply, _ = run(after("ADDR=IPV6:2001:db8::7", main_cf="inet_protocols = ipv4\n"))
    assert "501 5.5.4 Bad ADDR syntax: IPV6:2001:db8::7" == reply


def test_attributes_before_a_bad_one_stay() -> None:
    _, session = run(after("NAME=a.example", "FOO=bar"))
    assert "a.example" == session.peer.name


def test_the_new_client_is_asked_for_like_the_old_one() -> None:
    main_cf = "smtpd_delay_reject = no\nsmtpd_client_restrictions = reject_unknown_client_hostname\n"
    reply, session = run(after("NAME=[UNAVAILABLE]", main_cf=main_cf))
    assert "450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.7]" == reply
    assert session.denied
